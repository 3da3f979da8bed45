/** @file Calibration: which range to quantize with. */

export { Calibrator } from "./calibrator.ts";
export { HistogramCalibrator, type HistogramOptions, type HistogramSearch } from "./histogram.ts";
export { MaxCalibrator } from "./max.ts";
