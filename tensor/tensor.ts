/** @file The tensor: a shape over a storage, and its place in the record of operations. */

import type { GradFunction } from "../autograd/tape.ts";
import type { AutogradMethods } from "../autograd/methods.ts";
import type { TensorMethods } from "../ops/methods.ts";
import type { Device, View } from "./device.ts";
import { bfloat16, bool, type DType, fromBfloat16, int64, newArray, type TypedArray } from "./dtype.ts";
import { DTypeError, GradError, ShapeError } from "./errors.ts";
import { gatherElements, type Nested } from "./host.ts";
import { formatTensor } from "./print.ts";
import { contiguousStrides, isContiguous, normalizeDim, numelOf, type Shape, showShape } from "./shape.ts";
import { letGo, retain, Scope, type Storage } from "./storage.ts";
import { assertAlive } from "./storage.ts";

/** Methods of `Tensor` that are defined beside the operations they name. */
export interface Tensor extends TensorMethods, AutogradMethods {}

/**
 * A multi-dimensional array of elements of one type, on one device.
 *
 * Tensors made by operations on tensors that require gradients remember how they were made; see `backward()`.
 */
export class Tensor implements View {
  readonly #shape: Shape;
  #requiresGrad = false;
  #grad: Tensor | null = null;
  /** How this tensor was computed, or null: made by the user, or no gradient is wanted. */
  grad_fn: GradFunction | null = null;
  /** Which of `grad_fn`'s results this is. */
  outputIndex = 0;
  /** True after `retain_grad()`: `backward()` stores a gradient here although it is not a leaf. */
  retains_grad = false;

  /** Shows a storage; the caller vouches that all elements lie inside it. */
  constructor(
    readonly storage: Storage,
    shape: Shape,
    readonly strides: readonly number[] = contiguousStrides(shape),
    readonly offset: number = 0,
  ) {
    this.#shape = shape;
  }

  /** Sizes of the dimensions. */
  get shape(): Shape {
    return this.#shape;
  }

  /** Element type. */
  get dtype(): DType {
    return this.storage.dtype;
  }

  /** Where the elements are. */
  get device(): Device {
    return this.storage.device;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.#shape.length;
  }

  /** Number of dimensions. */
  dim(): number {
    return this.#shape.length;
  }

