/** @file Matrix products with any strides, by packed blocks. */

import type { View } from "../../../tensor/device.ts";
import { broadcastStrides } from "../../../tensor/shape.ts";
import { addressOf, count, isPlain, type Runner } from "./access.ts";

/** Bytes of scratch memory of the native kernel: a packed block, a panel, a tile. */
const SCRATCH = (192 * 512 + 8 * 512 + 64) * 4;
/** Products in a chunk, at least; about 100 microseconds. */
const WORK = 2 ** 21;

/** A matrix by the address of its first element and its strides in elements. */
export interface Matrix {
  readonly address: number;
  readonly row: number;
  readonly column: number;
}

/** Splits `n` rows or columns into parts of a multiple of `unit`, 16 at most and none with little work. */
function grainOf(n: number, unit: number, perItem: number): number {
  const parts = Math.max(1, Math.min(16, Math.floor((n * perItem) / WORK)));
  return Math.ceil(n / parts / unit) * unit;
}

/** `out[M, N] = a b (+ bias of each column)`, `out` and `bias` being addresses (0: no bias). */
export function gemm(
  runner: Runner,
  [M, N, K]: readonly [number, number, number],
  a: Matrix,
  b: Matrix,
  out: number,
  bias: number,
): void {
  const byRows = M > 4 * N || (N < 64 && M > N);
  const args = [byRows ? 1 : 0, M, N, K, a.address, a.row, a.column, b.address, b.row, b.column, out, bias];
  const grain = byRows ? grainOf(M, 24, N * K) : grainOf(N, 8, M * K);
  runner.pool.run("gemm", 0, byRows ? M : N, grain, SCRATCH, args);
}

/** `out = a b (+ bias)` for float32 matrices and batches of them; false when the generic kernel must do it. */
export function matmul(runner: Runner, a: View, b: View, bias: View | null, out: View): boolean {
  const views = bias ? [a, b, bias] : [a, b];
  if (views.some((v) => v.dtype.name !== "float32") || !isPlain(out) || (bias && !isPlain(bias))) return false;
  const rank = out.shape.length;
  if (a.shape.length < 2 || b.shape.length < 2 || rank < 2) return false;
  const M = out.shape[rank - 2], N = out.shape[rank - 1], K = a.shape[a.shape.length - 1];
  if (M * N * K === 0 || (bias && count(bias.shape) !== N)) return false;
  const { heap } = runner;
  const batch = out.shape.slice(0, -2);
  const stepsA = broadcastStrides(a.shape.slice(0, -2), a.strides.slice(0, -2), batch);
  const stepsB = broadcastStrides(b.shape.slice(0, -2), b.strides.slice(0, -2), batch);
  const [rowA, columnA] = a.strides.slice(-2), [rowB, columnB] = b.strides.slice(-2);
  const atA = addressOf(heap, a), atB = addressOf(heap, b), to = addressOf(heap, out);
  const atBias = bias ? addressOf(heap, bias) : 0;
  const n = count(batch);
  for (let i = 0; i < n; i++) {
    let offsetA = 0, offsetB = 0, rest = i;
    for (let d = batch.length - 1; d >= 0; d--) {
      const at = rest % batch[d];
      rest = (rest - at) / batch[d];
      offsetA += at * stepsA[d];
      offsetB += at * stepsB[d];
    }
    const left = { address: atA + offsetA * 4, row: rowA, column: columnA };
    const right = { address: atB + offsetB * 4, row: rowB, column: columnB };
    gemm(runner, [M, N, K], left, right, to + i * M * N * 4, atBias);
  }
  return true;
}
