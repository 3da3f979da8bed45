/** @file Making tensors from numbers. */

import { type Device, device as findDevice, type DeviceLike, get_default_device } from "../tensor/device.ts";
import { bool, type DType, dtypeOfArray, get_default_dtype, int64, type TypedArray } from "../tensor/dtype.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { arrayFrom, type Nested, stores } from "../tensor/host.ts";
import { numelOf, type Shape, showShape } from "../tensor/shape.ts";
import { allocate, fromArray, Tensor } from "../tensor/tensor.ts";

/** PyTorch's keyword arguments of functions that make tensors. */
export interface TensorOptions {
  /** Element type; the default floating-point type, or what fits the values, unless given. */
  dtype?: DType;
  /** Where the elements are; the default device unless given. */
  device?: DeviceLike;
  /** Whether gradients are computed for it. */
  requires_grad?: boolean;
}

/** Sizes, one by one or as a list, and options behind them. */
export type SizeArgs<O = TensorOptions> = readonly (number | Shape | O | undefined)[];

/** Takes sizes and options apart. */
export function sizeArgs<O extends object>(op: string, args: SizeArgs<O>): [Shape, Partial<O>] {
  const sizes: number[] = [];
  let options: Partial<O> = {};
  for (const a of args) {
    if (typeof a === "number") sizes.push(a);
    else if (Array.isArray(a)) sizes.push(...a);
    else if (a !== undefined) options = a as O;
  }
  if (sizes.some((s) => !Number.isInteger(s) || s < 0)) {
    throw new ShapeError(`Cannot ${op} a tensor of shape ${showShape(sizes)}: sizes must be integers of at least 0`);
  }
  return [sizes, options];
}

function deviceOf(options: TensorOptions): Device {
  return options.device === undefined ? get_default_device() : findDevice(options.device);
}

function flattenNested(values: Nested): { shape: number[]; flat: (number | bigint | boolean)[] } {
  const shape: number[] = [];
  for (let v: Nested = values; Array.isArray(v); v = v[0]) {
    shape.push(v.length);
    if (v.length === 0) break;
  }
  const flat: (number | bigint | boolean)[] = [];
  const walk = (v: Nested, d: number): void => {
    if (Array.isArray(v)) {
      if (d >= shape.length || v.length !== shape[d]) {
        throw new ShapeError(
          `Cannot make a tensor from lists of different lengths: dimension ${d} has ${shape[d]} and ${v.length}`,
        );
      }
      for (const e of v) walk(e, d + 1);
    } else if (d !== shape.length || !["number", "bigint", "boolean"].includes(typeof v)) {
      throw new ShapeError(
        `Cannot make a tensor from ${typeof v} at depth ${d}: numbers at depth ${shape.length} are needed`,
      );
    } else flat.push(v as number);
  };
  walk(values, 0);
  return { shape, flat };
}

function inferDType(flat: readonly (number | bigint | boolean)[]): DType {
  if (flat.length === 0) return get_default_dtype();
  if (flat.every((v) => typeof v === "boolean")) return bool;
  // JavaScript does not tell 1 from 1.0; numbers become floats, as most literals are meant
  return flat.every((v) => typeof v === "bigint") ? int64 : get_default_dtype();
}

/**
 * A tensor from a number, nested lists, or a typed array (whose element type it takes, and whose values it copies).
 *
 * Plain numbers become the default floating-point type, also whole ones; bigints become int64 and booleans bool.
 *
 * @throws ShapeError when the lists have different lengths
 * @see torch.tensor
 */
export function tensor(data: Nested | TypedArray | Tensor, options: TensorOptions = {}): Tensor {
  if (data instanceof Tensor) {
    return tensor(data.numpy(), { dtype: data.dtype, ...options }).viewAs(data.shape, contiguous(data.shape));
  }
  let out: Tensor;
  if (ArrayBuffer.isView(data)) {
    const array = data as TypedArray;
    const dtype = options.dtype ?? dtypeOfArray(array);
    out = fromArray(deviceOf(options), dtype, [array.length], stores(array, dtype) ? array : arrayFrom(array, dtype));
  } else {
    const { shape, flat } = flattenNested(data as Nested);
    const dtype = options.dtype ?? inferDType(flat);
    out = fromArray(deviceOf(options), dtype, shape, arrayFrom(flat, dtype));
  }
  return finish(out, options);
}

