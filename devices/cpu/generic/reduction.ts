/** @file Reductions along dimensions, arg-max, softmax. */

import type { ReduceKind, View } from "../../../tensor/device.ts";
import { forEachOffset } from "../../../tensor/host.ts";
import { broadcastStrides } from "../../../tensor/shape.ts";
import type { Heap } from "../heap.ts";
import { numbersOf, readerOf, writerOf } from "./access.ts";

const starts: { readonly [K in ReduceKind]: number } = {
  sum: 0,
  prod: 1,
  amax: -Infinity,
  amin: Infinity,
  any: 0,
  all: 1,
};

const steps: { readonly [K in ReduceKind]: (acc: number, v: number) => number } = {
  sum: (a, v) => a + v,
  prod: (a, v) => a * v,
  amax: (a, v) => v > a || v !== v ? v : a,
  amin: (a, v) => v < a || v !== v ? v : a,
  any: (a, v) => a !== 0 || v !== 0 ? 1 : 0,
  all: (a, v) => a !== 0 && v !== 0 ? 1 : 0,
};

/** Accumulates in float64, in the order of the elements. */
export function reduce(heap: Heap, kind: ReduceKind, x: View, _dims: readonly number[], out: View): void {
  const n = out.shape.reduce((a, s) => a * s, 1);
  const acc = new Float64Array(n).fill(starts[kind]);
  const step = steps[kind];
  const read = readerOf(heap, x);
  const rows = broadcastStrides(out.shape, out.strides, x.shape);
  forEachOffset(x.shape, [x.strides, rows], [x.offset, 0], (_, at, to) => {
    // a NaN that has been found stays: the comparison with it is false
    acc[to] = step(acc[to], read(at));
  });
  const write = writerOf(heap, out);
  for (let i = 0; i < n; i++) write(out.offset + i, acc[i]);
}

/** Splits a shape at `dim` into the products before it, of it and behind it. */
export function around(shape: readonly number[], dim: number): [outer: number, size: number, inner: number] {
  const product = (list: readonly number[]) => list.reduce((a, s) => a * s, 1);
  return shape.length === 0 ? [1, 1, 1] : [product(shape.slice(0, dim)), shape[dim], product(shape.slice(dim + 1))];
}

/** First largest or smallest; NaN wins. */
export function argReduce(heap: Heap, kind: "argmax" | "argmin", x: View, dim: number, out: View): void {
  const values = numbersOf(heap, x);
  const [outer, size, inner] = around(x.shape, dim);
  const sign = kind === "argmax" ? 1 : -1;
  const write = writerOf(heap, out);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let best = 0, top = NaN;
      for (let k = 0; k < size; k++) {
        const v = sign * values[(o * size + k) * inner + i];
        if (k === 0 || v > top || (v !== v && top === top)) {
          best = k;
          top = v;
        }
      }
      write(out.offset + o * inner + i, best);
    }
  }
}

/** Softmax or its logarithm. */
export function softmax(heap: Heap, x: View, out: View, dim: number, log: boolean): void {
  const values = numbersOf(heap, x);
  const [outer, size, inner] = around(x.shape, dim);
  const write = writerOf(heap, out);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (k: number) => (o * size + k) * inner + i;
      let max = -Infinity;
      for (let k = 0; k < size; k++) max = Math.max(max, values[at(k)]);
      let sum = 0;
      for (let k = 0; k < size; k++) sum += Math.exp(values[at(k)] - max);
      const logSum = Math.log(sum);
      for (let k = 0; k < size; k++) {
        const v = values[at(k)] - max;
        write(out.offset + at(k), log ? v - logSum : Math.exp(v) / sum);
      }
    }
  }
}

/** `log`: `g - exp(y) * sum(g)`; otherwise `y * (g - sum(g * y))`. */
export function softmaxGrad(heap: Heap, y: View, g: View, out: View, dim: number, log: boolean): void {
  const ys = numbersOf(heap, y), gs = numbersOf(heap, g);
  const [outer, size, inner] = around(y.shape, dim);
  const write = writerOf(heap, out);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (k: number) => (o * size + k) * inner + i;
      let sum = 0;
      for (let k = 0; k < size; k++) sum += log ? gs[at(k)] : gs[at(k)] * ys[at(k)];
      for (let k = 0; k < size; k++) {
        const j = at(k);
        write(out.offset + j, log ? gs[j] - Math.exp(ys[j]) * sum : ys[j] * (gs[j] - sum));
      }
    }
  }
}
