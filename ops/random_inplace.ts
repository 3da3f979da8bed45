/** @file Filling existing tensors with random numbers, in PyTorch's order of elements. */

import { is_grad_enabled } from "../autograd/grad_mode.ts";
import { type DType, newArray, type TypedArray } from "../tensor/dtype.ts";
import { DTypeError, GradError, ShapeError, ValueError } from "../tensor/errors.ts";
import { arrayFrom, forEachOffset } from "../tensor/host.ts";
import {
  default_generator,
  fillBernoulli,
  fillBernoulliEach,
  fillExponential,
  fillNormal,
  fillRandint,
  fillRandom,
  fillUniform,
  Generator,
} from "../tensor/random.ts";
import { showShape } from "../tensor/shape.ts";
import { assertAlive } from "../tensor/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Where random numbers come from: a generator, alone or as PyTorch's keyword argument. */
export type GeneratorOption = Generator | { readonly generator?: Generator };

function pick(option: GeneratorOption): Generator {
  return option instanceof Generator ? option : option.generator ?? default_generator;
}

/** Throws unless `p` is a probability. */
export function checkProbability(op: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`Cannot ${op} p ${p}: a number in [0, 1] is needed`);
}

function checkFloat(op: string, x: Tensor): void {
  if (x.is_floating_point()) return;
  throw new DTypeError(`Cannot ${op} a tensor of ${x.dtype.name}: a floating-point dtype is needed`);
}

/**
 * Replaces the elements of `x` by what `fill` writes. Elements of a view are drawn in the order of memory.
 * `contiguous` tells `fill` whether they lie row by row without gaps.
 */
function fillTensor(
  op: string,
  x: Tensor,
  fill: (array: TypedArray, dtype: DType, contiguous: boolean) => void,
): Tensor {
  assertAlive(x.storage);
  if (x.requires_grad && is_grad_enabled()) {
    throw new GradError(`Cannot ${op} a tensor that takes part in a gradient: use no_grad()`);
  }
  if (x.strides.some((s, i) => s === 0 && x.shape[i] > 1)) {
    throw new ShapeError(
      `Cannot ${op} an expanded tensor of shape ${showShape(x.shape)}: elements of their own are needed`,
    );
  }
  const contiguous = x.is_contiguous();
  const values = newArray(x.dtype, x.numel());
  fill(values, x.dtype, contiguous);
  const { storage, device } = x;
  if (contiguous && values.length === storage.numel) device.write(storage, values);
  else {
    const all = device.readSync(storage);
    scatter(values, all, x);
    device.write(storage, all);
  }
  storage.version++;
  return x;
}

function scatter(values: TypedArray, all: TypedArray, x: Tensor): void {
  const order = x.strides.map((_, i) => i).sort((a, b) => x.strides[b] - x.strides[a] || a - b);
  const shape = order.map((d) => x.shape[d]);
  const strides = order.map((d) => x.strides[d]);
  const from = values as Float64Array, to = all as Float64Array; // any kind: elements are moved, not changed
  forEachOffset(shape, [strides], [x.offset], (i, place) => {
    to[place] = from[i];
  });
}

/**
 * Fills `x` with uniform numbers in [from, to), and returns it.
 *
 * @throws DTypeError unless `x` is floating point
 * @throws ValueError unless from <= to
 */
export function uniform_(x: Tensor, from = 0, to = 1, option: GeneratorOption = default_generator): Tensor {
  checkFloat("uniform_", x);
  if (!(from <= to)) throw new ValueError(`Cannot uniform_ from ${from} to ${to}: from <= to is needed`);
  return fillTensor("uniform_", x, (array, dtype) => fillUniform(array, dtype, from, to, pick(option)));
}

/**
 * Fills `x` with normal numbers, and returns it.
 *
 * @throws DTypeError unless `x` is floating point
 * @throws ValueError when the deviation is negative
 */
export function normal_(x: Tensor, mean = 0, std = 1, option: GeneratorOption = default_generator): Tensor {
  checkFloat("normal_", x);
  if (!(std >= 0)) throw new ValueError(`Cannot normal_ std ${std}: at least 0 is needed`);
  return fillTensor("normal_", x, (array, dtype, contiguous) => {
    fillNormal(array, dtype, mean, std, pick(option), contiguous);
  });
}

/**
 * Fills `x` with 1 at probability `p` (a number, or a floating-point tensor of `x`'s shape), else 0, and returns it.
 *
 * @throws ValueError when a probability is outside [0, 1]
 * @throws ShapeError when the shapes differ
 */
export function bernoulli_(x: Tensor, p: number | Tensor = 0.5, option: GeneratorOption = default_generator): Tensor {
  if (typeof p === "number") {
    checkProbability("bernoulli_", p);
    return fillTensor("bernoulli_", x, (array, dtype) => fillBernoulli(array, dtype, p, pick(option)));
  }
  checkFloat("bernoulli_", p);
  if (p.ndim !== x.ndim || p.shape.some((s, i) => s !== x.shape[i])) {
    throw new ShapeError(
      `Cannot bernoulli_ ${showShape(x.shape)} with p ${showShape(p.shape)}: equal shapes are needed`,
    );
  }
  const list = p.numpy();
  for (const one of list) checkProbability("bernoulli_", Number(one));
  const stored = arrayFrom(list as Float64Array, p.dtype);
  return fillTensor("bernoulli_", x, (array, dtype) => fillBernoulliEach(array, dtype, stored, p.dtype, pick(option)));
}

/**
 * Fills `x` with integers in [from, to), and returns it. `random_(x, to)` starts at 0; without bounds, the integers
 * from 0 that the dtype holds exactly.
 *
 * @throws ValueError unless from < to
 */
export function random_(
  x: Tensor,
  from?: number | bigint,
  to?: number | bigint | null,
  option: GeneratorOption = default_generator,
): Tensor {
  if (from === undefined) return fillTensor("random_", x, (array, dtype) => fillRandom(array, dtype, pick(option)));
  const bounds = to === undefined || to === null ? [0, from] : [from, to];
  if (!bounds.every((b) => typeof b === "bigint" || Number.isInteger(b)) || bounds[0] >= bounds[1]) {
    throw new ValueError(`Cannot random_ from ${bounds[0]} to ${bounds[1]}: integers with from < to are needed`);
  }
  const [low, high] = bounds.map(BigInt);
  return fillTensor("random_", x, (array, dtype) => fillRandint(array, dtype, low, high, pick(option)));
}

/**
 * Fills `x` with exponentially distributed numbers of rate `lambd`, and returns it.
 *
 * @throws DTypeError unless `x` is floating point
 * @throws ValueError unless lambd > 0
 */
export function exponential_(x: Tensor, lambd = 1, option: GeneratorOption = default_generator): Tensor {
  checkFloat("exponential_", x);
  if (!(lambd > 0)) throw new ValueError(`Cannot exponential_ lambd ${lambd}: a number above 0 is needed`);
  return fillTensor("exponential_", x, (array, dtype) => fillExponential(array, dtype, lambd, pick(option)));
}
