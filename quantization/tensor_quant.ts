/** @file The quantization functions, and the predefined descriptors. */

import { apply } from "../autograd/tape.ts";
import { float16, float32, float64 } from "../tensor/dtype.ts";
import { DTypeError, ValueError } from "../tensor/errors.ts";
import { arrayFrom } from "../tensor/host.ts";
import { allocate, fromArray, Tensor } from "../tensor/tensor.ts";
import { affineOp, fakeQuantOp, scaledE4M3Op } from "./fake_quant_op.ts";
import { QuantDescriptor } from "./quant_descriptor.ts";
import { maxBoundOf, minBoundOf, roundHalfEven, TINY_AMAX } from "./utils/scalar_quant.ts";

export { QuantDescriptor, ScaledQuantDescriptor } from "./quant_descriptor.ts";
export type { NumBits, QuantAxis, QuantDescriptorOptions } from "./quant_descriptor.ts";

/** 8 bits, one range for the tensor. */
export const QUANT_DESC_8BIT_PER_TENSOR: QuantDescriptor = new QuantDescriptor({ num_bits: 8 });
/** 8 bits without sign, one range for the tensor. */
export const QUANT_DESC_UNSIGNED_8BIT_PER_TENSOR: QuantDescriptor = new QuantDescriptor({
  num_bits: 8,
  unsigned: true,
});
/** 8 bits, a range for each output channel of a Conv1d weight. */
export const QUANT_DESC_8BIT_CONV1D_WEIGHT_PER_CHANNEL: QuantDescriptor = new QuantDescriptor({ num_bits: 8, axis: 0 });
/** 8 bits, a range for each output channel of a Conv2d weight. */
export const QUANT_DESC_8BIT_CONV2D_WEIGHT_PER_CHANNEL: QuantDescriptor = new QuantDescriptor({ num_bits: 8, axis: 0 });
/** 8 bits, a range for each output channel of a Conv3d weight. */
export const QUANT_DESC_8BIT_CONV3D_WEIGHT_PER_CHANNEL: QuantDescriptor = new QuantDescriptor({ num_bits: 8, axis: 0 });
/** 8 bits, a range for each row of a Linear weight. */
export const QUANT_DESC_8BIT_LINEAR_WEIGHT_PER_ROW: QuantDescriptor = new QuantDescriptor({ num_bits: 8, axis: 0 });
/** 8 bits, a range for each output channel of a ConvTranspose1d weight. */
export const QUANT_DESC_8BIT_CONVTRANSPOSE1D_WEIGHT_PER_CHANNEL: QuantDescriptor = new QuantDescriptor({
  num_bits: 8,
  axis: 1,
});
/** 8 bits, a range for each output channel of a ConvTranspose2d weight. */
export const QUANT_DESC_8BIT_CONVTRANSPOSE2D_WEIGHT_PER_CHANNEL: QuantDescriptor = new QuantDescriptor({
  num_bits: 8,
  axis: 1,
});
/** 8 bits, a range for each output channel of a ConvTranspose3d weight. */
export const QUANT_DESC_8BIT_CONVTRANSPOSE3D_WEIGHT_PER_CHANNEL: QuantDescriptor = new QuantDescriptor({
  num_bits: 8,
  axis: 1,
});

/** What a tensor is rounded to. */
export interface QuantSettings {
  /** An integer of at least 0. */
  readonly num_bits: number;
  /** Codes from 0. */
  readonly unsigned: boolean;
  /** Without the most negative code. */
  readonly narrow_range: boolean;
  /** As in `QuantParams`: pytorch_quantization's arithmetic, or ONNX's. */
  readonly mode: "scale" | "step";
}

/**
 * Rounds to the codes that `settings` allow and returns values or codes; the common part of the functions below.
 *
 * @throws DTypeError for negative inputs of an unsigned quantization; ValueError for a negative `amax`
 */
export function quantize(x: Tensor, amax: Tensor, settings: QuantSettings, output: "value" | "code"): Tensor {
  const { num_bits, unsigned, narrow_range } = settings;
  if (!Number.isInteger(num_bits) || num_bits < 0) {
    throw new DTypeError(`Cannot fake_tensor_quant num_bits ${num_bits}: an integer of at least 0 is needed`);
  }
  // devices that cannot be read at once are not asked: their values are checked where they are made
  const readable = x.device.type === "cpu";
  if (readable && unsigned && x.numel() > 0 && smallest(x) < 0) {
    throw new DTypeError("Cannot fake_tensor_quant inputs with negative values: unsigned quantization starts at 0");
  }
  if (readable && amax.numpy().some((v: number | bigint) => v < 0)) {
    throw new ValueError("Cannot fake_tensor_quant amax with negative values: at least 0 is needed");
  }
  const maxBound = maxBoundOf(num_bits, unsigned);
  const minBound = minBoundOf(num_bits, unsigned, narrow_range);
  return apply(fakeQuantOp, { x, amax }, { ...settings, maxBound, minBound, output });
}

