/** @file Filling, copying and functions of single elements. */

import type { ScalarFunction, View } from "../../../tensor/device.ts";
import { forEachOffset } from "../../../tensor/host.ts";
import type { Heap } from "../heap.ts";
import { readerOf, stridesFor, writerOf } from "./access.ts";

/** Sets every element of `out`. */
export function fill(heap: Heap, out: View, value: number): void {
  const write = writerOf(heap, out);
  forEachOffset(out.shape, [out.strides], [out.offset], (_, at) => write(at, value));
}

/** Copies with broadcasting and conversion; elements of equal dtype are moved without a change. */
export function copy(heap: Heap, x: View, out: View): void {
  const strides = [out.strides, stridesFor(x, out.shape)];
  const offsets = [out.offset, x.offset];
  if (x.dtype === out.dtype) {
    const from = heap.array(x.storage) as Float64Array, to = heap.array(out.storage) as Float64Array;
    return forEachOffset(out.shape, strides, offsets, (_, at, source) => {
      to[at] = from[source];
    });
  }
  const read = readerOf(heap, x), write = writerOf(heap, out);
  forEachOffset(out.shape, strides, offsets, (_, at, source) => write(at, read(source)));
}

/** Applies a function of up to three elements and its parameters. */
export function map(
  heap: Heap,
  f: ScalarFunction,
  inputs: readonly View[],
  out: View,
  params: readonly number[],
): void {
  const write = writerOf(heap, out);
  const reads = inputs.map((x) => readerOf(heap, x));
  const strides = [out.strides, ...inputs.map((x) => stridesFor(x, out.shape))];
  const offsets = [out.offset, ...inputs.map((x) => x.offset)];
  const [r0, r1, r2] = reads;
  const { js } = f;
  const [p, q, r] = params;
  if (inputs.length === 1) {
    return forEachOffset(out.shape, strides, offsets, (_, at, a) => write(at, js(r0(a), p, q, r)));
  }
  if (inputs.length === 2) {
    return forEachOffset(out.shape, strides, offsets, (_, at, a, b) => write(at, js(r0(a), r1(b), p, q)));
  }
  // three inputs: the output's place is its row-by-row index, found anew for each element
  const places = new Int32Array(out.shape.reduce((n, s) => n * s, 1));
  forEachOffset(out.shape, [out.strides], [out.offset], (i, at) => {
    places[i] = at;
  });
  forEachOffset(out.shape, strides.slice(1), offsets.slice(1), (i, a, b, c) => {
    write(places[i], js(r0(a), r1(b), r2(c), p, q));
  });
}