function contiguous(shape: Shape): number[] {
  return shape.map((_, i) => numelOf(shape.slice(i + 1)));
}

function finish(x: Tensor, options: TensorOptions): Tensor {
  if (options.requires_grad) x.requires_grad = true;
  return x;
}

/** A one-dimensional tensor with a typed array's values and element type. */
export function from_numpy(array: TypedArray): Tensor {
  return tensor(array);
}

function filled(op: string, value: number, args: SizeArgs): Tensor {
  const [shape, options] = sizeArgs<TensorOptions>(op, args);
  const device = deviceOf(options);
  device.beginOp();
  const out = allocate(device, options.dtype ?? get_default_dtype(), shape);
  device.kernels.fill(out, value);
  return finish(out, options);
}

/** Zeros: `zeros(2, 3, { dtype })` or `zeros([2, 3])`. */
export function zeros(...size: SizeArgs): Tensor {
  return filled("zeros", 0, size);
}

/** Ones. */
export function ones(...size: SizeArgs): Tensor {
  return filled("ones", 1, size);
}

/** A tensor whose contents are undefined. */
export function empty(...size: SizeArgs): Tensor {
  const [shape, options] = sizeArgs<TensorOptions>("empty", size);
  return finish(allocate(deviceOf(options), options.dtype ?? get_default_dtype(), shape), options);
}

/** `value` in every element. Whole numbers too give the default floating-point type unless `dtype` is given. */
export function full(size: Shape, value: number | boolean, options: TensorOptions = {}): Tensor {
  const dtype = options.dtype ?? (typeof value === "boolean" ? bool : undefined);
  return filled("full", Number(value), [size, { ...options, dtype }]);
}

function like(x: Tensor, options: TensorOptions): TensorOptions {
  return { dtype: x.dtype, device: x.device, ...options };
}

/** Zeros with the shape, dtype and device of `x`. */
export function zeros_like(x: Tensor, options: TensorOptions = {}): Tensor {
  return zeros(x.shape, like(x, options));
}

/** Ones with the shape, dtype and device of `x`. */
export function ones_like(x: Tensor, options: TensorOptions = {}): Tensor {
  return ones(x.shape, like(x, options));
}

/** `value` with the shape, dtype and device of `x`. */
export function full_like(x: Tensor, value: number, options: TensorOptions = {}): Tensor {
  return full(x.shape, value, like(x, options));
}

/** Undefined contents with the shape, dtype and device of `x`. */
export function empty_like(x: Tensor, options: TensorOptions = {}): Tensor {
  return empty(x.shape, like(x, options));
}

/**
 * `start, start + step, ...` below `end`: `arange(end)`, `arange(start, end)`, `arange(start, end, step)`.
 * int64 when all three are whole numbers, else the default floating-point type.
 *
 * @throws ValueError when `step` is 0 or leads away from `end`
 */
export function arange(...args: readonly (number | TensorOptions)[]): Tensor {
  const numbers = args.filter((a): a is number => typeof a === "number");
  const options = (args.find((a) => typeof a === "object") ?? {}) as TensorOptions;
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0], 1] : [numbers[0], numbers[1], numbers[2] ?? 1];
  if (step === 0 || (end - start) / step < 0) {
    throw new ValueError(`Cannot arange from ${start} to ${end} by ${step}: step must lead from start to end`);
  }
  const dtype = options.dtype ?? (numbers.every(Number.isInteger) ? int64 : get_default_dtype());
  const n = Math.ceil((end - start) / step);
  const values = Float64Array.from({ length: n }, (_, i) => start + i * step);
  return finish(fromArray(deviceOf(options), dtype, [n], arrayFrom(values, dtype)), options);
}

/** `steps` numbers from `start` to `end`, both included. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  const dtype = options.dtype ?? get_default_dtype();
  const step = (end - start) / (steps - 1);
  const values = Float64Array.from({ length: steps }, (_, i) => {
    return steps === 1 ? start : i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step;
  });
  return finish(fromArray(deviceOf(options), dtype, [steps], arrayFrom(values, dtype)), options);
}
