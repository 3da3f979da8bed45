/** @file Elements in JavaScript's own memory: conversion between numbers and stored elements, and strided reading. */

import {
  arrayClass,
  bfloat16,
  bool,
  type DType,
  fromBfloat16,
  newArray,
  toBfloat16,
  type TypedArray,
} from "./dtype.ts";
import { numelOf, type Shape } from "./shape.ts";

/** Reads element `i` of a storage array as a number; int64 beyond 2^53 loses its lowest bits. */
export type Reader = (i: number) => number;

/** Stores a number as element `i`: integers are truncated and wrap, bools become `value != 0`. */
export type Writer = (i: number, value: number) => void;

/** A function that reads the elements of `array`, which stores `dtype`. */
export function reader(array: TypedArray, dtype: DType): Reader {
  if (array instanceof BigInt64Array) return (i) => Number(array[i]);
  if (dtype === bfloat16) return (i) => fromBfloat16(array[i] as number);
  const numbers = array as Float64Array;
  return (i) => numbers[i];
}

/** A function that stores numbers in `array`, which stores `dtype`. */
export function writer(array: TypedArray, dtype: DType): Writer {
  if (array instanceof BigInt64Array) {
    return (i, v) => {
      array[i] = toBigInt(v);
    };
  }
  if (dtype === bfloat16) {
    return (i, v) => {
      array[i] = toBfloat16(v);
    };
  }
  if (dtype === bool) {
    return (i, v) => {
      array[i] = v !== 0 ? 1 : 0;
    };
  }
  const numbers = array as Float64Array;
  return (i, v) => {
    numbers[i] = v;
  };
}

// what x86 does with a value that int64 cannot hold, and so PyTorch
function toBigInt(v: number): bigint {
  return Math.abs(v) < 2 ** 63 ? BigInt(Math.trunc(v)) : -(2n ** 63n);
}

/** Elements of a storage array that a view shows, row by row, in a fresh array of the same kind. */
export function gatherElements(
  source: TypedArray,
  dtype: DType,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): TypedArray {
  const out = newArray(dtype, numelOf(shape)) as Float64Array;
  const from = source as Float64Array; // any kind: elements are moved, not changed
  forEachOffset(shape, [strides], [offset], (i, at) => {
    out[i] = from[at];
  });
  return out;
}

/**
 * Calls `f(i, at)` for every element of `shape`, row by row: `i` counts up, `at` is its place by the first strides,
 * `at2` and `at3` by the second and third.
 */
export function forEachOffset(
  shape: Shape,
  strides: readonly (readonly number[])[],
  offsets: readonly number[],
  f: (i: number, at: number, at2: number, at3: number) => void,
): void {
  const n = numelOf(shape);
  const rank = shape.length;
  const [s0, s1 = s0, s2 = s0] = strides;
  let [a = 0, b = 0, c = 0] = offsets;
  if (rank === 0) return f(0, a, b, c);
  const index = new Array<number>(rank).fill(0);
  const last = rank - 1;
  const inner = shape[last];
  for (let i = 0; i < n;) {
    const t0 = s0[last], t1 = s1[last], t2 = s2[last];
    for (let k = 0; k < inner; k++, i++) f(i, a + k * t0, b + k * t1, c + k * t2);
    let d = last - 1;
    for (; d >= 0; d--) {
      a += s0[d], b += s1[d], c += s2[d];
      if (++index[d] < shape[d]) break;
      a -= s0[d] * shape[d], b -= s1[d] * shape[d], c -= s2[d] * shape[d];
      index[d] = 0;
    }
    if (d < 0) break;
  }
}

/** Nested lists of numbers, as `torch.tensor` takes them and `tolist` gives them. */
export type Nested = number | bigint | boolean | readonly Nested[];

/** A storage array of `dtype` from numbers. */
export function arrayFrom(values: ArrayLike<number | bigint | boolean>, dtype: DType): TypedArray {
  const array = newArray(dtype, values.length);
  if (array instanceof BigInt64Array) {
    for (let i = 0; i < values.length; i++) {
      const v = values[i];
      array[i] = typeof v === "bigint" ? v : toBigInt(Number(v));
    }
    return array;
  }
  const write = writer(array, dtype);
  for (let i = 0; i < values.length; i++) write(i, Number(values[i]));
  return array;
}

/** True when `array` already stores `dtype`'s elements as they are. */
export function stores(array: TypedArray, dtype: DType): boolean {
  return array instanceof arrayClass(dtype) && dtype !== bfloat16;
}
