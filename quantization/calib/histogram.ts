/** @file Calibration by a histogram of absolute values, searched for the range that loses least. */

import { defineOp, type OpDef } from "../../autograd/op.ts";
import { apply } from "../../autograd/tape.ts";
import { no_grad } from "../../autograd/grad_mode.ts";
import { type Device, get_default_device, type ScalarFunction } from "../../tensor/device.ts";
import { float32, int64 } from "../../tensor/dtype.ts";
import { DTypeError, ShapeError, StateError, ValueError } from "../../tensor/errors.ts";
import { fromArray, type Tensor, tidy } from "../../tensor/tensor.ts";
import type { NumBits, QuantAxis } from "../quant_descriptor.ts";
import { Calibrator, checkFinite } from "./calibrator.ts";
import { grownEdges, linearEdges } from "./edges.ts";
import { entropyAmax, type Histogram, mseAmax, percentileAmax } from "./search.ts";

/** How the range is searched. */
export interface HistogramSearch {
  /** `entropy` and `mse`: every `stride`-th bin is a candidate; 1. */
  readonly stride?: number;
  /** `entropy` and `mse`: the first candidate; 128. */
  readonly start_bin?: number;
  /** `percentile`: 99.99. */
  readonly percentile?: number;
}

/** Settings of a histogram. */
export interface HistogramOptions {
  /** Bins of the first batch; 2048. Larger values add bins of the same width. */
  readonly num_bins?: number;
  /** Leaves zeros out. */
  readonly skip_zeros?: boolean;
}

/** More bins than any useful histogram has: the first batch was almost zero. */
const MAX_BINS = 2 ** 22;

const size: ScalarFunction = { name: "abs", js: Math.abs, gpu: "abs(a)" };
const isZero: ScalarFunction = { name: "eq_zero", js: (x) => x === 0 ? 1 : 0, gpu: "a == 0.0 ? 1.0 : 0.0" };

type HistcParams = { readonly bins: number; readonly max: number };

/** Counts in equal bins from 0 to `max`. */
const histc: OpDef<"x", never, never, HistcParams> = defineOp({
  name: "histc",
  inputs: ["x"],
  save: [],
  infer: (_, p: HistcParams) => ({ shape: [p.bins], dtype: int64 }),
  forward: (k, { x }, out, p) => k.histogram(x, out, 0, p.max),
  vjp: null,
  onnx: null,
  samples: null,
});

const mapOp = (f: ScalarFunction): OpDef<"x", never, never, null> =>
  defineOp({
    name: f.name,
    inputs: ["x"],
    save: [],
    infer: ({ x }) => x,
    forward: (k, { x }, out) => k.map(f, [x], out, []),
    vjp: null,
    onnx: null,
    samples: null,
  });
const sizeOp = mapOp(size);
const isZeroOp = mapOp(isZero);

type ExtremeParams = "amax" | "amin" | "sum";

const extremeOp: OpDef<"x", never, never, ExtremeParams> = defineOp({
  name: "extreme",
  inputs: ["x"],
  save: [],
  infer: ({ x }) => ({ shape: x.shape.map(() => 1), dtype: x.dtype }),
  forward: (k, { x }, out, kind: ExtremeParams) => k.reduce(kind, x, x.shape.map((_, d) => d), out),
  vjp: null,
  onnx: null,
  samples: null,
});

const extreme = (x: Tensor, kind: ExtremeParams): number => Number(apply(extremeOp, { x }, kind).numpy()[0]);

/** Collects a histogram of absolute values. One range for the whole tensor only. */
export class HistogramCalibrator extends Calibrator {
  readonly #skipZeros: boolean;
  #bins: number;
  #counts: BigInt64Array | null = null;
  #edges: Float32Array = new Float32Array(0);
  #device: Device | null = null;

