/** @file Initial values of parameters: `nn.init`. The functions fill a tensor in place and return it. */

import { no_grad } from "../autograd/grad_mode.ts";
import { normal_ as fillNormal, uniform_ as fillUniform } from "../ops/random_inplace.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import type { Generator } from "../tensor/random.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What follows a layer, for the size of its weights. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "conv_transpose1d"
  | "conv_transpose2d"
  | "conv_transpose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "selu";

/** Whether the size of the values is kept in the forward or in the backward pass. */
export type FanMode = "fan_in" | "fan_out";

/** Keyword arguments of the Kaiming functions. */
export interface KaimingOptions {
  /** Negative slope of the leaky ReLU that follows; 0 by default. */
  a?: number;
  /** Whether the forward or the backward pass keeps the size of values; `"fan_in"` by default. */
  mode?: FanMode;
  /** `"leaky_relu"` by default. */
  nonlinearity?: Nonlinearity;
  /** Where the random numbers come from; the default generator unless given. */
  generator?: Generator;
}

/**
 * The factor by which a nonlinearity shrinks the standard deviation, to be made up for by the weights.
 *
 * @param param negative slope of `leaky_relu`, 0.01 by default
 * @throws ValueError for an unknown name or a slope that is not a number
 */
export function calculate_gain(nonlinearity: Nonlinearity, param: number | null = null): number {
  if (/^(linear|conv(_transpose)?[123]d|sigmoid)$/.test(nonlinearity)) return 1;
  if (nonlinearity === "tanh") return 5 / 3;
  if (nonlinearity === "relu") return Math.SQRT2;
  if (nonlinearity === "selu") return 3 / 4;
  if (nonlinearity === "leaky_relu") {
    const slope = param ?? 0.01;
    if (Number.isFinite(slope)) return Math.sqrt(2 / (1 + slope ** 2));
    throw new ValueError(`Cannot calculate_gain with negative slope ${slope}: a finite number is needed`);
  }
  throw new ValueError(`Cannot calculate_gain of nonlinearity ${nonlinearity}: linear, relu, tanh and so on are known`);
}

/**
 * Number of inputs and outputs that an element of a weight `[out, in, ...kernel]` connects.
 *
 * @throws ShapeError when there are less than two dimensions
 */
export function _calculate_fan_in_and_fan_out(x: Tensor): [fanIn: number, fanOut: number] {
  if (x.ndim < 2) {
    throw new ShapeError(`Cannot count the fan of a tensor of shape ${showShape(x.shape)}: two dimensions are needed`);
  }
  const [out, inside, ...kernel] = x.shape;
  const field = kernel.reduce((n, s) => n * s, 1);
  return [inside * field, out * field];
}

/** Uniform numbers in `[a, b)`. */
export function uniform_(x: Tensor, a = 0, b = 1, generator?: Generator): Tensor {
  return no_grad(() => fillUniform(x, a, b, generator));
}

/** Normal numbers of the given mean and standard deviation. */
export function normal_(x: Tensor, mean = 0, std = 1, generator?: Generator): Tensor {
  return no_grad(() => fillNormal(x, mean, std, generator));
}

/** One value everywhere. */
export function constant_(x: Tensor, value: number): Tensor {
  x.device.beginOp();
  x.device.kernels.fill(x, value);
  x.storage.version++;
  return x;
}

/** Ones. */
export function ones_(x: Tensor): Tensor {
  return constant_(x, 1);
}

/** Zeros. */
export function zeros_(x: Tensor): Tensor {
  return constant_(x, 0);
}

function kaimingStd(x: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = "fan_in", nonlinearity = "leaky_relu" } = options;
  if (mode !== "fan_in" && mode !== "fan_out") {
    throw new ValueError(`Cannot initialize with mode ${mode}: fan_in or fan_out is needed`);
  }
  const [fanIn, fanOut] = _calculate_fan_in_and_fan_out(x);
  return calculate_gain(nonlinearity, a) / Math.sqrt(mode === "fan_in" ? fanIn : fanOut);
}

/** Uniform numbers of a size that keeps the variance through ReLU layers (He et al. 2015). */
export function kaiming_uniform_(x: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd(x, options);
  return uniform_(x, -bound, bound, options.generator);
}

/** Normal numbers of a size that keeps the variance through ReLU layers (He et al. 2015). */
export function kaiming_normal_(x: Tensor, options: KaimingOptions = {}): Tensor {
  return normal_(x, 0, kaimingStd(x, options), options.generator);
}

function xavierStd(x: Tensor, gain: number): number {
  const [fanIn, fanOut] = _calculate_fan_in_and_fan_out(x);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** Uniform numbers of a size between those of both passes (Glorot and Bengio 2010). */
export function xavier_uniform_(x: Tensor, gain = 1, generator?: Generator): Tensor {
  const bound = Math.sqrt(3) * xavierStd(x, gain);
  return uniform_(x, -bound, bound, generator);
}

/** Normal numbers of a size between those of both passes (Glorot and Bengio 2010). */
export function xavier_normal_(x: Tensor, gain = 1, generator?: Generator): Tensor {
  return normal_(x, 0, xavierStd(x, gain), generator);
}

export { trunc_normal_ } from "./trunc_normal.ts";
