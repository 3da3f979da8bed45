/** @file Calibration by the largest absolute value. */

import type { ScalarFunction } from "../../tensor/device.ts";
import { ShapeError, StateError } from "../../tensor/errors.ts";
import { sameShape, showShape } from "../../tensor/shape.ts";
import { letGo, retain } from "../../tensor/storage.ts";
import { type Tensor, tidy } from "../../tensor/tensor.ts";
import type { AmaxValues, NumBits, QuantAxis } from "../quant_descriptor.ts";
import { amaxOver, Calibrator, checkFinite } from "./calibrator.ts";

const larger: ScalarFunction = { name: "maximum", js: (a, b) => Math.max(a, b), gpu: "max(a, b)" };

/** Keeps the largest absolute value seen, for each element of `axis` one. */
export class MaxCalibrator extends Calibrator {
  readonly #track: boolean;
  readonly #amaxs: AmaxValues[] = [];
  #amax: Tensor | null = null;

  /** @param track_amax keeps the range of every batch for `amaxs` */
  constructor(num_bits: NumBits, axis: QuantAxis, unsigned: boolean, track_amax = false) {
    super(num_bits, axis, unsigned);
    this.#track = track_amax;
  }

  /**
   * The range of each batch collected; `reset` keeps them.
   *
   * @throws StateError without `track_amax`
   */
  get amaxs(): readonly AmaxValues[] {
    if (this.#track) return this.#amaxs;
    throw new StateError("Cannot read amaxs of a MaxCalibrator that does not track them: pass track_amax = true");
  }

  /**
   * @throws ShapeError when the size of a dimension of `axis` has changed
   * @throws ValueError for NaN or infinite data
   */
  collect(x: Tensor): void {
    tidy(() => this.#collect(x));
  }

  #collect(x: Tensor): void {
    const local = amaxOver(x, this.axis);
    const values = Float32Array.from(local.numpy() as Float32Array);
    checkFinite(values, "MaxCalibrator");
    if (this.#amax === null) {
      retain(local.storage);
      this.#amax = local;
    } else {
      const amax = this.#amax;
      if (!sameShape(amax.shape, local.shape)) {
        throw new ShapeError(
          `Cannot collect an amax of shape ${showShape(local.shape)}: so far it had ${showShape(amax.shape)}`,
        );
      }
      amax.device.beginOp();
      amax.device.kernels.map(larger, [amax, local], amax, []);
      amax.storage.version++;
    }
    if (this.#track) this.#amaxs.push({ shape: local.shape, data: values });
  }

  /** Forgets the range, but not `amaxs`. */
  reset(): void {
    if (this.#amax) letGo(this.#amax.storage);
    this.#amax = null;
  }

  /** The range so far: the calibrator's own tensor, which later batches change. Null when nothing has been collected. */
  compute_amax(): Tensor | null {
    return this.#amax;
  }

  /** For example `MaxCalibrator(track_amax=False)`. */
  override toString(): string {
    return `MaxCalibrator(track_amax=${this.#track ? "True" : "False"})`;
  }
}