  /** @throws ValueError for an axis, or unless `num_bins` is a positive integer */
  constructor(num_bits: NumBits, axis: QuantAxis, unsigned: boolean, options: HistogramOptions = {}) {
    super(num_bits, axis, unsigned);
    if (axis !== null) {
      throw new ValueError(
        `Cannot make HistogramCalibrator of axis ${axis}: null, one range for the tensor, is needed`,
      );
    }
    this.#bins = options.num_bins ?? 2048;
    this.#skipZeros = options.skip_zeros ?? false;
    if (!Number.isInteger(this.#bins) || this.#bins < 1) {
      throw new ValueError(`Cannot make HistogramCalibrator of num_bins ${this.#bins}: a positive integer is needed`);
    }
  }

  /** The number of bins, which grows with the data; `reset` keeps it, as upstream. */
  get num_bins(): number {
    return this.#bins;
  }

  /** Counts of the bins; null when nothing has been collected. */
  get _calib_hist(): BigInt64Array | null {
    return this.#counts;
  }

  /** Edges of the bins; null when nothing has been collected. */
  get _calib_bin_edges(): Float32Array | null {
    return this.#counts && this.#edges;
  }

  /**
   * Adds the absolute values of `x`. The first batch sets the width of a bin; larger values later add bins behind.
   *
   * @throws ValueError for NaN or infinite data, or with `skip_zeros` for data without other values
   * @throws StateError when earlier batches were all zero, so that the bins have no width
   */
  collect(x: Tensor): void {
    if (x.numel() === 0) throw new ShapeError("Cannot collect a tensor without elements: data is needed");
    tidy(() => no_grad(() => this.#collect(x.detach())));
  }

  #collect(x: Tensor): void {
    const low = extreme(x, "amin");
    const max = Math.max(extreme(x, "amax"), -low);
    checkFinite([low, max], "HistogramCalibrator");
    const values = low < 0 ? apply(sizeOp, { x }, null) : x;
    // they would all be in the first bin
    const zeros = this.#skipZeros ? extreme(apply(isZeroOp, { x: values }, null), "sum") : 0;
    if (zeros === x.numel()) {
      throw new ValueError("Cannot collect data of zeros with skip_zeros: other values are needed");
    }
    const { edges, bins } = this.#edgesFor(max);
    const fresh = this.#count(values, bins, edges[edges.length - 1]);
    fresh[0] -= BigInt(zeros);
    this.#counts?.forEach((n, i) => fresh[i] += n);
    this.#counts = fresh;
    this.#edges = edges;
    this.#bins = bins;
    this.#device = x.device;
  }

  #edgesFor(max: number): { edges: Float32Array; bins: number } {
    if (this.#counts === null) return { edges: linearEdges(max, this.#bins), bins: this.#bins };
    const edges = this.#edges;
    if (max <= edges[edges.length - 1]) return { edges, bins: this.#bins };
    const width = Math.fround(edges[1] - edges[0]);
    const bins = Math.ceil(Math.fround(max / width));
    if (bins > MAX_BINS) {
      throw new StateError(
        `Cannot collect values up to ${max} in bins ${width} wide: the first batch must be of the data's usual size: reset()`,
      );
    }
    return { edges: grownEdges(max, width), bins };
  }

  #count(values: Tensor, bins: number, max: number): BigInt64Array {
    if (max === 0) { // all zeros: PyTorch's histc takes the range [-1, 1] then
      const counts = new BigInt64Array(bins);
      counts[bins >> 1] = BigInt(values.numel());
      return counts;
    }
    return apply(histc, { x: values }, { bins, max }).numpy() as BigInt64Array;
  }

  /** Forgets all data, but not how many bins there were. */
  reset(): void {
    this.#counts = null;
    this.#edges = new Float32Array(0);
  }

  /**
   * The range by a method: `"percentile"` (the bin where that share of the data ends), `"mse"` (least squared error of
   * the quantized data) or `"entropy"` (least loss of information).
   *
   * @returns a 0-dimensional float32 tensor; null when nothing has been collected
   * @throws DTypeError for another method; ValueError for a percentile outside 0..100, or a start beyond the bins
   * @see pytorch_quantization.calib.HistogramCalibrator.compute_amax
   */
  compute_amax(method?: string, options: HistogramSearch = {}): Tensor | null {
    const { stride = 1, start_bin = 128, percentile = 99.99 } = options;
    if (method !== "percentile" && method !== "mse" && method !== "entropy") {
      throw new DTypeError(`Cannot compute_amax by method ${method}: "percentile", "mse" or "entropy" is needed`);
    }
    if (method === "percentile" && !(percentile >= 0 && percentile <= 100)) {
      throw new ValueError(`Cannot compute_amax of percentile ${percentile}: a number from 0 to 100 is needed`);
    }
    if (!this.#counts) return null;
    const h: Histogram = { counts: Float64Array.from(this.#counts, Number), edges: this.#edges };
    const search = { num_bits: this.num_bits, unsigned: this.unsigned, stride, start_bin };
    const amax = method === "percentile"
      ? percentileAmax(h, percentile)
      : method === "mse"
      ? mseAmax(h, search)
      : entropyAmax(h, search);
    return fromArray(this.#device ?? get_default_device(), float32, [], Float32Array.of(amax));
  }

  /** For example `HistogramCalibrator(calib_bin_edges=[0.000, ..., 8.551](4975))`. */
  override toString(): string {
    const e = this.#edges;
    const text = this.#counts ? `[${e[0].toFixed(3)}, ..., ${e[e.length - 1].toFixed(3)}](${e.length})` : "None";
    return `HistogramCalibrator(calib_bin_edges=${text})`;
  }
}
