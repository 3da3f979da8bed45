/** @file Quantized modules; users call this `quant_nn`. */

export { clip } from "./functional.ts";
export { Clip, type ClipOptions } from "./modules/clip.ts";
export { QuantConv2d, type QuantConvOptions } from "./modules/quant_conv.ts";
export { QuantConv2d as Conv2d } from "./modules/quant_conv.ts";
export { QuantLinear, type QuantLinearOptions } from "./modules/quant_linear.ts";
export { QuantLinear as Linear } from "./modules/quant_linear.ts";
export { type LoadOptions, TensorQuantizer, type TensorQuantizerOptions } from "./modules/tensor_quantizer.ts";
