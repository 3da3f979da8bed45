/** @file What a device must be able to do: hold elements, and run the kernels that every operation is made of. */

import type { DType, TypedArray } from "./dtype.ts";
import { DeviceError } from "./errors.ts";
import type { Shape } from "./shape.ts";
import type { Storage } from "./storage.ts";

/** Elements as a kernel sees them: where they are and how to step through them. Every `Tensor` is one. */
export interface View {
  /** What holds the elements. */
  readonly storage: Storage;
  /** Element type. */
  readonly dtype: DType;
  /** Sizes of the dimensions. */
  readonly shape: Shape;
  /** In elements; 0 repeats an element along its dimension. */
  readonly strides: readonly number[];
  /** First element's index in the storage. */
  readonly offset: number;
}

/**
 * A function of single elements: the meaning of an elementwise operation, written once.
 * The generic kernels call `js`, the SIMD kernels look for one of their own by `name`, gpu kernels are made from `gpu`.
 */
export interface ScalarFunction {
  /** PyTorch's name of the function; the fast kernels go by it. */
  readonly name: string;
  /** Takes one number from each input, then the parameters. Booleans are 0 and 1. */
  readonly js: (...values: number[]) => number;
  /**
   * The same as an expression of gpu.js's language in `a`, `b`, `c` (inputs) and `p`, `q`, `r` (parameters).
   * Left out: the operation does not run on the gpu device yet.
   */
  readonly gpu?: string;
}

/** How a reduction combines elements. Sums are accumulated in a fixed order that depends on the shape only. */
export type ReduceKind = "sum" | "prod" | "amax" | "amin" | "any" | "all";

/** Geometry of a convolution; one number for each spatial dimension. */
export interface ConvParams {
  /** Steps between neighbouring windows. */
  readonly stride: readonly number[];
  /** Zeros added at both ends. */
  readonly padding: readonly number[];
  /** Steps between the elements of a window. */
  readonly dilation: readonly number[];
  /** Into how many groups the channels are divided. */
  readonly groups: number;
}

/** Geometry of a pooling window; one number for each spatial dimension. */
export interface PoolParams {
  /** Sizes of the window. */
  readonly kernel: readonly number[];
  /** Steps between neighbouring windows. */
  readonly stride: readonly number[];
  /** Elements added at both ends, which are never the largest. */
  readonly padding: readonly number[];
  /** Steps between the elements of a window. */
  readonly dilation: readonly number[];
}

/** What fake quantization rounds to. */
export interface QuantParams {
  /** Largest code, for example 127. */
  readonly maxBound: number;
  /** Smallest code, for example -128, -127 or 0. */
  readonly minBound: number;
  /**
   * `"scale"`: `s = maxBound / amax`, `q = clamp(roundHalfEven(x * s))`, value `q / s` (pytorch_quantization).
   * `"step"`: `d = amax / maxBound`, `q = clamp(roundHalfEven(x / d))`, value `q * d` (ONNX).
   * Each arrow is one rounding to the element type; `amax <= 2^-24` gives zeros in both.
   */
  readonly mode: "scale" | "step";
  /** `"value"` writes the dequantized values, `"code"` the integers (in the output's dtype). */
  readonly output: "value" | "code";
}

/** One step of stochastic gradient descent, PyTorch's formula. */
export interface SgdParams {
  /** Learning rate. */
  readonly lr: number;
  /** Share of the buffer that stays. */
  readonly momentum: number;
  /** Share of the gradient that is left out of the buffer. */
  readonly dampening: number;
  /** Factor of the parameter that is added to the gradient. */
  readonly weight_decay: number;
  /** Look ahead along the buffer. */
  readonly nesterov: boolean;
  /** Go up the gradient. */
  readonly maximize: boolean;
  /** The momentum buffer holds nothing yet: it becomes the gradient. */
  readonly first: boolean;
}

/**
 * The kernels of a device. Each writes its result to `out`, which was allocated by the caller; unless it says
 * otherwise inputs may have any strides, and `out` is contiguous, or is an input itself (in-place).
 * Shapes and dtypes have been checked by the caller; kernels check nothing.
 */
