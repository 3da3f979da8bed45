/** @file Stochastic gradient descent. */

import type { SgdParams, View } from "../../../tensor/device.ts";
import type { Heap } from "../heap.ts";
import { readerOf, rounding, writerOf } from "./access.ts";

/** One step; every operation is rounded to the parameter's precision, as PyTorch's separate operations are. */
export function sgd(heap: Heap, param: View, grad: View, buffer: View | null, p: SgdParams): void {
  const round = rounding(param);
  const readP = readerOf(heap, param), writeP = writerOf(heap, param), readG = readerOf(heap, grad);
  const readB = buffer && readerOf(heap, buffer), writeB = buffer && writerOf(heap, buffer);
  const n = param.shape.reduce((a, s) => a * s, 1);
  for (let i = 0; i < n; i++) {
    const w = readP(param.offset + i);
    let d = readG(grad.offset + i);
    if (p.maximize) d = -d;
    if (p.weight_decay !== 0) d = round(d + p.weight_decay * w);
    if (buffer && readB && writeB) {
      const b = p.first ? d : round(round(readB(buffer.offset + i) * p.momentum) + (1 - p.dampening) * d);
      writeB(buffer.offset + i, b);
      d = p.nesterov ? round(d + p.momentum * b) : b;
    }
    writeP(param.offset + i, round(w - p.lr * d));
  }
}
