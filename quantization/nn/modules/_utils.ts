/** @file What quantized modules share: their quantizers and default descriptors. */

import { ValueError } from "../../../tensor/errors.ts";
import { QuantDescriptor } from "../../quant_descriptor.ts";
import { TensorQuantizer } from "./tensor_quantizer.ts";

/** Descriptors of a quantized module's input and weight. */
export interface QuantOptions {
  readonly quant_desc_input?: QuantDescriptor;
  readonly quant_desc_weight?: QuantDescriptor;
}

/** Takes the descriptors out of a module's options; those that are not given are the class's defaults. */
export function splitQuantOptions<O extends object>(
  options: O & QuantOptions,
  defaults: Required<QuantOptions>,
): [O, Required<QuantOptions>] {
  const { quant_desc_input, quant_desc_weight, ...rest } = options;
  return [rest as unknown as O, {
    quant_desc_input: quant_desc_input ?? defaults.quant_desc_input,
    quant_desc_weight: quant_desc_weight ?? defaults.quant_desc_weight,
  }];
}

/**
 * A quantizer inside a module.
 *
 * @throws ValueError when the descriptor asks for integers: modules compute with values
 */
export function makeQuantizer(desc: QuantDescriptor): TensorQuantizer {
  checkDescriptor(desc);
  if (!desc.fake_quant) {
    throw new ValueError("Cannot quantize a module with fake_quant false: modules only compute with fake quantization");
  }
  return new TensorQuantizer(desc);
}

/** @throws ValueError unless `desc` is a descriptor */
export function checkDescriptor(desc: unknown): asserts desc is QuantDescriptor {
  if (desc instanceof QuantDescriptor) return;
  throw new ValueError(`Cannot use a ${typeof desc} as quantization descriptor: a QuantDescriptor is needed`);
}
