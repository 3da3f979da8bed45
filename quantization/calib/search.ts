/** @file The searches for the best `amax` in a histogram of absolute values: percentile, mean squared error, entropy. */

import { DTypeError, ShapeError, ValueError } from "../../tensor/errors.ts";
import type { NumBits } from "../quant_descriptor.ts";
import { quantizerOf } from "../utils/scalar_quant.ts";

/** How many elements fell between neighbouring edges. */
export interface Histogram {
  /** Counts; exact integers. */
  readonly counts: Float64Array;
  /** Float32 bin edges, ascending, at least one more than counts. */
  readonly edges: Float32Array;
}

/** Where the error and entropy searches look. */
export interface SearchOptions {
  readonly num_bits: NumBits;
  readonly unsigned: boolean;
  /** Every `stride`-th bin is a candidate. */
  readonly stride: number;
  /** The first candidate. */
  readonly start_bin: number;
}

/**
 * The left edge of the bin in which the cumulated share of elements reaches `percentile` percent.
 *
 * @throws ValueError unless 0 <= percentile <= 100
 */
export function percentileAmax(h: Histogram, percentile: number): number {
  if (!(percentile >= 0 && percentile <= 100)) {
    throw new ValueError(`Cannot compute_amax of percentile ${percentile}: a number from 0 to 100 is needed`);
  }
  const total = h.counts.reduce((a, b) => a + b, 0);
  const wanted = percentile / 100;
  let cumulated = 0;
  let i = 0;
  for (; i < h.counts.length; i++) {
    cumulated += h.counts[i] / total;
    if (cumulated >= wanted) break;
  }
  return h.edges[i];
}

/**
 * The bin centre that, as `amax`, changes the data least: the first smallest mean of `count * (q(centre) - centre)^2`.
 *
 * @throws ShapeError when counts and edges disagree; ValueError when there is no candidate
 */
export function mseAmax(h: Histogram, o: SearchOptions): number {
  const n = h.edges.length - 1;
  if (n !== h.counts.length) {
    throw new ShapeError(
      `Cannot compute_amax mse of ${h.counts.length} counts and ${h.edges.length} edges: one more edge is needed`,
    );
  }
  checkCandidates("mse", n, o);
  const centres = Float32Array.from({ length: n }, (_, i) => Math.fround(h.edges[i] + h.edges[i + 1]) / 2);
  // empty bins add nothing to any candidate
  const used = [...h.counts.keys()].filter((i) => h.counts[i] > 0);
  const values = Float32Array.from(used, (i) => centres[i]);
  const counts = Float64Array.from(used, (i) => h.counts[i]);
  let best = -1;
  let least = Infinity;
  for (let c = o.start_bin; c < n; c += o.stride) {
    const quantize = quantizerOf(centres[c], o.num_bits, o.unsigned);
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      const e = quantize(values[i]) - values[i];
      sum += counts[i] * e * e;
    }
    if (best < 0 || sum < least) [best, least] = [c, sum];
  }
  return centres[best];
}

/**
 * The edge up to which the data, cut there and merged into as many levels as the quantizer has, loses least
 * information: the last smallest Kullback-Leibler divergence.
 *
 * For each candidate `i` the first `i` bins are the reference, with all beyond added to the last of them. They are merged
 * into levels of `i / levels` bins, and each level is spread evenly over those of its bins that are not empty.
 * With sums of `n` and `n log n` at hand a level costs the same however many bins it has.
 *
 * @throws DTypeError for floating-point quantization; ValueError when there is no candidate, or no bits
 */
export function entropyAmax(h: Histogram, o: SearchOptions): number {
  if (typeof o.num_bits !== "number") {
    throw new DTypeError(`Cannot compute_amax entropy of num_bits (${o.num_bits}): an integer is needed`);
  }
  const levels = 2 ** (o.num_bits - 1 + Number(o.unsigned));
  if (levels < 1) throw new ValueError("Cannot compute_amax entropy of 0 bits: at least 1 is needed");
  const n = h.counts.length;
  checkCandidates("entropy", n + 1, o);
  const sums = prefixSums(h.counts);
  let best = o.start_bin;
  let least = Infinity;
  for (let i = o.start_bin; i <= n; i += o.stride) {
    const kl = divergence(sums, i, levels);
    // NaN (nothing below the edge) counts as the least, as in numpy's argmin
    if (Number.isNaN(kl) || kl <= least) [best, least] = [i, Number.isNaN(kl) ? -Infinity : kl];
  }
  return h.edges[best];
}

function checkCandidates(method: string, end: number, o: SearchOptions): void {
  for (const key of ["stride", "start_bin"] as const) {
    if (!Number.isInteger(o[key]) || o[key] < (key === "stride" ? 1 : 0)) {
      throw new ValueError(`Cannot compute_amax ${method} of ${key} ${o[key]}: a whole number is needed`);
    }
  }
  if (o.start_bin >= end) {
    throw new ValueError(
      `Cannot compute_amax ${method} of start_bin ${o.start_bin}: fewer than the ${end} candidates are needed`,
    );
  }
}

const xlogx = (x: number): number => x > 0 ? x * Math.log(x) : 0;

interface PrefixSums {
  /** Counts, with the first bin's replaced by the second's: it holds too many zeros. */
  readonly counts: Float64Array;
  /** Sums of counts, of `count * log(count)`, and the number of bins that are not empty, over the first `i` bins. */
  readonly mass: Float64Array;
  readonly logs: Float64Array;
  readonly used: Int32Array;
}

function prefixSums(source: Float64Array): PrefixSums {
  const counts = source.slice();
  if (counts.length > 1) counts[0] = counts[1];
  const n = counts.length;
  const [mass, logs, used] = [new Float64Array(n + 1), new Float64Array(n + 1), new Int32Array(n + 1)];
  for (let i = 0; i < n; i++) {
    mass[i + 1] = mass[i] + counts[i];
    logs[i + 1] = logs[i] + xlogx(counts[i]);
    used[i + 1] = used[i] + (counts[i] > 0 ? 1 : 0);
  }
  return { counts, mass, logs, used };
}

/** Divergence between the first `i` bins, with the tail added to the last, and what remains of them in `levels`. */
function divergence({ counts, mass, logs, used }: PrefixSums, i: number, levels: number): number {
  const total = mass[mass.length - 1];
  const tail = total - mass[i];
  if (mass[i] === 0) return NaN;
  const lastCount = counts[i - 1];
  if (lastCount === 0 && tail > 0) return Infinity;
  const width = i / levels;
  let sum = 0;
  let average = 0;
  for (let level = 0, from = 0; from < i; level++) {
    const to = level === levels - 1 ? i : Math.max(from, Math.min(i, Math.ceil((level + 1) * width)));
    const m = mass[to] - mass[from];
    const k = used[to] - used[from];
    // a level of one bin keeps it as it is: exactly no loss
    if (k > 1) sum += logs[to] - logs[from] - m * Math.log(m / k);
    average = m / k;
    from = to;
  }
  if (tail > 0) sum += xlogx(lastCount + tail) - xlogx(lastCount) - tail * Math.log(average);
  return sum / total + Math.log(mass[i] / total);
}
