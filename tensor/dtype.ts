/** @file Element types: what they are called, how they are stored, which one an operation on two of them gives. */

import { DTypeError } from "./errors.ts";

/** Every typed array that a tensor's elements can be stored in. */
export type TypedArray =
  | Float64Array
  | Float32Array
  | Float16Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint16Array
  | Uint8Array;

/** Names of the element types, spelled as PyTorch spells them. */
export type DTypeName =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

/** Groups of element types in the order of promotion: an operand of a later group decides the result. */
export type DTypeKind = "bool" | "int" | "float";

/** An element type. There is one frozen object for each, so they compare with `===`. */
export interface DType {
  /** PyTorch's name, for example `"float32"`. */
  readonly name: DTypeName;
  /** Bytes of one element. */
  readonly itemsize: number;
  /** Its place in promotion. */
  readonly kind: DTypeKind;
  /** True for float64, float32, float16 and bfloat16. */
  readonly is_floating_point: boolean;
  /** False for bool and uint8. */
  readonly is_signed: boolean;
  /** `torch.float32` and so on. */
  toString(): string;
}

function define(name: DTypeName, itemsize: number, kind: DTypeKind, is_signed = true): DType {
  const text = `torch.${name}`;
  return Object.freeze({
    name,
    itemsize,
    kind,
    is_floating_point: kind === "float",
    is_signed,
    toString: () => text,
    [Symbol.for("Deno.customInspect")]: () => text,
  });
}

/** 64-bit floating point: gradient checks. */
export const float64: DType = define("float64", 8, "float");
/** 32-bit floating point: the working type. */
export const float32: DType = define("float32", 4, "float");
/** IEEE half precision: storage and conversion; arithmetic happens in float32 and is rounded back. */
export const float16: DType = define("float16", 2, "float");
/** The upper half of a float32: storage and conversion. */
export const bfloat16: DType = define("bfloat16", 2, "float");
/** 64-bit integers: labels and indices. */
export const int64: DType = define("int64", 8, "int");
/** 32-bit integers. */
export const int32: DType = define("int32", 4, "int");
/** 16-bit integers. */
export const int16: DType = define("int16", 2, "int");
/** Signed bytes. */
export const int8: DType = define("int8", 1, "int");
/** Unsigned bytes. */
export const uint8: DType = define("uint8", 1, "int", false);
/** Truth values, one byte each, 0 or 1. */
export const bool: DType = define("bool", 1, "bool", false);

/** PyTorch's other name of float64. */
export const double: DType = float64;
/** PyTorch's other name of float32. */
export const float: DType = float32;
/** PyTorch's other name of float16. */
export const half: DType = float16;
/** PyTorch's other name of int64. */
export const long: DType = int64;
/** PyTorch's other name of int32. */
export const int: DType = int32;
/** PyTorch's other name of int16. */
export const short: DType = int16;

/** All element types by name. */
export const dtypes: { readonly [N in DTypeName]: DType } = {
  float64,
  float32,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  int8,
  uint8,
  bool,
};

let defaultDType: DType = float32;

/** The element type of new floating-point tensors whose type is not given; float32 unless changed. */
export function get_default_dtype(): DType {
  return defaultDType;
}

/**
 * Changes the element type of new floating-point tensors.
 *
 * @throws DTypeError unless `dtype` is floating point
 */
export function set_default_dtype(dtype: DType): void {
  if (!dtype.is_floating_point) {
    throw new DTypeError(`Cannot set_default_dtype ${dtype.name}: a floating-point dtype is needed`);
  }
  defaultDType = dtype;
}

const widths: readonly DType[] = [uint8, int8, int16, int32, int64];

function promoteInts(a: DType, b: DType): DType {
  if (a === uint8 || b === uint8) {
    const other = a === uint8 ? b : a;
    return other === int8 ? int16 : other; // no 8-bit type holds both ranges
  }
  return widths[Math.max(widths.indexOf(a), widths.indexOf(b))];
}

function promoteFloats(a: DType, b: DType): DType {
  if (a.itemsize === 2 && b.itemsize === 2) return float32; // float16 with bfloat16
  return a.itemsize > b.itemsize ? a : b;
}

/** The element type that holds both `a` and `b`, by PyTorch's table. */
export function promote_types(a: DType, b: DType): DType {
  if (a === b) return a;
  if (a.kind !== b.kind) {
    const order: readonly DTypeKind[] = ["bool", "int", "float"];
    return order.indexOf(a.kind) > order.indexOf(b.kind) ? a : b;
  }
  return a.kind === "float" ? promoteFloats(a, b) : promoteInts(a, b);
}

/** A tensor as promotion sees it. */
export interface Typed {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes of the dimensions; only their number counts. */
  readonly shape: readonly number[];
}

/**
 * The element type of an operation on tensors and plain numbers. As in PyTorch, tensors with dimensions decide before
 * 0-dimensional tensors, and those before numbers; a later group only counts when its kind is higher.
 */
