/** @file Views as functions that read and write numbers. */

import type { View } from "../../../tensor/device.ts";
import { type Reader, reader, type Writer, writer } from "../../../tensor/host.ts";
import { broadcastStrides, contiguousStrides, isContiguous, type Shape } from "../../../tensor/shape.ts";
import type { Heap } from "../heap.ts";

/** Strides that step through `view` as if it had the shape `to`. */
export function stridesFor(view: View, to: Shape): number[] {
  return broadcastStrides(view.shape, view.strides, to);
}

/** Reads elements of a view's storage by index in the storage. */
export function readerOf(heap: Heap, view: View): Reader {
  return reader(heap.array(view.storage), view.dtype);
}

/** Writes elements of a view's storage by index in the storage. */
export function writerOf(heap: Heap, view: View): Writer {
  return writer(heap.array(view.storage), view.dtype);
}

/** All elements of a view, row by row, as numbers. */
export function numbersOf(heap: Heap, view: View): Float64Array {
  const read = readerOf(heap, view);
  let n = 1;
  for (const s of view.shape) n *= s;
  const out = new Float64Array(n);
  if (isContiguous(view.shape, view.strides)) {
    for (let i = 0; i < n; i++) out[i] = read(view.offset + i);
    return out;
  }
  const rows = contiguousStrides(view.shape);
  const { shape, strides, offset } = view;
  const rank = shape.length;
  for (let i = 0; i < n; i++) {
    let at = offset;
    for (let d = 0; d < rank; d++) at += (Math.floor(i / rows[d]) % shape[d]) * strides[d];
    out[i] = read(at);
  }
  return out;
}

/** Rounds to the precision that a dtype computes in: float32 for all but float64. */
export function rounding(view: View): (v: number) => number {
  return view.dtype.name === "float64" ? (v) => v : Math.fround;
}
