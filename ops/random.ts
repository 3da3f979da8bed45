/** @file Random tensors: the same numbers as PyTorch's CPU generator gives for the same seed, on every device. */

import { device as findDevice, get_default_device } from "../tensor/device.ts";
import { type DType, float32, get_default_dtype, int64, newArray, type TypedArray } from "../tensor/dtype.ts";
import { DTypeError, ValueError } from "../tensor/errors.ts";
import { arrayFrom } from "../tensor/host.ts";
import {
  default_generator,
  fillBernoulli,
  fillBernoulliEach,
  fillNormal,
  fillRandint,
  fillUniform,
  type Generator,
  permutation,
} from "../tensor/random.ts";
import { numelOf, type Shape } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { type SizeArgs, sizeArgs, type TensorOptions } from "./creation.ts";
import { checkProbability } from "./random_inplace.ts";

export { default_generator, Generator } from "../tensor/random.ts";
export { bernoulli_, exponential_, normal_, random_, uniform_ } from "./random_inplace.ts";

/** PyTorch's keyword arguments of functions that make random tensors. */
export interface RandomOptions extends TensorOptions {
  /** Where the numbers come from; `default_generator` unless given. */
  generator?: Generator;
}

/** Makes a tensor whose elements `fill` writes into host memory. */
function make(
  shape: Shape,
  dtype: DType,
  options: RandomOptions,
  fill: (array: TypedArray, generator: Generator) => void,
): Tensor {
  const device = options.device === undefined ? get_default_device() : findDevice(options.device);
  const array = newArray(dtype, numelOf(shape));
  fill(array, options.generator ?? default_generator);
  const out = fromArray(device, dtype, shape, array);
  if (options.requires_grad) out.requires_grad = true;
  return out;
}

function floatType(op: string, options: RandomOptions): DType {
  const dtype = options.dtype ?? get_default_dtype();
  if (!dtype.is_floating_point) {
    throw new DTypeError(`Cannot ${op} a tensor of ${dtype.name}: a floating-point dtype is needed`);
  }
  return dtype;
}

/** Starts the default generator anew from `seed`, and returns it. See `Generator.manual_seed`. */
export function manual_seed(seed: number | bigint): Generator {
  return default_generator.manual_seed(seed);
}

/** The seed that the default generator was started from. */
export function initial_seed(): number | bigint {
  return default_generator.initial_seed();
}

/** The default generator's state; see `Generator.get_state`. */
export function get_rng_state(): Uint8Array {
  return default_generator.get_state();
}

/** Puts the default generator into a state that `get_rng_state` gave. */
export function set_rng_state(state: Uint8Array): void {
  default_generator.set_state(state);
}

/**
 * Uniform numbers in [0, 1): `rand(2, 3, { dtype, generator })` or `rand([2, 3])`.
 *
 * @throws DTypeError unless the dtype is floating point
 */
export function rand(...size: SizeArgs<RandomOptions>): Tensor {
  const [shape, options] = sizeArgs<RandomOptions>("rand", size);
  const dtype = floatType("rand", options);
  return make(shape, dtype, options, (array, generator) => fillUniform(array, dtype, 0, 1, generator));
}

/**
 * Normal numbers of mean 0 and deviation 1: `randn(2, 3, { dtype, generator })` or `randn([2, 3])`.
 *
 * @throws DTypeError unless the dtype is floating point
 */
export function randn(...size: SizeArgs<RandomOptions>): Tensor {
  const [shape, options] = sizeArgs<RandomOptions>("randn", size);
  const dtype = floatType("randn", options);
  return make(shape, dtype, options, (array, generator) => fillNormal(array, dtype, 0, 1, generator));
}

/** Uniform numbers in [0, 1) with the shape, dtype and device of `x`. */
export function rand_like(x: Tensor, options: RandomOptions = {}): Tensor {
  return rand(x.shape, { dtype: x.dtype, device: x.device, ...options });
}

/** Normal numbers with the shape, dtype and device of `x`. */
export function randn_like(x: Tensor, options: RandomOptions = {}): Tensor {
  return randn(x.shape, { dtype: x.dtype, device: x.device, ...options });
}

function integer(op: string, name: string, value: number | bigint): bigint {
  if (typeof value === "bigint" || Number.isInteger(value)) return BigInt(value);
  throw new ValueError(`Cannot ${op} ${name} ${value}: an integer is needed`);
}

/**
 * Integers in [low, high): `randint(high, size, options)` or `randint(low, high, size, options)`; int64 unless
 * another dtype is given.
 *
 * @throws ValueError unless low < high
 */
export function randint(high: number | bigint, size: Shape, options?: RandomOptions): Tensor;
/** Integers in `[low, high)`. */
export function randint(low: number | bigint, high: number | bigint, size: Shape, options?: RandomOptions): Tensor;
export function randint(
  first: number | bigint,
  second: number | bigint | Shape,
  third?: Shape | RandomOptions,
  fourth?: RandomOptions,
): Tensor {
  const single = typeof second === "object";
  const low = single ? 0n : integer("randint", "low", first);
  const high = integer("randint", "high", single ? first : second);
  const given = single ? [second, third as RandomOptions | undefined] : [third as Shape, fourth];
  const [shape, options] = sizeArgs<RandomOptions>("randint", given);
  if (low >= high) throw new ValueError(`Cannot randint from ${low} to ${high}: low < high is needed`);
  const dtype = options.dtype ?? int64;
  return make(shape, dtype, options, (array, generator) => fillRandint(array, dtype, low, high, generator));
}

