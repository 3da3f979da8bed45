/** @file Convolutions whose input and weight are quantized. */

import { Conv2d, type ConvOptions } from "../../../nn/modules/conv.ts";
import { conv2d } from "../../../ops/mod.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { QuantDescriptor } from "../../quant_descriptor.ts";
import { QUANT_DESC_8BIT_CONV2D_WEIGHT_PER_CHANNEL, QUANT_DESC_8BIT_PER_TENSOR } from "../../tensor_quant.ts";
import { checkDescriptor, makeQuantizer, type QuantOptions, splitQuantOptions } from "./_utils.ts";
import type { TensorQuantizer } from "./tensor_quantizer.ts";

type Size = number | readonly number[];

/** Arguments of QuantConv2d beyond those of Conv2d. */
export type QuantConvOptions = ConvOptions & QuantOptions;

/** Conv2d with a quantizer before its input (per tensor) and one before its weight (per output channel). */
export class QuantConv2d extends Conv2d {
  /** Input descriptor of modules that are not given one. */
  static default_quant_desc_input: QuantDescriptor = QUANT_DESC_8BIT_PER_TENSOR;
  /** Weight descriptor of modules that are not given one. */
  static default_quant_desc_weight: QuantDescriptor = QUANT_DESC_8BIT_CONV2D_WEIGHT_PER_CHANNEL;

  readonly _input_quantizer: TensorQuantizer;
  readonly _weight_quantizer: TensorQuantizer;

  /** @throws as Conv2d; ValueError for a descriptor that is none, or has `fake_quant` off */
  constructor(
    in_channels: number,
    out_channels: number,
    kernel_size: Size,
    stride: Size | QuantConvOptions = {},
    padding: Size | QuantConvOptions = {},
    options: QuantConvOptions = {},
  ) {
    const size = (v: Size | QuantConvOptions): v is Size => typeof v === "number" || Array.isArray(v);
    const [rest, desc] = splitQuantOptions<ConvOptions>({
      ...(size(stride) ? { stride } : stride),
      ...(size(padding) ? { padding } : padding),
      ...options,
    }, {
      quant_desc_input: QuantConv2d.default_quant_desc_input,
      quant_desc_weight: QuantConv2d.default_quant_desc_weight,
    });
    super(in_channels, out_channels, kernel_size, rest);
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
    const input = this._input_quantizer(x);
    const weight = this._weight_quantizer(this.weight);
    return conv2d(input, weight, this.bias, this.stride, this.padding, this.dilation, this.groups);
  }
}
