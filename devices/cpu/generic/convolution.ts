/** @file Convolution in one to three spatial dimensions, and its two gradients, by the definition. */

import type { ConvParams, View } from "../../../tensor/device.ts";
import type { Heap } from "../heap.ts";
import { numbersOf, writerOf } from "./access.ts";

/** Sizes with the spatial ones padded to three in front, so that one loop serves all ranks. */
interface Geometry {
  N: number;
  C: number;
  O: number;
  groups: number;
  inner: number[];
  kernel: number[];
  outer: number[];
  stride: number[];
  padding: number[];
  dilation: number[];
}

function pad3(list: readonly number[], value: number): number[] {
  return [...new Array<number>(3 - list.length).fill(value), ...list];
}

function geometry(
  xShape: readonly number[],
  wShape: readonly number[],
  yShape: readonly number[],
  p: ConvParams,
): Geometry {
  return {
    N: xShape[0],
    C: xShape[1],
    O: wShape[0],
    groups: p.groups,
    inner: pad3(xShape.slice(2), 1),
    kernel: pad3(wShape.slice(2), 1),
    outer: pad3(yShape.slice(2), 1),
    stride: pad3(p.stride, 1),
    padding: pad3(p.padding, 0),
    dilation: pad3(p.dilation, 1),
  };
}

/** Calls `f` with the indices into `x`, `weight` and `y` of every product of the convolution. */
function forEachProduct(g: Geometry, f: (x: number, w: number, y: number) => void): void {
  const [D, H, W] = g.inner, [KD, KH, KW] = g.kernel, [OD, OH, OW] = g.outer;
  const perGroup = g.C / g.groups, outs = g.O / g.groups;
  const place = (o: number, k: number, d: number) => o * g.stride[d] - g.padding[d] + k * g.dilation[d];
  for (let n = 0; n < g.N; n++) {
    for (let o = 0; o < g.O; o++) {
      const first = Math.floor(o / outs) * perGroup;
      for (let c = 0; c < perGroup; c++) {
        for (let kd = 0; kd < KD; kd++) {
          for (let kh = 0; kh < KH; kh++) {
            for (let kw = 0; kw < KW; kw++) {
              const w = (((o * perGroup + c) * KD + kd) * KH + kh) * KW + kw;
              for (let od = 0; od < OD; od++) {
                const d = place(od, kd, 0);
                if (d < 0 || d >= D) continue;
                for (let oh = 0; oh < OH; oh++) {
                  const h = place(oh, kh, 1);
                  if (h < 0 || h >= H) continue;
                  const x = (((n * g.C + first + c) * D + d) * H + h) * W;
                  const y = (((n * g.O + o) * OD + od) * OH + oh) * OW;
                  for (let ow = 0; ow < OW; ow++) {
                    const v = place(ow, kw, 2);
                    if (v >= 0 && v < W) f(x + v, w, y + ow);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

function store(heap: Heap, out: View, values: Float64Array): void {
  const write = writerOf(heap, out);
  for (let i = 0; i < values.length; i++) write(out.offset + i, values[i]);
}

/** `out = x * weight + bias`. */
export function conv(heap: Heap, x: View, weight: View, bias: View | null, out: View, p: ConvParams): void {
  const xs = numbersOf(heap, x), ws = numbersOf(heap, weight);
  const ys = new Float64Array(out.shape.reduce((a, s) => a * s, 1));
  if (bias) {
    const bs = numbersOf(heap, bias);
    const plane = ys.length / (out.shape[0] * out.shape[1]);
    for (let i = 0; i < ys.length; i++) ys[i] = bs[Math.floor(i / plane) % bs.length];
  }
  forEachProduct(geometry(x.shape, weight.shape, out.shape, p), (i, w, y) => {
    ys[y] += xs[i] * ws[w];
  });
  store(heap, out, ys);
}

/** `dX`: every product's share of `g` goes back to its `x`. */
export function convInputGrad(heap: Heap, g: View, weight: View, out: View, p: ConvParams): void {
  const gs = numbersOf(heap, g), ws = numbersOf(heap, weight);
  const xs = new Float64Array(out.shape.reduce((a, s) => a * s, 1));
  forEachProduct(geometry(out.shape, weight.shape, g.shape, p), (i, w, y) => {
    xs[i] += gs[y] * ws[w];
  });
  store(heap, out, xs);
}

/** `dW`: every product's share of `g` goes back to its weight. */
export function convWeightGrad(heap: Heap, g: View, x: View, out: View, p: ConvParams): void {
  const gs = numbersOf(heap, g), xs = numbersOf(heap, x);
  const ws = new Float64Array(out.shape.reduce((a, s) => a * s, 1));
  forEachProduct(geometry(x.shape, out.shape, g.shape, p), (i, w, y) => {
    ws[w] += gs[y] * xs[i];
  });
  store(heap, out, ws);
}
