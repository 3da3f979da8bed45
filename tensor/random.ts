/** @file Filling arrays with random elements, draw for draw as PyTorch's CPU kernels (builds without MKL). */

import { bfloat16, bool, type DType, float16, float64, int64, type TypedArray } from "./dtype.ts";
import type { Generator } from "./generator.ts";
import { reader, writer } from "./host.ts";

export { default_generator, Generator } from "./generator.ts";

const { fround } = Math;

/** Bits of precision of a floating-point type, and so of its uniform numbers. */
function digits(dtype: DType): number {
  return dtype === float64 ? 53 : dtype === float16 ? 11 : dtype === bfloat16 ? 8 : 24;
}

/** A function that draws uniform numbers in [0, 1) with the precision of `dtype`. */
function uniformDraw(dtype: DType, generator: Generator): () => number {
  if (dtype === float64) return () => generator.uniform53();
  const scale = 2 ** digits(dtype);
  return () => (generator.random() % scale) / scale;
}

/** Fills `array`, which stores the floating-point `dtype`, with uniform numbers in [from, to). */
export function fillUniform(array: TypedArray, dtype: DType, from: number, to: number, generator: Generator): void {
  const write = writer(array, dtype);
  const draw = uniformDraw(dtype, generator);
  if (dtype === float64) {
    for (let i = 0; i < array.length; i++) write(i, draw() * (to - from) + from);
    return;
  }
  const low = fround(from);
  const width = fround(fround(to) - low);
  for (let i = 0; i < array.length; i++) write(i, fround(fround(draw() * width) + low));
}

/**
 * Fills `array`, which stores the floating-point `dtype`, with normal numbers.
 *
 * PyTorch has two methods: in blocks of 16 for contiguous tensors of at least 16 elements, which `blocks` allows,
 * and one after the other in float64.
 */
export function fillNormal(
  array: TypedArray,
  dtype: DType,
  mean: number,
  std: number,
  generator: Generator,
  blocks = true,
): void {
  if (blocks && array.length >= 16) return fillNormalBlocks(array, dtype, mean, std, generator);
  const write = writer(array, dtype);
  for (let i = 0; i < array.length; i++) write(i, generator.normal() * std + mean);
}

function fillNormalBlocks(array: TypedArray, dtype: DType, mean: number, std: number, generator: Generator): void {
  const n = array.length;
  const draw = uniformDraw(dtype, generator);
  const uniforms = new Float64Array(n);
  for (let i = 0; i < n; i++) uniforms[i] = draw();
  const write = writer(array, dtype);
  const round = dtype === float64 ? (v: number): number => v : fround; // each step is one float32 operation
  const turn = round(2 * Math.PI);
  const transform = (start: number, u: Float64Array, from: number): void => {
    for (let j = 0; j < 8; j++) {
      const radius = round(Math.sqrt(-2 * round(Math.log(1 - u[from + j]))));
      const angle = round(turn * u[from + j + 8]);
      write(start + j, round(radius * round(Math.cos(angle))) * round(std) + round(mean));
      write(start + j + 8, round(radius * round(Math.sin(angle))) * round(std) + round(mean));
    }
  };
  for (let i = 0; i + 16 <= n; i += 16) transform(i, uniforms, i);
  if (n % 16 === 0) return;
  const last = new Float64Array(16).map(() => draw()); // the last 16 are drawn anew
  transform(n - 16, last, 0);
}

/**
 * Fills `array`, which stores `dtype`, with integers in [low, high).
 * Ranges of 2^32 and more take two draws for each element.
 */
export function fillRandint(array: TypedArray, dtype: DType, low: bigint, high: bigint, generator: Generator): void {
  const range = BigInt.asUintN(64, high - low);
  if (range < 2n ** 32n) {
    const small = Number(range);
    if (array instanceof BigInt64Array) {
      for (let i = 0; i < array.length; i++) array[i] = low + BigInt(generator.random() % small);
      return;
    }
    const write = writer(array, dtype);
    const base = Number(low);
    for (let i = 0; i < array.length; i++) write(i, base + generator.random() % small);
    return;
  }
  const write = array instanceof BigInt64Array ? null : writer(array, dtype);
  for (let i = 0; i < array.length; i++) {
    const value = low + generator.random64() % range;
    if (write) write(i, Number(value));
    else array[i] = value;
  }
}

/** Fills `array` with integers over all that `dtype` holds exactly and that are not negative. */
export function fillRandom(array: TypedArray, dtype: DType, generator: Generator): void {
  if (dtype === bool) fillRandint(array, dtype, 0n, 2n, generator);
  else if (dtype.is_floating_point) fillRandint(array, dtype, 0n, 2n ** BigInt(digits(dtype)) + 1n, generator);
  else {
    const bits = 8 * dtype.itemsize - (dtype.is_signed ? 1 : 0);
    fillRandint(array, dtype, 0n, 2n ** BigInt(bits), generator);
  }
}

/** The numbers 0 to n - 1 in random order. */
export function permutation(n: number, generator: Generator): Float64Array {
  const order = Float64Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + generator.random() % (n - i);
    const moved = order[i];
    order[i] = order[j];
    order[j] = moved;
  }
  return order;
}

/** Fills `array` with 1 at probability `p`, else 0; 53 random bits for each element. */
export function fillBernoulli(array: TypedArray, dtype: DType, p: number, generator: Generator): void {
  const write = writer(array, dtype);
  for (let i = 0; i < array.length; i++) write(i, generator.uniform53() < p ? 1 : 0);
}

/** Fills `array` with 1 at the probability of the same element of `p`, else 0; as many random bits as `p` has. */
export function fillBernoulliEach(
  array: TypedArray,
  dtype: DType,
  p: TypedArray,
  pType: DType,
  generator: Generator,
): void {
  const write = writer(array, dtype);
  const read = reader(p, pType);
  const wide = pType === float64;
  for (let i = 0; i < array.length; i++) {
    const u = wide ? generator.uniform53() : (generator.random() & 0xffffff) * 2 ** -24;
    write(i, u < read(i) ? 1 : 0);
  }
}

/** Fills `array` with exponentially distributed numbers of rate `lambd`. */
export function fillExponential(array: TypedArray, dtype: DType, lambd: number, generator: Generator): void {
  const write = writer(array, dtype);
  for (let i = 0; i < array.length; i++) write(i, -1 / lambd * Math.log1p(-generator.uniform53()));
}

/** A seed as PyTorch's DataLoader draws it: an int64 in [0, 2^63). */
export function drawSeed(generator: Generator): bigint {
  const one = new BigInt64Array(1);
  fillRandom(one, int64, generator);
  return one[0];
}