export function result_type(...operands: readonly (Typed | number | bigint | boolean)[]): DType {
  let result: DType | null = null;
  const order: readonly DTypeKind[] = ["bool", "int", "float"];
  const groups: DType[][] = [[], [], []];
  for (const o of operands) {
    if (typeof o === "boolean") groups[2].push(bool);
    else if (typeof o === "bigint") groups[2].push(int64);
    else if (typeof o === "number") groups[2].push(Number.isInteger(o) ? int64 : defaultDType);
    else groups[o.shape.length > 0 ? 0 : 1].push(o.dtype);
  }
  for (const group of groups) {
    if (group.length === 0) continue;
    const own = group.reduce(promote_types);
    if (result === null || order.indexOf(own.kind) > order.indexOf(result.kind)) result = own;
  }
  return result ?? defaultDType;
}

/** A zeroed array that stores `length` elements of `dtype`; bfloat16 is stored as its bits. */
export function newArray(dtype: DType, length: number): TypedArray {
  return new (arrayClass(dtype))(length) as TypedArray;
}

/** The constructor of the arrays that store `dtype`. */
export function arrayClass(dtype: DType): ArrayClass {
  switch (dtype.name) {
    case "float64":
      return Float64Array;
    case "float32":
      return Float32Array;
    case "float16":
      return Float16Array;
    case "bfloat16":
      return Uint16Array;
    case "int64":
      return BigInt64Array;
    case "int32":
      return Int32Array;
    case "int16":
      return Int16Array;
    case "int8":
      return Int8Array;
    default:
      return Uint8Array;
  }
}

/** Any constructor of typed arrays that store elements. */
export type ArrayClass =
  | Float64ArrayConstructor
  | Float32ArrayConstructor
  | Float16ArrayConstructor
  | Uint16ArrayConstructor
  | BigInt64ArrayConstructor
  | Int32ArrayConstructor
  | Int16ArrayConstructor
  | Int8ArrayConstructor
  | Uint8ArrayConstructor;

/** The element type whose values `array` stores; Uint16Array is not one of PyTorch's and has none. */
export function dtypeOfArray(array: TypedArray): DType {
  if (array instanceof Float32Array) return float32;
  if (array instanceof Float64Array) return float64;
  if (array instanceof BigInt64Array) return int64;
  if (array instanceof Int32Array) return int32;
  if (array instanceof Uint8Array) return uint8;
  if (array instanceof Int8Array) return int8;
  if (array instanceof Int16Array) return int16;
  if (array instanceof Float16Array) return float16;
  throw new DTypeError(`Cannot read dtype of Uint16Array: pass Int32Array, or the dtype`);
}

const word = new DataView(new ArrayBuffer(4));

/** The bits of the bfloat16 nearest to `value` (ties to even; NaN stays NaN). */
export function toBfloat16(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  if (value !== value) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that the bits of a bfloat16 stand for. */
export function fromBfloat16(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** Numeric limits of a floating-point type, as `torch.finfo`. */
export interface FInfo {
  /** Size of an element in bits. */
  readonly bits: number;
  /** Distance from 1 to the next larger number. */
  readonly eps: number;
  /** Largest finite number. */
  readonly max: number;
  /** Smallest finite number. */
  readonly min: number;
  /** Smallest positive normal number. */
  readonly tiny: number;
  /** Name of the element type. */
  readonly dtype: string;
}

/**
 * Numeric limits of a floating-point type.
 *
 * @throws DTypeError unless `dtype` is floating point
 */
export function finfo(dtype: DType = defaultDType): FInfo {
  const make = (bits: number, eps: number, max: number, tiny: number): FInfo => {
    return { bits, eps, max, min: -max, tiny, dtype: dtype.name };
  };
  switch (dtype.name) {
    case "float64":
      return make(64, 2 ** -52, Number.MAX_VALUE, 2 ** -1022);
    case "float32":
      return make(32, 2 ** -23, (2 - 2 ** -23) * 2 ** 127, 2 ** -126);
    case "float16":
      return make(16, 2 ** -10, 65504, 2 ** -14);
    case "bfloat16":
      return make(16, 2 ** -7, (2 - 2 ** -7) * 2 ** 127, 2 ** -126);
    default:
      throw new DTypeError(`Cannot finfo ${dtype.name}: a floating-point dtype is needed: use iinfo`);
  }
}

/** Numeric limits of an integer type, as `torch.iinfo`. */
export interface IInfo {
  /** Size of an element in bits. */
  readonly bits: number;
  /** Largest number. */
  readonly max: number | bigint;
  /** Smallest number. */
  readonly min: number | bigint;
  /** Name of the element type. */
  readonly dtype: string;
}

/**
 * Numeric limits of an integer type; bigint for int64.
 *
 * @throws DTypeError unless `dtype` is an integer type
 */
export function iinfo(dtype: DType): IInfo {
  if (dtype.kind !== "int") {
    throw new DTypeError(`Cannot iinfo ${dtype.name}: an integer dtype is needed`);
  }
  const bits = dtype.itemsize * 8;
  if (dtype === int64) return { bits, max: 2n ** 63n - 1n, min: -(2n ** 63n), dtype: dtype.name };
  return dtype.is_signed
    ? { bits, max: 2 ** (bits - 1) - 1, min: -(2 ** (bits - 1)), dtype: dtype.name }
    : { bits, max: 2 ** bits - 1, min: 0, dtype: dtype.name };
}
