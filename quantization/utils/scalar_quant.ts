/** @file Fake quantization of single float32 numbers in JavaScript, for searches over candidate ranges. */

import type { NumBits } from "../quant_descriptor.ts";

/** At or below this `amax` everything quantizes to zero: its reciprocal scale would not fit. */
export const TINY_AMAX: number = 2 ** -24;

/** The largest code of `bits`, for example 127; -0.5 for no bits. */
export function maxBoundOf(bits: number, unsigned: boolean): number {
  return 2 ** (bits - 1 + Number(unsigned)) - 1;
}

/** The smallest code of `bits`, for example -128, with narrow range -127, unsigned 0. */
export function minBoundOf(bits: number, unsigned: boolean, narrow_range: boolean): number {
  if (unsigned) return 0;
  const max = maxBoundOf(bits, false);
  return narrow_range ? -max : -max - 1;
}

const half = 1.5 * 2 ** 52;

/** The nearest integer, ties to even, of a number below 2^51 in size. */
export function roundHalfEven(v: number): number {
  // adding pushes the fraction out of the mantissa, with the processor's rounding
  return Math.abs(v) < 2 ** 51 ? (v + half) - half : v;
}

/** The nearest number of the 8-bit floating-point format E4M3; beyond its range +-448. */
export function roundE4M3(v: number): number {
  const size = Math.abs(v);
  if (!(size > 0)) return v;
  if (size > 464) return 448 * Math.sign(v);
  const exponent = Math.max(-6, Math.floor(Math.log2(size)));
  const step = 2 ** (exponent - 3);
  return Math.max(-448, Math.min(448, roundHalfEven(v / step) * step));
}

/** A function that quantizes non-negative or signed float32 numbers with narrow range, as the default functions do. */
export function quantizerOf(amax: number, num_bits: NumBits, unsigned: boolean): (x: number) => number {
  const fround = Math.fround;
  if (typeof num_bits !== "number") {
    const scale = fround(448 / amax);
    return (x) => Math.abs(x) < TINY_AMAX ? 0 : fround(roundE4M3(fround(x * scale)) / scale);
  }
  const max = maxBoundOf(num_bits, unsigned);
  const min = minBoundOf(num_bits, unsigned, true);
  const scale = amax > TINY_AMAX ? fround(max / amax) : 0;
  const divisor = scale === 0 && amax <= TINY_AMAX ? 1 : scale;
  return (x) => fround(Math.min(max, Math.max(min, roundHalfEven(fround(x * scale)))) / divisor);
}
