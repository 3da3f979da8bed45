/** @file The linear layer whose input and weight are quantized. */

import { Linear, type LinearOptions } from "../../../nn/modules/linear.ts";
import { linear } from "../../../ops/mod.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { QuantDescriptor } from "../../quant_descriptor.ts";
import { QUANT_DESC_8BIT_LINEAR_WEIGHT_PER_ROW, QUANT_DESC_8BIT_PER_TENSOR } from "../../tensor_quant.ts";
import { checkDescriptor, makeQuantizer, type QuantOptions, splitQuantOptions } from "./_utils.ts";
import type { TensorQuantizer } from "./tensor_quantizer.ts";

/** Arguments of QuantLinear beyond those of Linear. */
export type QuantLinearOptions = LinearOptions & QuantOptions;

/** Linear with a quantizer before its input (per tensor) and one before its weight (per row). */
export class QuantLinear extends Linear {
  /** Input descriptor of modules that are not given one. */
  static default_quant_desc_input: QuantDescriptor = QUANT_DESC_8BIT_PER_TENSOR;
  /** Weight descriptor of modules that are not given one. */
  static default_quant_desc_weight: QuantDescriptor = QUANT_DESC_8BIT_LINEAR_WEIGHT_PER_ROW;

  readonly _input_quantizer: TensorQuantizer;
  readonly _weight_quantizer: TensorQuantizer;

  /** @throws as Linear; ValueError for a descriptor that is none, or has `fake_quant` off */
  constructor(
    in_features: number,
    out_features: number,
    bias: boolean | QuantLinearOptions = {},
    options: QuantLinearOptions = {},
  ) {
    const [rest, desc] = splitQuantOptions<LinearOptions>({
      ...(typeof bias === "boolean" ? { bias } : bias),
      ...options,
    }, {
      quant_desc_input: QuantLinear.default_quant_desc_input,
      quant_desc_weight: QuantLinear.default_quant_desc_weight,
    });
    super(in_features, out_features, rest);
    this._input_quantizer = makeQuantizer(desc.quant_desc_input);
    this._weight_quantizer = makeQuantizer(desc.quant_desc_weight);
  }

  /** Changes the input descriptor of later modules of this class. */
  static set_default_quant_desc_input(desc: QuantDescriptor): void {
    checkDescriptor(desc);
    this.default_quant_desc_input = desc;
  }

  /** Changes the weight descriptor of later modules of this class. */
  static set_default_quant_desc_weight(desc: QuantDescriptor): void {
    checkDescriptor(desc);
    this.default_quant_desc_weight = desc;
  }

  /** The quantizer before the input. */
  get input_quantizer(): TensorQuantizer {
    return this._input_quantizer;
  }

  /** The quantizer before the weight. */
  get weight_quantizer(): TensorQuantizer {
    return this._weight_quantizer;
  }

  override forward(x: Tensor): Tensor {
    return linear(this._input_quantizer(x), this._weight_quantizer(this.weight), this.bias);
  }
}
