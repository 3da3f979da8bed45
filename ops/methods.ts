/** @file Tensor's methods that are named after operations. */

import { type Device, device as findDevice, type DeviceLike } from "../tensor/device.ts";
import type { DType } from "../tensor/dtype.ts";
import { bool, float16, float32, float64, int32, int64 } from "../tensor/dtype.ts";
import { GradError } from "../tensor/errors.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { convert, copyInto } from "../tensor/transfer.ts";
import { is_grad_enabled } from "../autograd/grad_mode.ts";
import * as activation from "./activation.ts";
import * as arithmetic from "./arithmetic.ts";
import { cast, type Operand } from "./broadcast.ts";
import * as compare from "./compare.ts";
import * as indexing from "./indexing.ts";
import * as linalg from "./linalg.ts";
import * as reduce from "./reduce.ts";
import type { Dims } from "./reduce.ts";
import * as shapes from "./shape.ts";

/** Sizes one by one or as a list. */
export type Size = readonly (number | Shape)[];

/** What operations add to `Tensor`; each is the function of the same name with the tensor as its first argument. */
export interface TensorMethods {
  /** Sum, with broadcasting. */
  add(other: Operand, options?: { alpha?: number }): Tensor;
  /** Difference, with broadcasting. */
  sub(other: Operand, options?: { alpha?: number }): Tensor;
  /** Product, with broadcasting. */
  mul(other: Operand): Tensor;
  /** Quotient, with broadcasting. */
  div(other: Operand): Tensor;
  /** `base ^ exponent`. */
  pow(exponent: Operand): Tensor;
  /** Larger elements, with broadcasting. */
  maximum(other: Operand): Tensor;
  /** Smaller elements, with broadcasting. */
  minimum(other: Operand): Tensor;
  /** `-x`. */
  neg(): Tensor;
  /** Absolute value. */
  abs(): Tensor;
  /** -1, 0 or 1. */
  sign(): Tensor;
  /** `e^x`. */
  exp(): Tensor;
  /** Natural logarithm. */
  log(): Tensor;
  /** Square root. */
  sqrt(): Tensor;
  /** Nearest integer, ties to the even one. */
  round(): Tensor;
  /** Largest integer not above. */
  floor(): Tensor;
  /** this tensor limited to `[min, max]`. */
  clamp(min?: number | null, max?: number | null): Tensor;
  /** `max(x, 0)`. */
  relu(): Tensor;
  /** `1 / (1 + e^-x)`. */
  sigmoid(): Tensor;
  /** Hyperbolic tangent. */
  tanh(): Tensor;
  /** `e^x / sum(e^x)` along `dim`. */
  softmax(dim: number): Tensor;
  /** Logarithm of the softmax along `dim`. */
  log_softmax(dim: number): Tensor;
  /** `a == b`, elementwise with broadcasting. */
  eq(other: Operand): Tensor;
  /** `a != b`. */
  ne(other: Operand): Tensor;
  /** `a < b`. */
  lt(other: Operand): Tensor;
  /** `a <= b`. */
  le(other: Operand): Tensor;
  /** `a > b`. */
  gt(other: Operand): Tensor;
  /** `a >= b`. */
  ge(other: Operand): Tensor;
  /** True where an element is NaN. */
  isnan(): Tensor;
  /** True where an element is neither NaN nor infinite. */
  isfinite(): Tensor;
  /** True where an element is 0. */
  logical_not(): Tensor;
  /** True when both have the same shape and elements. */
  equal(other: Tensor): boolean;
  /** Sum of all elements, or over `dim` (one or several). */
  sum(dim?: Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
  /** Mean of all elements, or over `dim`. */
  mean(dim?: Dims, keepdim?: boolean): Tensor;
  /** Largest elements. */
  amax(dim?: Dims, keepdim?: boolean): Tensor;
  /** Smallest elements. */
  amin(dim?: Dims, keepdim?: boolean): Tensor;
  /** True where any element is not 0. */
  any(dim?: Dims, keepdim?: boolean): Tensor;
  /** True where no element is 0. */
  all(dim?: Dims, keepdim?: boolean): Tensor;
  /** Index of the first largest element, in the flattened tensor or along `dim`. */
  argmax(dim?: number | null, keepdim?: boolean): Tensor;
  /** Index of the first smallest element, in the flattened tensor or along `dim`. */
  argmin(dim?: number | null, keepdim?: boolean): Tensor;
  /** The largest element (ties share the gradient), or along `dim` the largest and their indices (the first gets it). */
  max(): Tensor;
  /** The largest element (ties share the gradient), or along `dim` the largest and their indices (the first gets it). */
  max(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  /** The smallest element (ties share the gradient), or along `dim` the smallest and their indices (the first gets it). */
  min(): Tensor;
  /** The smallest element (ties share the gradient), or along `dim` the smallest and their indices (the first gets it). */
  min(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  /** The same elements in another shape. */
  reshape(...size: Size): Tensor;
  /** As `reshape`, but never a copy. */
  view(...size: Size): Tensor;
  /** Merges the dimensions from `start_dim` to `end_dim` into one. */
  flatten(start_dim?: number, end_dim?: number): Tensor;
  /** The dimensions in another order. */
  permute(...dims: Size): Tensor;
  /** Two dimensions exchanged. */
  transpose(dim0: number, dim1: number): Tensor;
  /** Rows and columns exchanged. */
  t(): Tensor;
  /** Leaves out dimensions of size 1: all, or `dim` if it is one. */
  squeeze(dim?: number | null): Tensor;
  /** Adds a dimension of size 1 at `dim`. */
  unsqueeze(dim: number): Tensor;
  /** Repeats dimensions of size 1 up to `size` without a copy. */
  expand(...size: Size): Tensor;
  /** `length` slices of this tensor along `dim`, from `start`. */
  narrow(dim: number, start: number, length: number): Tensor;
  /** One slice along `dim`, without that dimension. */
  select(dim: number, index: number): Tensor;
  /** A fresh tensor with the same elements. */
  clone(): Tensor;
  /** this tensor itself when its elements lie row by row, else a copy that does. */
  contiguous(): Tensor;
  /** `out[.., i, ..] = x[.., index[.., i, ..], ..]` along `dim`. */
  gather(dim: number, index: Tensor): Tensor;
  /** The slices of this tensor along `dim` that the one-dimensional `index` names, in its order. */
  index_select(dim: number, index: Tensor): Tensor;
  /** Matrix product with PyTorch's rules: vectors are rows on the left and columns on the right, leading dimensions broadcast. */
  matmul(other: Tensor): Tensor;
  /** Product of two matrices. */
  mm(other: Tensor): Tensor;
  /** The tensor in another dtype or on another device; itself when nothing changes. Gradients flow through dtypes. */
  to(target: DType | DeviceLike): Tensor;
  /** On the cpu device. */
  cpu(): Tensor;
  /** On the gpu device; `torch.gpu.init()` must have been awaited. */
  gpu(): Tensor;
  /** PyTorch's name of `gpu()`. */
  cuda(): Tensor;
  /** In float32. */
  float(): Tensor;
  /** In float64. */
  double(): Tensor;
  /** In float16. */
  half(): Tensor;
  /** In int64. */
  long(): Tensor;
  /** In int32. */
  int(): Tensor;
  /** In bool: true where an element is not 0. */
  bool(): Tensor;
  /** `x = x + other`, in place. */
  add_(other: Operand): Tensor;
  /** `x = x - other`, in place. */
  sub_(other: Operand): Tensor;
  /** `x = x * other`, in place. */
  mul_(other: Operand): Tensor;
  /** `x = x / other`, in place. */
  div_(other: Operand): Tensor;
  /** Copies the elements of `source`, broadcast and converted, into this tensor. */
  copy_(source: Tensor): Tensor;
  /** Sets every element. */
  fill_(value: number): Tensor;
  /** Sets every element to 0. */
  zero_(): Tensor;
}

function to(x: Tensor, target: DType | DeviceLike): Tensor {
  if (typeof target !== "string" && "itemsize" in target) return cast(x, target);
  const place: Device = findDevice(target);
  if (place === x.device) return x;
  if (is_grad_enabled() && x.grad_fn) {
    throw new GradError(`Cannot move a computed tensor to "${place.name}" and keep its gradient: use detach() first`);
  }
  const moved = convert(x, place, x.dtype);
  moved.requires_grad = x.requires_grad;
  return moved;
}

function guard(op: string, x: Tensor): void {
  if (is_grad_enabled() && x.requires_grad) {
    throw new GradError(`Cannot ${op} in place on a tensor that requires gradients: use no_grad()`);
  }
}

const inPlace = {
  copy_(this: Tensor, source: Tensor): Tensor {
    guard("copy_", this);
    const lead = this.ndim - source.ndim;
    if (lead < 0 || source.shape.some((s, i) => s !== 1 && s !== this.shape[lead + i])) {
      throw new RangeError(
        `Cannot copy_ source ${showShape(source.shape)} into ${showShape(this.shape)}: it must broadcast to it`,
      );
    }
    copyInto(this, source.device === this.device ? source : convert(source, this.device, source.dtype));
    return this;
  },
  fill_(this: Tensor, value: number): Tensor {
    guard("fill_", this);
    this.device.beginOp();
    this.device.kernels.fill(this, value);
    this.storage.version++;
    return this;
  },
  zero_(this: Tensor): Tensor {
    return this.fill_(0);
  },
};

/** Gives `Tensor` these methods. */
export function installTensorMethods(): void {
  const { add, sub, mul, div, pow, maximum, minimum, neg, abs, sign, exp, log, sqrt, round, floor, clamp } = arithmetic;
  const { relu, sigmoid, tanh, softmax, log_softmax } = activation;
  const { eq, ne, lt, le, gt, ge, isnan, isfinite, logical_not, equal } = compare;
  const { sum, mean, amax, amin, any, all, argmax, argmin, max, min } = reduce;
  const {
    reshape,
    view,
    flatten,
    permute,
    transpose,
    t,
    squeeze,
    unsqueeze,
    expand,
    narrow,
    select,
    clone,
    contiguous,
  } = shapes;
  const { gather, index_select } = indexing;
  const { matmul, mm } = linalg;
  const convertTo = (target: DType | DeviceLike) => (x: Tensor) => to(x, target);
  // deno-lint-ignore no-explicit-any
  const functions: { readonly [K in keyof TensorMethods]?: (x: Tensor, ...args: any[]) => unknown } = {
    ...{ add, sub, mul, div, pow, maximum, minimum, neg, abs, sign, exp, log, sqrt, round, floor, clamp },
    ...{ relu, sigmoid, tanh, softmax, log_softmax },
    ...{ eq, ne, lt, le, gt, ge, isnan, isfinite, logical_not, equal },
    ...{ sum, mean, amax, amin, any, all, argmax, argmin, max, min },
    ...{ reshape, view, flatten, permute, transpose, t, squeeze, unsqueeze, expand, narrow, select, clone, contiguous },
    ...{ gather, index_select, matmul, mm, to },
    ...{ float: convertTo(float32), double: convertTo(float64), half: convertTo(float16) },
    ...{ long: convertTo(int64), int: convertTo(int32), bool: convertTo(bool) },
    ...{ cpu: convertTo("cpu"), gpu: convertTo("gpu"), cuda: convertTo("gpu") },
    add_: (x, y) => arithmetic.arithmeticInPlace("add_", x, y),
    sub_: (x, y) => arithmetic.arithmeticInPlace("sub_", x, y),
    mul_: (x, y) => arithmetic.arithmeticInPlace("mul_", x, y),
    div_: (x, y) => arithmetic.arithmeticInPlace("div_", x, y),
  };
  for (const [name, f] of Object.entries(functions)) {
    Object.defineProperty(Tensor.prototype, name, {
      value(this: Tensor, ...args: unknown[]): unknown {
        return f(this, ...args);
      },
      writable: true,
      configurable: true,
    });
  }
  Object.assign(Tensor.prototype, inPlace);
}
