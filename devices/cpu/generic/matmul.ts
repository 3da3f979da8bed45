/** @file Matrix products. */

import type { View } from "../../../tensor/device.ts";
import type { Heap } from "../heap.ts";
import { numbersOf, stridesFor, writerOf } from "./access.ts";

/** Batched matrix product with broadcasting of the leading dimensions; accumulates in float64. */
export function matmul(heap: Heap, a: View, b: View, bias: View | null, out: View): void {
  const lead = out.shape.slice(0, -2);
  const [M, N] = out.shape.slice(-2);
  const K = a.shape[a.shape.length - 1];
  const expand = (v: View, rows: number, cols: number) => {
    const shape = [...lead, rows, cols];
    return numbersOf(heap, { ...pick(v), shape, strides: stridesFor(v, shape) });
  };
  const A = expand(a, M, K), B = expand(b, K, N);
  const extra = bias ? numbersOf(heap, bias) : null;
  const write = writerOf(heap, out);
  const batches = lead.reduce((n, s) => n * s, 1);
  const row = new Float64Array(N);
  for (let batch = 0; batch < batches; batch++) {
    for (let m = 0; m < M; m++) {
      row.fill(0);
      for (let k = 0; k < K; k++) {
        const v = A[(batch * M + m) * K + k];
        const at = (batch * K + k) * N;
        for (let n = 0; n < N; n++) row[n] += v * B[at + n];
      }
      for (let n = 0; n < N; n++) write(out.offset + (batch * M + m) * N + n, row[n] + (extra ? extra[n] : 0));
    }
  }
}

function pick({ storage, dtype, offset }: View): Pick<View, "storage" | "dtype" | "offset"> {
  return { storage, dtype, offset };
}
