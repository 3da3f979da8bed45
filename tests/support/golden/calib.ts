/** @file Golden cases of calib.json. */

import { HistogramCalibrator } from "../../../quantization/calib/histogram.ts";
import { MaxCalibrator } from "../../../quantization/calib/max.ts";
import { set_verbosity } from "../../../quantization/utils/quant_logging.ts";
import { get_default_device } from "../../../tensor/device.ts";
import { float32 } from "../../../tensor/dtype.ts";
import { fromArray, type Tensor } from "../../../tensor/tensor.ts";
import { attempt, decode, type GoldenCase, type Handler, type Json, Skip, Thrown, toNumber } from "./case.ts";

set_verbosity("fatal");

function max(c: GoldenCase): Json {
  const { axis, unsigned, track_amax, reset_before_batch } = c.args;
  const calibrator = new MaxCalibrator(8, decode(axis), unsigned, track_amax);
  const amax_after_each = c.inputs.batches.map((batch: Json, i: number) => {
    if (i === reset_before_batch) calibrator.reset();
    calibrator.collect(decode(batch));
    const amax = calibrator.compute_amax()!;
    return fromArray(amax.device, float32, amax.shape, amax.numpy());
  });
  const amaxs = track_amax
    ? calibrator.amaxs.map((a) => fromArray(get_default_device(), float32, a.shape, a.data))
    : undefined;
  return { amax_after_each, str: String(calibrator), amaxs };
}

function search(calibrator: HistogramCalibrator, want: Json): Json {
  const { method, kwargs, result } = want;
  const got = attempt(() => calibrator.compute_amax(method, kwargs));
  if (got === null || got instanceof Thrown) return { method, kwargs, result: got };
  const value = got.item();
  // candidates whose scores are equal but for the order of summation
  const near = (v: Json) => Math.abs(Number(toNumber(v)) - value) <= 1e-6 * Math.abs(value);
  const amax = result?.acceptable?.some(near) ? result.amax : value;
  return { method, kwargs, result: { ...result, amax, dtype: got.dtype.name, shape: got.shape } };
}

function histogram(c: GoldenCase): Json {
  const { num_bits, axis, unsigned, num_bins, skip_zeros, torch_hist, reset_before_batch } = c.args;
  if (!torch_hist) throw new Skip("torch_hist=False, the histogram in numpy, is not offered");
  const calibrator = new HistogramCalibrator(decode(num_bits), decode(axis), unsigned, { num_bins, skip_zeros });
  const after_each = c.inputs.batches.map((batch: Json, i: number) => {
    if (i === reset_before_batch) calibrator.reset();
    const x: Tensor = decode(batch);
    const result = attempt(() => calibrator.collect(x));
    if (result instanceof Thrown) return result;
    const [hist, edges] = [calibrator._calib_hist!, calibrator._calib_bin_edges!];
    return {
      num_bins: calibrator.num_bins,
      n_edges: edges.length,
      n_hist: hist.length,
      last_edge: edges[edges.length - 1],
      total: Number(hist.reduce((a, b) => a + b, 0n)),
    };
  });
  const { _calib_hist: hist, _calib_bin_edges: edges } = calibrator;
  const str = String(calibrator);
  return {
    after_each,
    str,
    hist: hist && { n: hist.length, counts: Array.from(hist, Number), total: Number(hist.reduce((a, b) => a + b, 0n)) },
    edges: edges && c.expected.edges && {
      ...c.expected.edges,
      n: edges.length,
      value: c.expected.edges.index?.map((i: number) => edges[i]) ?? Array.from(edges),
    },
    amax: c.expected.amax?.map((want: Json) => search(calibrator, want)),
  };
}

function run(c: GoldenCase): Json {
  if (c.name === "max_nan") throw new Skip("calibrators refuse NaN");
  if (c.args.track_amax && c.args.axis !== null) {
    throw new Skip("upstream's first tracked range changes with later batches");
  }
  if (c.args.calibrator === "MaxCalibrator") return max(c);
  if (c.args.calibrator === "HistogramCalibrator") return histogram(c);
  throw new Skip("calibrate_weights is not written yet");
}

/** Runs calib.json. */
export const calib: Handler = { run };
