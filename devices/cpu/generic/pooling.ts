/** @file Max-pooling in one to three spatial dimensions. */

import type { PoolParams, View } from "../../../tensor/device.ts";
import type { Heap } from "../heap.ts";
import { numbersOf, writerOf } from "./access.ts";

function pad3(list: readonly number[], value: number): number[] {
  return [...new Array<number>(3 - list.length).fill(value), ...list];
}

/** Largest element of each window and its place in the flattened plane. */
export function maxPool(heap: Heap, x: View, out: View, indices: View, p: PoolParams): void {
  const xs = numbersOf(heap, x);
  const [D, H, W] = pad3(x.shape.slice(2), 1), [OD, OH, OW] = pad3(out.shape.slice(2), 1);
  const kernel = pad3(p.kernel, 1),
    stride = pad3(p.stride, 1),
    padding = pad3(p.padding, 0),
    dilation = pad3(p.dilation, 1);
  const planes = x.shape[0] * x.shape[1];
  const write = writerOf(heap, out), writeIndex = writerOf(heap, indices);
  const window = (o: number, d: number, size: number): number[] => {
    const places: number[] = [];
    for (let k = 0; k < kernel[d]; k++) {
      const at = o * stride[d] - padding[d] + k * dilation[d];
      if (at >= 0 && at < size) places.push(at);
    }
    return places;
  };
  let y = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let od = 0; od < OD; od++) {
      const ds = window(od, 0, D);
      for (let oh = 0; oh < OH; oh++) {
        const hs = window(oh, 1, H);
        for (let ow = 0; ow < OW; ow++, y++) {
          let best = -1, top = -Infinity;
          for (const d of ds) {
            for (const h of hs) {
              for (const w of window(ow, 2, W)) {
                const at = (d * H + h) * W + w;
                const v = xs[plane * D * H * W + at];
                if (best < 0 || v > top || (v !== v && top === top)) {
                  best = at;
                  top = v;
                }
              }
            }
          }
          write(out.offset + y, top);
          writeIndex(indices.offset + y, best);
        }
      }
    }
  }
}

/** Adds each gradient at the place that its maximum came from. */
export function maxPoolGrad(heap: Heap, g: View, indices: View, out: View): void {
  const gs = numbersOf(heap, g), at = numbersOf(heap, indices);
  const planes = out.shape[0] * out.shape[1];
  const size = out.shape.slice(2).reduce((a, s) => a * s, 1), windows = gs.length / planes;
  const xs = new Float64Array(planes * size);
  for (let i = 0; i < gs.length; i++) xs[Math.floor(i / windows) * size + at[i]] += gs[i];
  const write = writerOf(heap, out);
  for (let i = 0; i < xs.length; i++) write(out.offset + i, xs[i]);
}
