/** @file Quantization, as the package pytorch_quantization has it. */

/** Quantization functions and descriptors. */
export * as tensor_quant from "./tensor_quant.ts";
export { QuantDescriptor, ScaledQuantDescriptor } from "./quant_descriptor.ts";
export type { AmaxValues, NumberList, NumBits, QuantAxis, QuantDescriptorOptions } from "./quant_descriptor.ts";
/** Automatic quantization of new modules. */
export * as quant_modules from "./quant_modules.ts";
export { deactivate, enable_onnx_export, initialize } from "./quant_modules.ts";
/** Quantized modules. */
export * as nn from "./nn/mod.ts";
export type { FlatValue } from "./utils/flat_yaml.ts";
export type { ModuleClass, Replacement } from "./quant_modules.ts";
export { Calibrator } from "./calib/calibrator.ts";
export { Clip } from "./nn/modules/clip.ts";
export type { LoadOptions, TensorQuantizerOptions } from "./nn/modules/tensor_quantizer.ts";
export { TensorQuantizer } from "./nn/modules/tensor_quantizer.ts";
/** Calibrators. */
export * as calib from "./calib/mod.ts";
/** Helpers. */
export * as utils from "./utils/mod.ts";
