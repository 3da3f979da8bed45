/**
 * @module
 * Stegosaur: tensors, automatic differentiation and quantization-aware training for Deno, with PyTorch's names.
 */

import "./setup.ts";

export * from "./ops/mod.ts";
export type { Dims } from "./ops/reduce.ts";
export type { Pair } from "./ops/pool.ts";
export type { Size, TensorMethods } from "./ops/methods.ts";
export * from "./ops/random.ts";
export type { GeneratorOption } from "./ops/random_inplace.ts";
export type { Meta } from "./autograd/op.ts";
export type { Edge, GradFunction } from "./autograd/tape.ts";
export type { AutogradMethods } from "./autograd/methods.ts";
export type { BackwardOptions } from "./autograd/backward.ts";
export type { GradHook, RemovableHandle } from "./autograd/hooks.ts";
export type { HeapLimits, HeapStatus } from "./devices/cpu/heap.ts";
export type { Shape } from "./tensor/shape.ts";
export type { Nested } from "./tensor/host.ts";
/** Gradients on demand, functions with gradients of one's own, and checks of them. */
export * as autograd from "./autograd/mod.ts";
/** The gpu device: `await torch.gpu.init()` before it is used. */
export * as gpu from "./devices/gpu/mod.ts";
export { enable_grad, GradMode, is_grad_enabled, no_grad, set_grad_enabled } from "./autograd/grad_mode.ts";
export {
  type ConvParams,
  type Device,
  device,
  type DeviceLike,
  get_default_device,
  type Kernels,
  type PoolParams,
  type QuantParams,
  type ReduceKind,
  type ScalarFunction,
  set_default_device,
  type SgdParams,
  type View,
} from "./tensor/device.ts";
export {
  bfloat16,
  bool,
  double,
  type DType,
  type DTypeKind,
  type DTypeName,
  type FInfo,
  finfo,
  float,
  float16,
  float32,
  float64,
  get_default_dtype,
  half,
  type IInfo,
  iinfo,
  int,
  int16,
  int32,
  int64,
  int8,
  long,
  promote_types,
  result_type,
  set_default_dtype,
  short,
  type Typed,
  type TypedArray,
  uint8,
} from "./tensor/dtype.ts";
export * from "./tensor/errors.ts";
export { type PrintOptions, set_printoptions } from "./tensor/print.ts";
export { type Allocation, Scope, scope, type Storage } from "./tensor/storage.ts";
export { keep, Tensor, tidy } from "./tensor/tensor.ts";
export { memory, set_memory_limit } from "./memory.ts";
export { nn } from "./nn/mod.ts";
/** Optimizers and learning-rate schedulers. */
export * as optim from "./optim/mod.ts";
/** Datasets and loaders. */
export * as data from "./data/mod.ts";
/** Whole networks. */
export * as models from "./models/mod.ts";
/** Fake quantization, calibration and quantized modules: pytorch_quantization. */
export * as quantization from "./quantization/mod.ts";
/** ONNX files. */
export * as onnx from "./onnx/mod.ts";