export interface Kernels {
  /** Sets every element; `out` may have any strides. */
  fill(out: View, value: number): void;
  /** Copies `x`, broadcast to `out`'s shape and converted to its dtype; `out` may have any strides. */
  copy(x: View, out: View): void;
  /** `out[i] = f(inputs[0][i], ..., params)`, inputs broadcast to `out`'s shape; `out` may have any strides. */
  map(f: ScalarFunction, inputs: readonly View[], out: View, params: readonly number[]): void;
  /** Combines the elements along `dims`, which have size 1 in `out`. Float sums are accumulated in at least float32. */
  reduce(kind: ReduceKind, x: View, dims: readonly number[], out: View): void;
  /** Index (int64) of the first largest or smallest element along `dim`; NaN counts as beyond both. `dim` has size 1 in `out`. */
  argReduce(kind: "argmax" | "argmin", x: View, dim: number, out: View): void;
  /** `out[..., m, n] = sum_k a[..., m, k] * b[..., k, n] (+ bias[n])`; leading dimensions broadcast; any strides in `a`, `b`. */
  matmul(a: View, b: View, bias: View | null, out: View): void;
  /** Cross-correlation: `x` [N, C, ...], `weight` [O, C / groups, ...], `bias` [O], `out` [N, O, ...]; 1 to 3 spatial dimensions. */
  conv(x: View, weight: View, bias: View | null, out: View, p: ConvParams): void;
  /** Gradient of `conv` with respect to `x`, from `g` [N, O, ...]; `out` [N, C, ...]. */
  convInputGrad(g: View, weight: View, out: View, p: ConvParams): void;
  /** Gradient of `conv` with respect to `weight`; `out` [O, C / groups, ...]. */
  convWeightGrad(g: View, x: View, out: View, p: ConvParams): void;
  /**
   * Largest element of each window of `x` [N, C, ...]; `indices` (int32) gets its place in the flattened plane.
   * The first of equals wins, NaN wins over all; padding never wins.
   */
  maxPool(x: View, out: View, indices: View, p: PoolParams): void;
  /** Gradient of `maxPool`: adds each element of `g` at its index; `out` [N, C, ...] has the input's shape. */
  maxPoolGrad(g: View, indices: View, out: View): void;
  /** Softmax over `dim`, or its logarithm, with the largest element subtracted first. */
  softmax(x: View, out: View, dim: number, log: boolean): void;
  /** Gradient of `softmax` from its result `y` and `g`. */
  softmaxGrad(y: View, g: View, out: View, dim: number, log: boolean): void;
  /** `out[.., i, ..] = x[.., index[.., i, ..], ..]` along `dim`; `index` is int64 or int32 with `out`'s shape. */
  gather(x: View, dim: number, index: View, out: View): void;
  /** `out[.., index[.., i, ..], ..] += src[.., i, ..]` along `dim`, in the order of `src`'s elements. */
  scatterAdd(out: View, dim: number, index: View, src: View): void;
  /** Fake quantization of `x`; `amax` broadcasts to it. Bit-exact on every path of the CPU device. */
  fakeQuant(x: View, amax: View, out: View, p: QuantParams): void;
  /** Straight-through gradient: `g` where `|x| <= amax`, else 0 (also for NaN). */
  fakeQuantGrad(g: View, x: View, amax: View, out: View): void;
  /**
   * Counts of elements in equal bins over `[min, max]`, `out` [bins] int64. The bin is
   * `trunc(fround(fround((x - min) / (max - min)) * bins))`; `x == max` goes to the last, what lies outside to none.
   */
  histogram(x: View, out: View, min: number, max: number): void;
  /** Updates `param` and `buffer` (null without momentum) in place. */
  sgd(param: View, grad: View, buffer: View | null, p: SgdParams): void;
}

/** A place where tensors live and are computed. */
export interface Device {
  /** `"cpu"` or `"gpu"`. */
  readonly type: "cpu" | "gpu";
  /** The whole name, for example `"cpu"` or `"gpu:webasm"`. */
  readonly name: string;
  /** What it computes with. */
  readonly kernels: Kernels;
  /** Storage for `numel` elements, whose contents are undefined. */
  alloc(dtype: DType, numel: number): Storage;
  /** Sets all elements of `storage` from an array that stores its dtype. */
  write(storage: Storage, source: TypedArray): void;
  /** A copy of all elements, in an array that stores the storage's dtype. Throws DeviceError where reading must wait. */
  readSync(storage: Storage): TypedArray;
  /** As `readSync`, on every device. */
  read(storage: Storage): Promise<TypedArray>;
  /** Called before each operation; what is allocated or used until the next call stays in place. */
  beginOp(): void;
  /** Its name. */
  toString(): string;
}

/** What users may name a device by. */
export type DeviceLike = Device | string;

const registered = new Map<string, () => Device>();

/** Makes `name` known; `make` is called at each look-up and may throw DeviceError when the device is not ready. */
export function registerDevice(name: string, make: () => Device): void {
  registered.set(name, make);
}

/**
 * The device of a name: `"cpu"`, `"gpu"` (also `"cuda"`), `"gpu:webgpu"`, `"gpu:webasm"`, `"gpu:cpu"`.
 *
 * @throws DeviceError when there is no such device, or it has not been initialized
 */
export function device(name: DeviceLike): Device {
  if (typeof name !== "string") return name;
  const make = registered.get(name.replace(/^cuda(:0)?$/, "gpu"));
  if (make) return make();
  throw new DeviceError(
    `Cannot use device "${name}": the devices are ${[...registered.keys()].map((n) => `"${n}"`).join(", ")}`,
  );
}

let defaultDevice: DeviceLike = "cpu";

/** The device of new tensors whose device is not given. */
export function get_default_device(): Device {
  return device(defaultDevice);
}

/** Changes the device of new tensors; `"cpu"` at the start. */
export function set_default_device(name: DeviceLike): void {
  device(name);
  defaultDevice = name;
}
