/** @file Convolutions of stride 1 in two dimensions and their gradients, straight from a padded copy of each image. */

import type { ConvParams, View } from "../../../tensor/device.ts";
import { addressOf, isPlain, type Runner } from "./access.ts";

/** Images in a chunk are chosen so that there are at most this many. */
const CHUNKS = 32;
/** Chunks of the weight gradient: each has sums of its own. */
const GRAD_CHUNKS = 8;
/** Tables of offsets that are kept. */
const TABLES = 64;

/** One of the groups of a convolution; C and O are those of the group. */
interface Geometry {
  readonly N: number;
  readonly groups: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly O: number;
  readonly OH: number;
  readonly OW: number;
  readonly kernel: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** The geometry when the native kernels can do it: two dimensions, stride 1, float32 without gaps, no empty size. */
function geometry(x: View, weight: View, y: View, p: ConvParams): Geometry | null {
  if (x.shape.length !== 4 || p.stride.some((s) => s !== 1) || ![x, weight, y].every(isPlain)) return null;
  if ([...x.shape, ...weight.shape, ...y.shape].includes(0)) return null;
  const [N, , H, W] = x.shape, [O, C, ...kernel] = weight.shape, [, , OH, OW] = y.shape;
  const { groups, padding, dilation } = p;
  return { N, groups, C, H, W, O: O / groups, OH, OW, kernel, padding, dilation };
}

/** Tables of byte offsets by geometry; one set for each heap. */
const tables = new WeakMap<Runner["heap"], Map<string, [address: number, bytes: number]>>();

/** Offsets of `channels * kh * kw` taps into a padded image, filled up to a multiple of 6 with zeros. */
function offsetTable({ heap }: Runner, channels: number, PH: number, PW: number, g: Geometry): number {
  let known = tables.get(heap);
  if (!known) tables.set(heap, known = new Map());
  const key = [channels, PH, PW, ...g.kernel, ...g.dilation].join();
  const found = known.get(key);
  if (found) return found[0];
  if (known.size >= TABLES) {
    for (const [address, bytes] of known.values()) heap.freeBytes(address, bytes);
    known.clear();
  }
  const [kh, kw] = g.kernel, [dh, dw] = g.dilation;
  const offsets: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) offsets.push(((c * PH + i * dh) * PW + j * dw) * 4);
    }
  }
  while (offsets.length % 6 > 0) offsets.push(0);
  const bytes = offsets.length * 4, address = heap.allocBytes(bytes);
  new Uint32Array(heap.memory.buffer, address, offsets.length).set(offsets);
  known.set(key, [address, bytes]);
  return address;
}

/** Runs `f` with memory of the heap that is given back afterwards. */
function withBytes({ heap }: Runner, bytes: number, f: (address: number) => void): void {
  const address = heap.allocBytes(bytes);
  try {
    f(address);
  } finally {
    heap.freeBytes(address, bytes);
  }
}

/** `out = x * weight + bias`; false when the generic kernel must do it. */
export function conv(runner: Runner, x: View, weight: View, bias: View | null, out: View, p: ConvParams): boolean {
  const g = geometry(x, weight, out, p);
  if (!g || g.OW < 8 || (bias && !isPlain(bias))) return false;
  const { heap, pool } = runner, { N, C, H, W, O, OH, OW } = g, [padH, padW] = g.padding;
  const K = C * g.kernel[0] * g.kernel[1], PH = H + 2 * padH, PW = W + 2 * padW;
  const from = addressOf(heap, x), w = addressOf(heap, weight), to = addressOf(heap, out);
  const b = bias ? addressOf(heap, bias) : 0;
  const table = offsetTable(runner, C, PH, PW, g);
  withBytes(runner, O * K * 4, (packed) => {
    for (let i = 0; i < g.groups; i++) {
      pool.call("packWeights", [w + i * O * K * 4, O, K, K, packed]);
      const source = [from + i * C * H * W * 4, g.groups * C * H * W, C, H, W, padH, padW];
      const target = [to + i * O * OH * OW * 4, g.groups * O * OH * OW, OH, OW, b ? b + i * O * 4 : 0];
      const args = [...source, packed, O, K, table, ...target];
      pool.run("conv", 0, N, Math.ceil(N / CHUNKS), C * PH * PW * 4 + 128, args);
    }
  });
  return true;
}

/** The input gradient: a convolution of `g` with the reversed weights. */
export function convInputGrad(runner: Runner, grad: View, weight: View, out: View, p: ConvParams): boolean {
  const g = geometry(out, weight, grad, p);
  if (!g || g.W < 8) return false;
  const padH = g.dilation[0] * (g.kernel[0] - 1) - g.padding[0],
    padW = g.dilation[1] * (g.kernel[1] - 1) - g.padding[1];
  if (padH < 0 || padW < 0) return false;
  const { heap, pool } = runner, { N, C, H, W, O, OH, OW } = g;
  const taps = g.kernel[0] * g.kernel[1], K = O * taps, PH = OH + 2 * padH, PW = OW + 2 * padW;
  const from = addressOf(heap, grad), w = addressOf(heap, weight), to = addressOf(heap, out);
  const table = offsetTable(runner, O, PH, PW, g);
  withBytes(runner, C * K * 4, (packed) => {
    for (let i = 0; i < g.groups; i++) {
      pool.call("packReversed", [w + i * C * K * 4, O, C, taps, packed]);
      const source = [from + i * O * OH * OW * 4, g.groups * O * OH * OW, O, OH, OW, padH, padW];
      const target = [to + i * C * H * W * 4, g.groups * C * H * W, H, W, 0];
      pool.run("conv", 0, N, Math.ceil(N / CHUNKS), O * PH * PW * 4 + 128, [...source, packed, C, K, table, ...target]);
    }
  });
  return true;
}

/** The weight gradient, from sums over runs of images that are added in their order. */
export function convWeightGrad(runner: Runner, grad: View, x: View, out: View, p: ConvParams): boolean {
  const g = geometry(x, out, grad, p);
  if (!g) return false;
  const { heap, pool } = runner, { N, C, H, W, O, OH, OW } = g, [padH, padW] = g.padding;
  const K = C * g.kernel[0] * g.kernel[1], PH = H + 2 * padH, PW = W + 2 * padW;
  const from = addressOf(heap, x), gradient = addressOf(heap, grad), to = addressOf(heap, out);
  const table = offsetTable(runner, C, PH, PW, g);
  const grain = Math.ceil(N / GRAD_CHUNKS), chunks = Math.ceil(N / grain);
  const bytes = chunks * Math.ceil(O / 2) * Math.ceil(K / 6) * 192;
  const scratch = (C * PH * PW + O * (OH * PW + 4)) * 4 + 512;
  withBytes(runner, bytes, (sums) => {
    for (let i = 0; i < g.groups; i++) {
      const source = [from + i * C * H * W * 4, g.groups * C * H * W, C, H, W, padH, padW];
      const gradients = [gradient + i * O * OH * OW * 4, g.groups * O * OH * OW, O, OH, OW];
      pool.run("convWeightGrad", 0, N, grain, scratch, [...source, ...gradients, K, table, sums]);
      pool.run("addWeightGrads", 0, O, 8, 0, [O, K, sums, chunks, to + i * O * K * 4]);
    }
  });
  return true;
}