function smallest(x: Tensor): number {
  x.device.beginOp();
  const out = allocate(x.device, x.dtype, x.shape.map(() => 1));
  x.device.kernels.reduce("amin", x, x.shape.map((_, d) => d), out);
  return Number(out.numpy()[0]);
}

function asTensor(amax: Tensor | number, like: Tensor): Tensor {
  if (amax instanceof Tensor) return amax;
  if (typeof amax !== "number") {
    throw new DTypeError(`Cannot fake_tensor_quant amax of type ${typeof amax}: a tensor or a number is needed`);
  }
  return fromArray(like.device, float32, [], Float32Array.of(amax));
}

/**
 * Rounds `inputs` to the nearest of the values `code / scale`, `scale = bound / amax`, and leaves them floating point.
 * Gradients pass where `|inputs| <= amax`; none go to `amax`.
 *
 * @param inputs any floating-point tensor
 * @param amax the largest absolute value that has a code; broadcasts to `inputs`. At or below 2^-24 everything becomes 0
 * @param narrow_range leaves out the most negative code (here true by default, unlike in a descriptor)
 * @returns a tensor like `inputs`
 * @throws DTypeError for negative inputs with `unsigned`; ValueError for a negative `amax`; ShapeError
 * @see pytorch_quantization.tensor_quant.fake_tensor_quant
 */
export function fake_tensor_quant(
  inputs: Tensor,
  amax: Tensor | number,
  num_bits = 8,
  unsigned = false,
  narrow_range = true,
): Tensor {
  return quantize(inputs, asTensor(amax, inputs), { num_bits, unsigned, narrow_range, mode: "scale" }, "value");
}

/** The same function; upstream keeps a second form of it for tensors that its CUDA kernel cannot take. */
export const legacy_fake_tensor_quant: typeof fake_tensor_quant = fake_tensor_quant;

/**
 * As `fake_tensor_quant`, but returns the codes, as floating-point numbers, and the scale: `outputs / scale` are values.
 *
 * @returns the codes, a tensor like `inputs`, and the scale, of `amax`'s shape; 1 where `amax` is at or below 2^-24
 * @throws as `fake_tensor_quant`, and ValueError when the scale does not fit into float16 inputs
 * @see pytorch_quantization.tensor_quant.tensor_quant
 */
export function tensor_quant(
  inputs: Tensor,
  amax: Tensor | number,
  num_bits = 8,
  unsigned = false,
  narrow_range = true,
): [outputs: Tensor, scale: Tensor] {
  const range = asTensor(amax, inputs);
  const outputs = quantize(inputs, range, { num_bits, unsigned, narrow_range, mode: "scale" }, "code");
  const bound = maxBoundOf(num_bits, unsigned);
  const round = range.dtype === float64 ? (v: number) => v : Math.fround;
  const ranges = range.numpy() as Float32Array; // or another floating-point array
  const scales = Array.from(ranges, (a) => a <= TINY_AMAX ? 1 : round(bound / a));
  if (inputs.dtype === float16 && scales.some((s) => s > 65504)) {
    throw new ValueError(
      "Cannot tensor_quant float16 inputs with so small an amax: a scale of at most 65504 is needed",
    );
  }
  return [outputs, fromArray(inputs.device, inputs.dtype, range.shape, arrayFrom(scales, inputs.dtype))];
}

/**
 * Affine fake quantization of the range from `min_range` to `max_range`: `2^num_bits - 1` steps, the first near the
 * minimum. Gradients pass inside the range, its ends included. Experimental upstream, one range for the tensor.
 *
 * @throws ValueError unless `min_range < max_range`
 * @see pytorch_quantization.tensor_quant.fake_affine_tensor_quant
 */
export function fake_affine_tensor_quant(
  inputs: Tensor,
  min_range: Tensor | number,
  max_range: Tensor | number,
  num_bits = 8,
): Tensor {
  const [min, max] = [min_range, max_range].map((r) => Math.fround(r instanceof Tensor ? r.item() : r));
  if (!(min < max)) {
    throw new ValueError(`Cannot fake_affine_tensor_quant the range from ${min} to ${max}: a longer one is needed`);
  }
  const bound = 2 ** (num_bits - 1);
  const step = Math.fround(Math.fround(max - min) / (2 ** num_bits - 1));
  const zero = roundHalfEven(Math.fround(min / step)) + bound;
  return apply(affineOp, { x: inputs }, { min, max, step, zero, bound });
}

/**
 * Rounds to 8-bit floating point with 4 exponent and 3 mantissa bits, `amax` scaled to its largest value 448.
 * What is smaller than 2^-24 becomes 0. Gradients pass where `|inputs| <= amax`.
 *
 * @param amax null: no scaling
 * @throws ValueError for other numbers of bits
 * @see pytorch_quantization.tensor_quant.scaled_e4m3
 */
export function scaled_e4m3(inputs: Tensor, amax: Tensor | number | null = null, E = 4, M = 3): Tensor {
  if (E !== 4 || M !== 3) throw new ValueError(`Cannot scaled_e4m3 E=${E}, M=${M}: only E=4, M=3 exists`);
  return apply(scaledE4M3Op, { x: inputs, amax: asTensor(amax ?? 448, inputs) }, null);
}
