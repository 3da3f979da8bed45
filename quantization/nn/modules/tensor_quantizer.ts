/** @file The quantizer: a module that calibrates on, clips and quantizes what passes through it. */

import { no_grad } from "../../../autograd/grad_mode.ts";
import { Module } from "../../../nn/module.ts";
import type { LoadPlan } from "../../../nn/state_dict.ts";
import { copyInto } from "../../../tensor/transfer.ts";
import { maximum, mul, neg } from "../../../ops/mod.ts";
import { get_default_device } from "../../../tensor/device.ts";
import { float32, float64 } from "../../../tensor/dtype.ts";
import { DTypeError, ShapeError, StateError, ValueError } from "../../../tensor/errors.ts";
import type { Nested } from "../../../tensor/host.ts";
import { sameShape, showShape } from "../../../tensor/shape.ts";
import { fromArray, Tensor } from "../../../tensor/tensor.ts";
import { tensor } from "../../../ops/mod.ts";
import { amaxOver, type Calibrator } from "../../calib/calibrator.ts";
import { HistogramCalibrator } from "../../calib/histogram.ts";
import { MaxCalibrator } from "../../calib/max.ts";
import { type NumBits, type QuantAxis, QuantDescriptor, showAxis, showBits } from "../../quant_descriptor.ts";
import { quantize, scaled_e4m3, tensor_quant } from "../../tensor_quant.ts";
import { formatFloat32 } from "../../utils/float_text.ts";
import { log, logOnce } from "../../utils/quant_logging.ts";
import { maxBoundOf } from "../../utils/scalar_quant.ts";
import { Clip } from "./clip.ts";

/** What a new quantizer does with its input. */
export interface TensorQuantizerOptions {
  /** Passes everything through. */
  readonly disabled?: boolean;
  /** Quantizes; true by default. */
  readonly if_quant?: boolean;
  /** Clips to a trained range. */
  readonly if_clip?: boolean;
  /** Collects statistics. */
  readonly if_calib?: boolean;
}

function calibratorOf(d: QuantDescriptor): Calibrator | null {
  if (d.calib_method === "max") return new MaxCalibrator(d.num_bits, d.axis, d.unsigned);
  if (d.calib_method === "histogram") return new HistogramCalibrator(d.num_bits, d.axis, d.unsigned);
  return null;
}

function readOnly(name: string): never {
  throw new StateError(`Cannot set ${name} of a quantizer: it is fixed by its descriptor`);
}

/**
 * Quantizes a tensor as a descriptor says. The range is, in this order: what `learn_amax` trains, the buffer `_amax`,
 * or each input's own largest absolute value.
 *
 * @see pytorch_quantization.nn.TensorQuantizer
 */
export class TensorQuantizer extends Module {
  /** Uses ONNX's arithmetic (`step = amax / bound`, a division by it) in all quantizers, so that results equal an exported model's. */
  static use_fb_fake_quant = false;
  /** Checks in all quantizers, before they run, that they can be exported; set by `enable_onnx_export`. */
  static _enable_onnx_export = false;

  /** The fixed range; null until it is known. */
  declare _amax: Tensor | null;
  /** A factor on the input, applied also when the quantizer is disabled; null for none. */
  declare _pre_quant_scale: Tensor | null;
  readonly #descriptor: QuantDescriptor;
  readonly #calibrator: Calibrator | null;
  /** The trained range; only with `learn_amax`. */
  declare clip?: Clip;
  #numBits: NumBits;
  #unsigned: boolean;
  #narrow: boolean;
  #scale: Tensor | null = null;
  /** Passes everything through. */
  _disabled: boolean;
  /** Quantizes. */
  _if_quant: boolean;
  /** Clips. */
  _if_clip = false;
  /** Collects statistics. */
  _if_calib = false;

  /**
   * Makes a quantizer.
   *
   * @throws ValueError when `if_clip` is asked for without `learn_amax`, a learned range starts as a list, or the histogram
   * method is to calibrate an axis
   */
  constructor(quant_desc: QuantDescriptor = new QuantDescriptor(), options: TensorQuantizerOptions = {}) {
    super();
    this.#descriptor = quant_desc;
    this.#calibrator = calibratorOf(quant_desc);
    this.#numBits = quant_desc.num_bits;
    this.#unsigned = quant_desc.unsigned;
    this.#narrow = quant_desc.narrow_range;
    this._disabled = options.disabled ?? false;
    this._if_quant = options.if_quant ?? true;
    const { amax } = quant_desc;
    this.register_buffer("_amax", amax && fromArray(get_default_device(), float32, amax.shape, amax.data));
    this.register_buffer("_pre_quant_scale", null);
    if (quant_desc.learn_amax) this.#makeClip();
    if (options.if_clip) this.enable_clip();
    if (options.if_calib) this.enable_calib();
  }