  /** Number of elements. */
  numel(): number {
    return numelOf(this.#shape);
  }

  /** All sizes, or the size of one dimension. */
  size(): number[];
  /** The size of one dimension. */
  size(dim: number): number;
  size(dim?: number): number | number[] {
    return dim === undefined ? [...this.#shape] : this.#shape[normalizeDim("size", dim, this.ndim)];
  }

  /** Distance in elements between neighbours along each dimension, or along one. */
  stride(): number[];
  /** The distance along one dimension. */
  stride(dim: number): number;
  stride(dim?: number): number | number[] {
    return dim === undefined ? [...this.strides] : this.strides[normalizeDim("stride", dim, this.ndim)];
  }

  /** Index in the storage of the first element. */
  storage_offset(): number {
    return this.offset;
  }

  /** True when the elements lie row by row without gaps. */
  is_contiguous(): boolean {
    return isContiguous(this.#shape, this.strides);
  }

  /** True for float64, float32, float16 and bfloat16. */
  is_floating_point(): boolean {
    return this.dtype.is_floating_point;
  }

  /** How often the elements have been changed in place. */
  get _version(): number {
    return this.storage.version;
  }

  /** True when no recorded operation made this tensor. */
  get is_leaf(): boolean {
    return this.grad_fn === null;
  }

  /** True when `backward()` computes a gradient for this tensor, or through it. */
  get requires_grad(): boolean {
    return this.#requiresGrad || this.grad_fn !== null;
  }

  set requires_grad(value: boolean) {
    if (this.grad_fn !== null) {
      if (value) return;
      throw new GradError("Cannot set requires_grad of a computed tensor to false: use detach()");
    }
    if (value && !this.dtype.is_floating_point) {
      throw new GradError(
        `Cannot require gradients of a tensor of ${this.dtype.name}: a floating-point dtype is needed`,
      );
    }
    this.#requiresGrad = value;
  }

  /** Sets `requires_grad` and returns the tensor. */
  requires_grad_(value = true): this {
    this.requires_grad = value;
    return this;
  }

  /** The gradient that `backward()` has accumulated, or null. */
  get grad(): Tensor | null {
    return this.#grad;
  }

  set grad(value: Tensor | null) {
    if (value === this.#grad) return;
    if (value) {
      if (value.shape.length !== this.shape.length || value.shape.some((s, i) => s !== this.shape[i])) {
        throw new ShapeError(
          `Cannot assign grad ${showShape(value.shape)} to a tensor of shape ${
            showShape(this.shape)
          }: the shapes must be equal`,
        );
      }
      if (value.dtype !== this.dtype) {
        throw new DTypeError(
          `Cannot assign grad of ${value.dtype.name} to a tensor of ${this.dtype.name}: the dtypes must be equal`,
        );
      }
      retain(value.storage);
    }
    if (this.#grad) letGo(this.#grad.storage);
    this.#grad = value;
  }

  /** The same elements without a history: changes are shared, gradients do not flow. PyTorch's `.data` attribute. */
  detach(): Tensor {
    return new Tensor(this.storage, this.#shape, this.strides, this.offset);
  }

  /** The same elements under another shape and strides; the caller vouches that they lie inside the storage. */
  viewAs(shape: Shape, strides: readonly number[], offset: number = this.offset): Tensor {
    return new Tensor(this.storage, shape, strides, offset);
  }

  /**
   * The elements, row by row, in a fresh typed array of the tensor's element type. Changing it does not change the tensor.
   * bool gives 0 and 1 in a Uint8Array, bfloat16 numbers in a Float32Array.
   *
   * @throws DeviceError where the device cannot be read at once: use `await x.data()`
   */
  numpy(): TypedArray {
    return this.#elements(this.#source((s) => s.device.readSync(s)));
  }

  /** As `numpy()`, on every device. */
  async data(): Promise<TypedArray> {
    return this.#elements(await this.#source((s) => s.device.read(s)));
  }

  #source<T>(read: (storage: Storage) => T): T {
    assertAlive(this.storage);
    return read(this.storage);
  }

  #elements(source: TypedArray): TypedArray {
    const plain = this.is_contiguous() && this.offset === 0 && source.length === this.numel();
    const stored = plain ? source : gatherElements(source, this.dtype, this.#shape, this.strides, this.offset);
    return this.dtype === bfloat16 ? Float32Array.from(stored as Uint16Array, fromBfloat16) : stored;
  }

  /**
   * The only element, as a number (a boolean for bool, a number also for int64 while it is exact, else a bigint).
   *
   * @throws ShapeError unless there is exactly one element
   */
  item(): number {
    if (this.numel() !== 1) {
      throw new ShapeError(`Cannot item() a tensor of shape ${showShape(this.#shape)}: exactly one element is needed`);
    }
    return toValue(this.numpy()[0], this.dtype) as number;
  }

  /** The elements as nested lists; a plain value for a 0-dimensional tensor. */
  tolist(): Nested {
    const values = this.numpy();
    let at = 0;
    const walk = (d: number): Nested => {
      if (d === this.#shape.length) return toValue(values[at++], this.dtype);
      return Array.from({ length: this.#shape[d] }, () => walk(d + 1));
    };
    return walk(0);
  }

  /** PyTorch's text of a tensor, such as `tensor([1.0000, 2.5000])`. */
  toString(): string {
    return formatTensor(this);
  }
}

for (const inspect of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
  Object.defineProperty(Tensor.prototype, Symbol.for(inspect), {
    value(this: Tensor): string {
      return formatTensor(this);
    },
  });
}

function toValue(v: number | bigint, dtype: DType): number | bigint | boolean {
  if (dtype === bool) return v !== 0;
  if (dtype === int64) return Number.isSafeInteger(Number(v)) ? Number(v) : v;
  return v;
}

/** A tensor with undefined contents. */
export function allocate(device: Device, dtype: DType, shape: Shape): Tensor {
  return new Tensor(device.alloc(dtype, numelOf(shape)), shape);
}

/** A tensor on `device` from an array that stores `dtype`. */
export function fromArray(device: Device, dtype: DType, shape: Shape, array: TypedArray): Tensor {
  const out = allocate(device, dtype, shape);
  device.write(out.storage, array);
  return out;
}

/** A zeroed host array for `shape`, to be filled and given to `fromArray`. */
export function hostArray(dtype: DType, shape: Shape): TypedArray {
  return newArray(dtype, numelOf(shape));
}

/** Anything that tensors can be inside of. */
export type Tree = Tensor | null | undefined | number | bigint | boolean | string | readonly Tree[] | {
  readonly [key: string]: Tree;
};

function eachTensor(tree: unknown, f: (t: Tensor) => void): void {
  if (tree instanceof Tensor) f(tree);
  else if (Array.isArray(tree)) tree.forEach((t) => eachTensor(t, f));
  else if (tree !== null && typeof tree === "object" && Object.getPrototypeOf(tree) === Object.prototype) {
    Object.values(tree).forEach((t) => eachTensor(t, f));
  }
}

/**
 * Runs `f` in a scope of its own and frees what it made, but for what is kept and for the tensors in its result
 * (a tensor, or lists and plain objects of them), which belong to the scope around it.
 *
 * @throws TypeError when `f` is asynchronous
 */
export function tidy<T>(f: () => T): T {
  const inner = new Scope();
  const held: Storage[] = [];
  try {
    const result = f();
    if (result instanceof Promise) {
      throw new TypeError("Cannot tidy an asynchronous function: use `using _ = scope()` inside it");
    }
    eachTensor(result, (t) => {
      retain(t.storage);
      held.push(t.storage);
    });
    return result;
  } finally {
    inner.end();
    held.forEach(letGo);
  }
}

/** Keeps a tensor beyond the scope it was made in, until the garbage collector finds it unused; returns it. */
export function keep<T extends Tensor>(x: T): T {
  assertAlive(x.storage);
  retain(x.storage);
  return x;
}
