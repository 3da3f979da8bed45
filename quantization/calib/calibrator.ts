/** @file What calibrators have in common. */

import type { Tensor } from "../../tensor/tensor.ts";
import { ValueError } from "../../tensor/errors.ts";
import type { NumBits, QuantAxis } from "../quant_descriptor.ts";
import { reduce_amax } from "../utils/reduce_amax.ts";

/** Watches data and tells which range to quantize it with. */
export abstract class Calibrator {
  /** Takes what the quantizer is set to. */
  constructor(readonly num_bits: NumBits, readonly axis: QuantAxis, readonly unsigned: boolean) {}

  /**
   * Takes a batch into account.
   *
   * @throws ValueError for NaN or infinite data; nothing is collected then
   */
  abstract collect(x: Tensor): void;

  /** Forgets all batches. */
  abstract reset(): void;

  /** The range of what has been collected; null when there is nothing. */
  abstract compute_amax(...args: readonly unknown[]): Tensor | null;
}

/** The largest absolute values of `x` over all dimensions but those of `axis`, which may count from the end. */
export function amaxOver(x: Tensor, axis: QuantAxis): Tensor {
  if (axis === null) return reduce_amax(x);
  const kept = (typeof axis === "number" ? [axis] : axis).map((a) => a < 0 ? a + x.ndim : a);
  if (kept.some((a) => a < 0 || a >= x.ndim)) {
    throw new ValueError(`Cannot calibrate axis ${axis} of ${x.ndim} dimensions: an axis of the tensor is needed`);
  }
  return reduce_amax(x, Array.from(x.shape, (_, d) => d).filter((d) => !kept.includes(d)));
}

/** Throws unless all numbers are finite. */
export function checkFinite(values: ArrayLike<number>, calibrator: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new ValueError(`Cannot collect data that contains ${values[i]} in a ${calibrator}: finite data is needed`);
  }
}
