/** @file What the SIMD kernels need to know about views: which are plain float32 blocks, and where they are. */

import type { View } from "../../../tensor/device.ts";
import { isContiguous } from "../../../tensor/shape.ts";
import type { Heap } from "../heap.ts";
import type { Pool } from "../pool.ts";

/** Where a kernel runs. */
export interface Runner {
  readonly heap: Heap;
  readonly pool: Pool;
}

/** Elements in a chunk of an elementwise kernel; a multiple of 4, so that chunks begin at whole vectors. */
export const GRAIN = 32768;

/** How many elements a shape has. */
export function count(shape: readonly number[]): number {
  let n = 1;
  for (const size of shape) n *= size;
  return n;
}

/** True for float32 elements that lie row by row without gaps. */
export function isPlain(view: View): boolean {
  return view.dtype.name === "float32" && isContiguous(view.shape, view.strides);
}

/** Byte address of a view's first element. */
export function addressOf(heap: Heap, view: View): number {
  return heap.ptr(view.storage) + view.offset * view.dtype.itemsize;
}

/** Runs an elementwise kernel on elements `[0, n)`. */
export function runFlat(runner: Runner, name: string, n: number, args: readonly number[]): void {
  runner.pool.run(name, 0, n, GRAIN, 0, args);
}

/** Runs a kernel of rows, some tens of thousands of elements in each chunk. */
export function runRows(runner: Runner, name: string, rows: number, columns: number, args: readonly number[]): void {
  runner.pool.run(name, 0, rows, Math.max(1, Math.floor(GRAIN / columns)), 0, args);
}

/** Splits `shape` for a view that repeats over leading and trailing dimensions: [outer, channels, inner], or null. */
export function channelsOf(view: View, shape: readonly number[]): [number, number, number] | null {
  const skip = shape.length - view.shape.length;
  const varies = shape.map((size, d) => d >= skip && view.shape[d - skip] === size && size > 1);
  const first = varies.indexOf(true), last = varies.lastIndexOf(true);
  if (first < 0) return [1, 1, count(shape)];
  for (let d = first; d <= last; d++) if (!varies[d] && shape[d] !== 1) return null;
  return [count(shape.slice(0, first)), count(shape.slice(first, last + 1)), count(shape.slice(last + 1))];
}
