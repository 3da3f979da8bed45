/** @file Reductions and max-pooling on plain float32 blocks. */

import type { PoolParams, ReduceKind, View } from "../../../tensor/device.ts";
import { addressOf, channelsOf, count, GRAIN, isPlain, type Runner, runRows } from "./access.ts";

/** Combines the parts of a whole tensor, each a float64, in their order. */
function reduceAll(runner: Runner, kind: "sum" | "amax" | "amin", x: View, out: View): void {
  const { heap, pool } = runner, n = count(x.shape), sign = kind === "amin" ? -1 : 1;
  const from = addressOf(heap, x), to = addressOf(heap, out);
  const grain = Math.max(GRAIN, Math.ceil(n / 4095)), chunks = Math.ceil(n / grain);
  const parts = heap.allocBytes(chunks * 8);
  try {
    if (kind === "sum") pool.run("sumPart", 0, n, grain, 0, [from, parts]);
    else pool.run("extremePart", 0, n, grain, 0, [from, sign, parts]);
    const values = new Float64Array(heap.memory.buffer, parts, chunks);
    let result = kind === "sum" ? 0 : -Infinity;
    for (const v of values) result = kind === "sum" ? result + v : Math.max(result, v);
    new Float32Array(heap.memory.buffer, to, 1)[0] = kind === "sum" ? result : result * sign;
  } finally {
    heap.freeBytes(parts, chunks * 8);
  }
}

/** Sums and extrema over leading and trailing dimensions; false when the generic kernel must do it. */
export function reduce(runner: Runner, kind: ReduceKind, x: View, out: View): boolean {
  if (kind !== "sum" && kind !== "amax" && kind !== "amin") return false;
  if (!isPlain(x) || !isPlain(out) || count(x.shape) === 0) return false;
  const { heap } = runner, sign = kind === "amin" ? -1 : 1;
  if (count(out.shape) === 1) {
    reduceAll(runner, kind, x, out);
    return true;
  }
  const split = channelsOf(out, x.shape);
  if (!split) return false;
  const [outer, channels, inner] = split, from = addressOf(heap, x), to = addressOf(heap, out);
  if (kind !== "sum") {
    if (outer > 1) return false;
    runRows(runner, "extremeRows", channels, inner, [from, inner, sign, to]);
  } else if (inner > 1) runRows(runner, "sumChannels", channels, outer * inner, [from, outer, channels, inner, to]);
  else runRows(runner, "sumColumns", Math.ceil(channels / 4), outer * 4, [from, outer, channels, to]);
  return true;
}

/** Max-pooling with the usual window of 2 x 2. */
export function maxPool(runner: Runner, x: View, out: View, indices: View, p: PoolParams): boolean {
  if (x.shape.length !== 4 || !isPlain(x) || !isPlain(out) || indices.dtype.name !== "int32") return false;
  const all = (list: readonly number[], value: number) => list.every((v) => v === value);
  if (!all(p.kernel, 2) || !all(p.stride, 2) || !all(p.padding, 0) || !all(p.dilation, 1)) return false;
  const [N, C, H, W] = x.shape, [, , OH, OW] = out.shape;
  if (OH !== H >> 1 || OW !== W >> 1) return false;
  const [from, to, places] = [x, out, indices].map((v) => addressOf(runner.heap, v));
  runRows(runner, "maxPool2", N * C, H * W, [from, H, W, to, places]);
  return true;
}

/** Gradient of any max-pooling. */
export function maxPoolGrad(runner: Runner, g: View, indices: View, out: View): boolean {
  if (!isPlain(g) || !isPlain(out) || indices.dtype.name !== "int32") return false;
  const planes = out.shape[0] * out.shape[1];
  if (count(out.shape) === 0) return false;
  const size = count(out.shape) / planes, windows = count(g.shape) / planes;
  const [from, places, to] = [g, indices, out].map((v) => addressOf(runner.heap, v));
  runRows(runner, "maxPoolGrad", planes, size, [from, places, windows, to, size]);
  return true;
}
