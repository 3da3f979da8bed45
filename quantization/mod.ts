/** @file Quantization, as the package pytorch_quantization has it. */

export * as tensor_quant from "./tensor_quant.ts";
export { QuantDescriptor, ScaledQuantDescriptor } from "./quant_descriptor.ts";
export type { NumBits, QuantAxis, QuantDescriptorOptions } from "./quant_descriptor.ts";
export * as quant_modules from "./quant_modules.ts";
export { deactivate, enable_onnx_export, initialize } from "./quant_modules.ts";
export * as nn from "./nn/mod.ts";
export { TensorQuantizer } from "./nn/modules/tensor_quantizer.ts";
export * as calib from "./calib/mod.ts";
export * as utils from "./utils/mod.ts";