  #makeClip(): void {
    const { amax } = this.#descriptor;
    if (amax && amax.shape.length > 0) {
      throw new ValueError("Cannot make TensorQuantizer with learn_amax of a list amax: one number is needed");
    }
    const start = amax ? amax.data[0] : 1;
    this.clip = new Clip(-start, start, { learn_min: true, learn_max: true });
    this.enable_clip();
  }

  /** The largest code; 448 for 8-bit floating point. */
  get maxbound(): number {
    return typeof this.#numBits === "number" ? maxBoundOf(this.#numBits, this.#unsigned) : 448;
  }

  /** The scale of the last integers given out; 1 in fake quantization; null before the first. */
  get scale(): Tensor | number | null {
    return this.fake_quant ? 1 : this.#scale;
  }

  /** Distance of neighbouring values, `amax / bound`; null while the range is not fixed. */
  get step_size(): Tensor | null {
    if (typeof this.#numBits !== "number") {
      throw new DTypeError("Cannot read step_size of floating-point quantization: an integer number of bits is needed");
    }
    if (this._amax) return mul(this._amax, 1 / this.maxbound);
    log("error", "step_size is not defined while amax is dynamic");
    return null;
  }

  /** Axes that keep a range of their own. */
  get axis(): QuantAxis {
    return this.#descriptor.axis;
  }
  set axis(_value: QuantAxis) {
    readOnly("axis");
  }

  /** True: values out; false: integers. */
  get fake_quant(): boolean {
    return this.#descriptor.fake_quant;
  }
  set fake_quant(_value: boolean) {
    readOnly("fake_quant");
  }

  /** The statistics that `enable_calib` collects; null when the descriptor's method is unknown. */
  get _calibrator(): Calibrator | null {
    return this.#calibrator;
  }

  /** The number of bits. */
  get num_bits(): NumBits {
    return this.#numBits;
  }
  set num_bits(value: NumBits) {
    this.#numBits = new QuantDescriptor({ num_bits: value }).num_bits;
  }

  /** Codes from 0. */
  get unsigned(): boolean {
    return this.#unsigned;
  }
  set unsigned(value: boolean) {
    this.#unsigned = value;
  }

  /** Leaves the most negative code out. */
  get narrow_range(): boolean {
    return this.#narrow;
  }
  set narrow_range(value: boolean) {
    this.#narrow = value;
  }

  /** The fixed range, or null. Once it is set, its shape cannot change. */
  get amax(): Tensor | null {
    return this._amax;
  }
  set amax(value: Tensor | Nested | null) {
    this.#setBuffer("_amax", value);
  }

  /** The factor on the input, or null. */
  get pre_quant_scale(): Tensor | null {
    return this._pre_quant_scale;
  }
  set pre_quant_scale(value: Tensor | Nested | null) {
    this.#setBuffer("_pre_quant_scale", value);
  }

  #setBuffer(name: "_amax" | "_pre_quant_scale", value: Tensor | Nested | null): void {
    if (value === null) return log("error", `Setting ${name.slice(1)} to null has no effect`);
    const held = this[name];
    const next = value instanceof Tensor ? value.detach() : tensor(value, { dtype: float32 });
    if (!held) this[name] = no_grad(() => mul(next, 1));
    else if (sameShape(held.shape, next.shape)) copyInto(held, next);
    else {
      throw new ShapeError(
        `Cannot set ${name.slice(1)} of shape ${showShape(held.shape)} to one of ${
          showShape(next.shape)
        }: the shape cannot change`,
      );
    }
  }

  /** Passes everything through from now on. */
  disable(): void {
    this._disabled = true;
  }

  /** Works again. */
  enable(): void {
    this._disabled = false;
  }

  /** Stops quantizing. */
  disable_quant(): void {
    this._if_quant = false;
  }

  /** Quantizes. */
  enable_quant(): void {
    this._if_quant = true;
  }

  /** Stops collecting statistics. */
  disable_calib(): void {
    this._if_calib = false;
  }

  /**
   * Collects statistics.
   *
   * @throws StateError when there is no calibrator
   */
  enable_calib(): void {
    if (!this.#calibrator) throw this.#noCalibrator("enable_calib");
    this._if_calib = true;
  }

  /** Stops clipping, and training the range. */
  disable_clip(): void {
    if (!this.clip) throw new StateError("Cannot disable_clip a quantizer that has no range to train: use learn_amax");
    this.clip.requires_grad_(false);
    this._if_clip = false;
  }

  /**
   * Clips to the trained range.
   *
   * @throws ValueError without `learn_amax`
   */
  enable_clip(): void {
    if (!this.clip) throw new ValueError("Cannot enable_clip a quantizer without learn_amax: set it in the descriptor");
    this.clip.requires_grad_(true);
    this._if_clip = true;
  }

  #noCalibrator(op: string): StateError {
    const { calib_method } = this.#descriptor;
    return new StateError(`Cannot ${op} with calib_method "${calib_method}": "max" or "histogram" is needed`);
  }

  /**
   * Takes the range from what the calibrator has collected. Arguments but `strict` go to its `compute_amax`.
   *
   * @param args the method and options of `compute_amax`; `strict: false` accepts that nothing was collected: the range
   * becomes NaN then
   * @throws StateError when there is nothing, and `strict`; ShapeError when the range had another shape
   */
  load_calib_amax(...args: readonly (string | LoadOptions)[]): void {
    if (!this.#calibrator) throw this.#noCalibrator("load_calib_amax");
    const { strict = true, method, ...search } = args.find((a) => typeof a === "object") ?? {};
    const name = args.find((a) => typeof a === "string") ?? method;
    const amax = this.#calibrator.compute_amax(name, search);
    if (amax) return this.#takeAmax(amax);
    if (strict) {
      throw new StateError("Cannot load_calib_amax before any data was collected: enable_calib() and run the model");
    }
    log("warning", "Nothing was collected: amax is set to NaN");
    this.#takeAmax(fromArray(get_default_device(), float32, [], Float32Array.of(NaN)));
  }

  #takeAmax(amax: Tensor): void {
    // a first range stays the calibrator's own tensor, as upstream: calibrating on refines it
    if (!this._amax) this._amax = amax;
    else this.#setBuffer("_amax", amax);
  }

  /**
   * Starts the trained range at the fixed one.
   *
   * @throws StateError without `learn_amax`, or without a range
   */
  init_learn_amax(): void {
    if (!this.clip) throw new StateError("Cannot init_learn_amax of a quantizer without learn_amax: set it first");
    if (!this._amax) throw new StateError("Cannot init_learn_amax without amax: calibrate first");
    const values = this._amax.numpy() as Float32Array;
    if (values.length > 1) log("warning", "init_learn_amax takes the largest of several ranges");
    const largest = values.reduce((a, b) => Math.max(a, b));
    const { device } = this._amax;
    copyInto(this.clip.clip_value_min, fromArray(device, float32, [], Float32Array.of(-largest)));
    copyInto(this.clip.clip_value_max, fromArray(device, float32, [], Float32Array.of(largest)));
  }

  /**
   * Calibrates, clips and quantizes, as far as it is enabled.
   *
   * @returns a tensor like `x`; integers, stored as floating point, when `fake_quant` is off
   */
  override forward(x: Tensor): Tensor {
    if (TensorQuantizer._enable_onnx_export) this.#checkReady();
    if (this._pre_quant_scale) x = mul(x, this._pre_quant_scale);
    if (this._disabled) return x;
    if (this._if_calib) {
      if (!this.#calibrator) throw this.#noCalibrator("calibrate");
      this.#calibrator.collect(x);
    }
    if (this._if_quant) return this.#quantize(x); // which clips to a trained range itself
    return this._if_clip && this.clip ? this.clip(x) : x;
  }

  #checkReady(): void {
    if (this._disabled || !this._if_quant) return;
    if (!this._amax && !this.clip) {
      throw new StateError("Cannot export a quantizer that has not been calibrated: load_calib_amax() first");
    }
    if (this._if_calib) logOnce("warning", "A quantizer is exported while it is calibrating");
  }

  #quantize(x: Tensor): Tensor {
    const bits = this.#numBits;
    if (typeof bits !== "number") return scaled_e4m3(x, this.#range(x), bits[0], bits[1]);
    if (this.clip) x = this.clip(x);
    const amax = this.clip ? this.#learnedRange(this.clip) : this.#range(x);
    if (!this.fake_quant) {
      const [outputs, scale] = tensor_quant(x, amax, bits, this.#unsigned);
      this.#scale = scale;
      return outputs;
    }
    const step = TensorQuantizer.use_fb_fake_quant;
    return quantize(x, amax, {
      num_bits: bits,
      unsigned: this.#unsigned,
      narrow_range: this.#narrow,
      mode: step ? "step" : "scale",
    }, "value");
  }

  #learnedRange(clip: Clip): Tensor {
    return no_grad(() => maximum(neg(clip.clip_value_min), clip.clip_value_max)).detach();
  }

  #range(x: Tensor): Tensor {
    const { scale_amax } = this.#descriptor;
    return no_grad(() => {
      let amax = this._amax ?? amaxOver(x.detach(), this.axis);
      if (scale_amax !== null) amax = mul(amax, scale_amax);
      return amax.dtype === float32 || amax.dtype === float64 ? amax : amax.to(float32);
    });
  }

  /** Plans the loading; a range that the quantizer does not have yet is made. */
  override _load_from_state_dict(plan: LoadPlan, prefix: string): void {
    for (const name of ["_amax", "_pre_quant_scale"] as const) {
      const value = plan.take(prefix + name);
      const held = this[name];
      if (!value) {
        if (held) plan.missing.push(prefix + name);
      } else if (!held) {
        plan.onCommit(() => this.#setBuffer(name, value));
      } else if (held.ndim === 0 && value.ndim === 1 && value.numel() > 0) {
        // PyTorch reads old checkpoints, which had no 0-dimensional tensors, in this way
        plan.onCommit(() => copyInto(held, value.detach().viewAs([], [])));
      } else plan.copy(prefix + name, held);
    }
  }

  /** For example `8bit fake per-tensor amax=dynamic calibrator=MaxCalibrator scale=1.0 quant`. */
  override extra_repr(): string {
    if (this._disabled) return "disabled";
    if (!this.#calibrator) throw this.#noCalibrator("print a quantizer");
    const { scale_amax, learn_amax } = this.#descriptor;
    const parts = [
      this.#unsigned ? "unsigned" : "",
      `${showBits(this.#numBits)}bit`,
      this.#narrow ? "narrow" : "",
      this.fake_quant ? "fake" : "",
      this.axis === null ? "per-tensor" : `axis=${showAxis(this.axis)}`,
      `amax=${this.#showAmax()}`,
      scale_amax === null ? "" : `*${Number.isInteger(scale_amax) ? `${scale_amax}.0` : scale_amax}`,
      this._pre_quant_scale ? "pre_quant_scale" : "",
      learn_amax ? "learned" : "",
      `calibrator=${this.#calibrator.constructor.name}`,
      this.#showScale(),
      this._if_quant ? "quant" : "",
      this._if_clip ? "clip" : "",
      this._if_calib ? "calib" : "",
    ];
    return parts.filter((p) => p !== "").join(" ");
  }

  #showAmax(): string {
    if (!this._amax) return "dynamic";
    const values = this._amax.numpy() as Float32Array;
    const show = (v: number) => Number.isFinite(v) ? v.toFixed(4) : formatFloat32(v);
    if (this._amax.ndim === 0) return show(values[0]);
    return `[${show(values.reduce((a, b) => Math.min(a, b)))}, ${
      show(values.reduce((a, b) => Math.max(a, b)))
    }](${values.length})`;
  }

  #showScale(): string {
    if (this.fake_quant) return "scale=1.0";
    if (!this.#scale) return "";
    return `scale=${this.#scale.ndim === 0 ? this.#scale.item() : this.#scale}`;
  }
}

/** Options of `load_calib_amax`. */
export interface LoadOptions {
  /** False: NaN instead of an error when nothing was collected. */
  readonly strict?: boolean;
  /** Of a histogram: `"percentile"`, `"mse"` or `"entropy"`. */
  readonly method?: string;
  /** As in `HistogramSearch`. */
  readonly stride?: number;
  /** As in `HistogramSearch`. */
  readonly start_bin?: number;
  /** As in `HistogramSearch`. */
  readonly percentile?: number;
}