/**
 * The numbers 0 to n - 1 in random order; int64 unless another dtype is given.
 *
 * @throws ValueError unless `n` is an integer of at least 0
 */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 32) {
    throw new ValueError(`Cannot randperm n ${n}: an integer in [0, 2^32) is needed`);
  }
  const dtype = options.dtype ?? int64;
  return make([n], dtype, options, (array, generator) => {
    (array as Float64Array).set(arrayFrom(permutation(n, generator), dtype) as Float64Array);
  });
}

/**
 * 1 with the probability that the element of `x` tells, else 0; or, given `p`, 1 with probability `p` in `x`'s shape.
 *
 * @throws DTypeError unless `x` is floating point
 * @throws ValueError when a probability is outside [0, 1]
 */
export function bernoulli(x: Tensor, options?: RandomOptions): Tensor;
/** Zeros and ones of the shape of `x`, ones with probability `p`. */
export function bernoulli(x: Tensor, p: number, options?: RandomOptions): Tensor;
export function bernoulli(x: Tensor, second?: number | RandomOptions, third?: RandomOptions): Tensor {
  const p = typeof second === "number" ? second : null;
  const { generator } = (typeof second === "object" ? second : third) ?? {};
  const from = { device: x.device, generator };
  if (p !== null) {
    checkProbability("bernoulli", p);
    return make(x.shape, x.dtype, from, (array, g) => fillBernoulli(array, x.dtype, p, g));
  }
  floatType("bernoulli", { dtype: x.dtype });
  const list = arrayFrom(x.numpy() as Float64Array, x.dtype);
  for (const one of x.numpy()) checkProbability("bernoulli", Number(one));
  return make(x.shape, x.dtype, from, (array, g) => fillBernoulliEach(array, x.dtype, list, x.dtype, g));
}

/**
 * Normal numbers of given means and deviations: tensors of equal shape, or numbers with a size.
 *
 * @throws ValueError when the deviation is negative, or the shapes differ
 */
export function normal(mean: Tensor | number, std: Tensor | number, size?: Shape, options: RandomOptions = {}): Tensor {
  const like = typeof mean === "object" ? mean : typeof std === "object" ? std : null;
  const shape = like?.shape ?? size ?? [];
  const n = numelOf(shape);
  const means = typeof mean === "object" ? mean.numpy() : new Float64Array(n).fill(mean);
  const stds = typeof std === "object" ? std.numpy() : new Float64Array(n).fill(std);
  if (means.length !== n || stds.length !== n) {
    throw new ValueError(
      `Cannot normal mean of ${means.length} and std of ${stds.length} elements: equal shapes are needed`,
    );
  }
  if (stds.some((s: number | bigint) => !(s >= 0))) {
    throw new ValueError("Cannot normal std below 0: at least 0 is needed");
  }
  const dtype = like?.dtype ?? floatType("normal", options);
  return make(shape, dtype, { device: like?.device, ...options }, (array, generator) => {
    fillNormal(array, dtype, 0, 1, generator);
    const numbers = array as Float64Array;
    const round = dtype === float32 ? Math.fround : (v: number) => v;
    for (let i = 0; i < n; i++) numbers[i] = round(numbers[i] * Number(stds[i])) + Number(means[i]);
  });
}

/**
 * Draws `num_samples` indices (int64) at the probabilities that `weights` [n] gives up to a factor.
 *
 * @throws ValueError when a weight is negative or not finite, or there are too few to draw from
 */
export function multinomial(
  weights: Tensor,
  num_samples: number,
  replacement = false,
  options: RandomOptions = {},
): Tensor {
  const w = Float64Array.from(weights.numpy() as Float64Array);
  const usable = w.filter((v) => v > 0).length;
  if (weights.ndim !== 1 || w.some((v) => !(v >= 0 && v < Infinity)) || usable < (replacement ? 1 : num_samples)) {
    throw new ValueError(
      "Cannot multinomial weights: one dimension of finite numbers of at least 0, enough of them above 0, are needed",
    );
  }
  return make([num_samples], int64, { device: weights.device, ...options }, (array, generator) => {
    const chosen = replacement && num_samples > 1
      ? drawAgain(w, num_samples, generator)
      : drawOnce(w, num_samples, generator);
    array.set(chosen.map(BigInt) as never);
  });
}

const { fround } = Math;

function drawAgain(w: Float64Array, count: number, generator: Generator): number[] {
  const cumulative = new Float32Array(w.length);
  let sum = 0;
  w.forEach((v, i) => cumulative[i] = sum = fround(sum + v));
  cumulative.forEach((v, i) => cumulative[i] = v / sum);
  cumulative[w.length - 1] = 1;
  return Array.from({ length: count }, () => {
    const u = generator.uniform53();
    return cumulative.findIndex((c) => c >= u);
  });
}

// without replacement the largest of w / Exp(1) win
function drawOnce(w: Float64Array, count: number, generator: Generator): number[] {
  const keys = w.map((v) => fround(v / fround(-Math.log1p(-generator.uniform53()))));
  const order = Array.from(keys.keys()).sort((a, b) => keys[b] - keys[a] || a - b);
  return order.slice(0, count);
}
