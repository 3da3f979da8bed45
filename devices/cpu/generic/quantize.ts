/** @file Fake quantization, its straight-through gradient, and histograms. */

import type { QuantParams, View } from "../../../tensor/device.ts";
import { forEachOffset } from "../../../tensor/host.ts";
import type { Heap } from "../heap.ts";
import { readerOf, rounding, stridesFor, writerOf } from "./access.ts";

/** Nearest integer, ties to the even one. */
export function roundHalfEven(v: number): number {
  const floor = Math.floor(v), rest = v - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Below this, inclusive, a range counts as empty. */
const TINY = 2 ** -24;

// Math.min and Math.max keep NaN; a bound pair with min > max gives max
function clamp(v: number, min: number, max: number): number {
  return Math.min(Math.max(v, min), max);
}

/** One element; `round` and `roundScale` round to the computing precision after each step. */
function quantizeOne(
  x: number,
  amax: number,
  p: QuantParams,
  round: (v: number) => number,
  roundScale: (v: number) => number,
): number {
  const empty = amax <= TINY;
  if (p.mode === "scale") {
    const scale = empty ? 0 : roundScale(p.maxBound / amax);
    const q = clamp(roundHalfEven(round(x * scale)), p.minBound, p.maxBound);
    return p.output === "code" ? q : round(q / (empty ? 1 : scale));
  }
  const step = roundScale(amax / p.maxBound);
  const q = empty ? (x !== x ? x : 0) : clamp(roundHalfEven(round(x / step)), p.minBound, p.maxBound);
  return p.output === "code" ? q : round(q * step);
}

/** Rounds `x` to the codes that `amax` spans. */
export function fakeQuant(heap: Heap, x: View, amax: View, out: View, p: QuantParams): void {
  const read = readerOf(heap, x), range = readerOf(heap, amax), write = writerOf(heap, out);
  const strides = [out.strides, stridesFor(x, out.shape), stridesFor(amax, out.shape)];
  const round = rounding(x);
  const roundScale = rounding(amax); // a float32 amax has its scale in float32, also for float64 inputs
  forEachOffset(out.shape, strides, [out.offset, x.offset, amax.offset], (_, to, at, a) => {
    write(to, quantizeOne(read(at), range(a), p, round, roundScale));
  });
}

/** `g` where `|x| <= amax`. */
export function fakeQuantGrad(heap: Heap, g: View, x: View, amax: View, out: View): void {
  const grads = readerOf(heap, g), read = readerOf(heap, x), range = readerOf(heap, amax), write = writerOf(heap, out);
  const places = new Int32Array(out.shape.reduce((n, s) => n * s, 1));
  forEachOffset(out.shape, [stridesFor(g, out.shape)], [g.offset], (i, at) => {
    places[i] = at;
  });
  const strides = [out.strides, stridesFor(x, out.shape), stridesFor(amax, out.shape)];
  forEachOffset(out.shape, strides, [out.offset, x.offset, amax.offset], (i, to, at, a) => {
    write(to, Math.abs(read(at)) <= range(a) ? grads(places[i]) : 0);
  });
}

/** Counts in float32 arithmetic, as PyTorch's histc. */
export function histogram(heap: Heap, x: View, out: View, min: number, max: number): void {
  const read = readerOf(heap, x), write = writerOf(heap, out);
  const bins = out.shape[0];
  const counts = new Float64Array(bins);
  const round = rounding(x);
  const width = round(max - min);
  forEachOffset(x.shape, [x.strides], [x.offset], (_, at) => {
    const v = read(at);
    if (!(v >= min && v <= max)) return;
    const bin = Math.trunc(round(round(round(v - min) / width) * bins));
    counts[Math.min(bin, bins - 1)]++;
  });
  for (let i = 0; i < bins; i++) write(out.offset + i, counts[i]);
}
