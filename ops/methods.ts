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
import * as shapes from "./shape.ts";

type Dims = number | readonly number[] | null;
type Size = readonly (number | Shape)[];

/** What operations add to `Tensor`; each is the function of the same name with the tensor as its first argument. */
export interface TensorMethods {
  add(other: Operand, options?: { alpha?: number }): Tensor;
  sub(other: Operand, options?: { alpha?: number }): Tensor;
  mul(other: Operand): Tensor;
  div(other: Operand): Tensor;
  pow(exponent: Operand): Tensor;
  maximum(other: Operand): Tensor;
  minimum(other: Operand): Tensor;
  neg(): Tensor;
  abs(): Tensor;
  sign(): Tensor;
  exp(): Tensor;
  log(): Tensor;
  sqrt(): Tensor;
  round(): Tensor;
  floor(): Tensor;
  clamp(min?: number | null, max?: number | null): Tensor;
  relu(): Tensor;
  sigmoid(): Tensor;
  tanh(): Tensor;
  softmax(dim: number): Tensor;
  log_softmax(dim: number): Tensor;
  eq(other: Operand): Tensor;
  ne(other: Operand): Tensor;
  lt(other: Operand): Tensor;
  le(other: Operand): Tensor;
  gt(other: Operand): Tensor;
  ge(other: Operand): Tensor;
  isnan(): Tensor;
  isfinite(): Tensor;
  logical_not(): Tensor;
  /** True when both have the same shape and elements. */
  equal(other: Tensor): boolean;
  sum(dim?: Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
  mean(dim?: Dims, keepdim?: boolean): Tensor;
  amax(dim?: Dims, keepdim?: boolean): Tensor;
  amin(dim?: Dims, keepdim?: boolean): Tensor;
  any(dim?: Dims, keepdim?: boolean): Tensor;
  all(dim?: Dims, keepdim?: boolean): Tensor;
  argmax(dim?: number | null, keepdim?: boolean): Tensor;
  argmin(dim?: number | null, keepdim?: boolean): Tensor;
  max(): Tensor;
  max(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  min(): Tensor;
  min(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  reshape(...size: Size): Tensor;
  view(...size: Size): Tensor;
  flatten(start_dim?: number, end_dim?: number): Tensor;
  permute(...dims: Size): Tensor;
  transpose(dim0: number, dim1: number): Tensor;
  t(): Tensor;
  squeeze(dim?: number | null): Tensor;
  unsqueeze(dim: number): Tensor;
  expand(...size: Size): Tensor;
  narrow(dim: number, start: number, length: number): Tensor;
  select(dim: number, index: number): Tensor;
  clone(): Tensor;
  contiguous(): Tensor;
  gather(dim: number, index: Tensor): Tensor;
  index_select(dim: number, index: Tensor): Tensor;
  matmul(other: Tensor): Tensor;
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
