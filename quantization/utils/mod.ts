/** @file Helpers of quantization. */

/** Messages of quantizers and calibrators. */
export * as quant_logging from "./quant_logging.ts";
export { reduce_amax } from "./reduce_amax.ts";
