/** @file Reading and adding at computed places. */

import type { View } from "../../../tensor/device.ts";
import type { Heap } from "../heap.ts";
import { numbersOf, readerOf, writerOf } from "./access.ts";
import { around } from "./reduction.ts";

/** Calls `f` with the row-by-row index of each element of `index` and the place it names in a tensor of `size` along `dim`. */
function forEachPlace(
  index: Float64Array,
  shape: readonly number[],
  target: readonly number[],
  dim: number,
  f: (i: number, at: number) => void,
) {
  const [outer, size, inner] = around(shape, dim);
  const [, full, targetInner] = around(target, dim);
  const simple = targetInner === inner && around(target, dim)[0] === outer;
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < size; k++) {
      for (let j = 0; j < inner; j++) {
        const i = (o * size + k) * inner + j;
        if (simple) f(i, (o * full + index[i]) * inner + j);
        else f(i, placeOf(i, shape, target, dim, index[i]));
      }
    }
  }
}

// index may be smaller than the target along other dimensions
function placeOf(i: number, shape: readonly number[], target: readonly number[], dim: number, k: number): number {
  let at = 0, step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const c = d === dim ? k : i % shape[d];
    i = Math.floor(i / shape[d]);
    at += c * step;
    step *= target[d];
  }
  return at;
}

/** Reads at the places that `index` names along `dim`. */
export function gather(heap: Heap, x: View, dim: number, index: View, out: View): void {
  const xs = numbersOf(heap, x), places = numbersOf(heap, index);
  const write = writerOf(heap, out);
  forEachPlace(places, index.shape, x.shape, dim, (i, at) => write(out.offset + i, xs[at]));
}

/** Adds at the places that `index` names along `dim`. */
export function scatterAdd(heap: Heap, out: View, dim: number, index: View, src: View): void {
  const values = numbersOf(heap, src), places = numbersOf(heap, index);
  const read = readerOf(heap, out), write = writerOf(heap, out);
  forEachPlace(
    places,
    index.shape,
    out.shape,
    dim,
    (i, at) => write(out.offset + at, read(out.offset + at) + values[i]),
  );
}
