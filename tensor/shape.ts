/** @file Arithmetic on shapes: sizes, strides, broadcasting, dimension numbers. */

import { ShapeError } from "./errors.ts";

/** Sizes of a tensor's dimensions, outermost first; `[]` is a single value. */
export type Shape = readonly number[];

/** Number of elements of a tensor of this shape. */
export function numelOf(shape: Shape): number {
  let n = 1;
  for (const size of shape) n *= size;
  return n;
}

/** Distances, in elements, between neighbours along each dimension of a tensor stored row by row. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(shape[i], 1);
  }
  return strides;
}

/** True when the elements lie row by row without gaps; dimensions of size 1 do not count. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 1) continue;
    if (shape[i] === 0) return true;
    if (strides[i] !== step) return false;
    step *= shape[i];
  }
  return true;
}

/** `[2, 3]`, for messages. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** True when both have the same sizes in the same order. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * The shape that all `shapes` broadcast to: aligned at the last dimension, sizes equal or 1.
 *
 * @param op name of the operation, for the message
 * @throws ShapeError when two sizes differ and neither is 1
 */
export function broadcastShapes(op: string, ...shapes: readonly Shape[]): number[] {
  let rank = 0;
  for (const shape of shapes) rank = Math.max(rank, shape.length);
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      if (shape[i] === 1 || shape[i] === out[at]) continue;
      if (out[at] !== 1) {
        throw new ShapeError(
          `Cannot ${op} ${shapes.map(showShape).join(" and ")}: sizes ${out[at]} and ${shape[i]} of dimension ` +
            `${at - rank} must be equal, or one of them 1`,
        );
      }
      out[at] = shape[i];
    }
  }
  return out;
}

/** Strides that read a tensor of `shape` and `strides` as if it had the larger shape `to`. */
export function broadcastStrides(shape: Shape, strides: readonly number[], to: Shape): number[] {
  const lead = to.length - shape.length;
  return to.map((size, i) => i < lead || (shape[i - lead] === 1 && size !== 1) ? 0 : strides[i - lead]);
}

/**
 * A dimension number in `[0, rank)`; negative ones count from the end.
 *
 * @throws ShapeError when it is outside `[-rank, rank)`; a 0-dimensional tensor takes 0 and -1
 */
export function normalizeDim(op: string, dim: number, rank: number): number {
  const n = Math.max(rank, 1);
  if (!Number.isInteger(dim) || dim < -n || dim >= n) {
    throw new ShapeError(`Cannot ${op} over dim ${dim}: dim must be an integer in [${-n}, ${n - 1}]`);
  }
  return dim < 0 ? dim + n : dim;
}

/**
 * Sorted dimension numbers without repetition; all of them for `null` or an empty list.
 *
 * @throws ShapeError when one is out of range or given twice
 */
export function normalizeDims(op: string, dims: number | readonly number[] | null | undefined, rank: number): number[] {
  if (dims === null || dims === undefined || (typeof dims !== "number" && dims.length === 0)) {
    return Array.from({ length: rank }, (_, i) => i);
  }
  const list = (typeof dims === "number" ? [dims] : [...dims]).map((d) => normalizeDim(op, d, rank));
  if (new Set(list).size !== list.length) {
    throw new ShapeError(`Cannot ${op} over dims ${showShape(list)}: give each once`);
  }
  return rank === 0 ? [] : list.sort((a, b) => a - b);
}

/** `shape` with the sizes of `dims` set to 1 (`keepdim`) or left out. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  const gone = new Set(dims);
  return keepdim ? shape.map((s, i) => gone.has(i) ? 1 : s) : shape.filter((_, i) => !gone.has(i));
}

/**
 * A shape in which one size may be -1, to be derived from the number of elements.
 *
 * @throws ShapeError when the sizes do not give `numel`
 */
export function inferSize(op: string, wanted: Shape, numel: number): number[] {
  const open = wanted.indexOf(-1);
  const known = wanted.reduce((n, s, i) => i === open ? n : n * s, 1);
  const bad = wanted.some((s, i) => i !== open && (s < 0 || !Number.isInteger(s)));
  const fits = open < 0 ? known === numel : known > 0 && numel % known === 0;
  if (bad || !fits) {
    throw new ShapeError(`Cannot ${op} ${numel} elements to ${showShape(wanted)}: the sizes must multiply to ${numel}`);
  }
  return wanted.map((s, i) => i === open ? numel / known : s);
}

/**
 * Strides that show the same elements in another shape without a copy, or null when there are none.
 * Dimensions that lie one after the other in memory are merged, then divided anew.
 */
export function viewStrides(shape: Shape, strides: readonly number[], to: Shape): number[] | null {
  if (numelOf(shape) === 0) return contiguousStrides(to);
  const out = new Array<number>(to.length).fill(1);
  let at = to.length - 1;
  for (let i = shape.length - 1; i >= 0;) {
    let size = shape[i];
    const base = strides[i];
    let first = i;
    while (first > 0 && (shape[first - 1] === 1 || strides[first - 1] === base * size)) {
      first--;
      size *= shape[first];
    }
    if (size === 1) {
      i = first - 1;
      continue;
    }
    let filled = 1;
    while (at >= 0 && (filled < size || to[at] === 1)) {
      out[at] = base * filled;
      filled *= to[at];
      at--;
    }
    if (filled !== size) return null;
    i = first - 1;
  }
  return out;
}
