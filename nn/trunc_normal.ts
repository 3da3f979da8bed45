/** @file Normal numbers within bounds, by the inverse of the distribution function. */

import { DTypeError, ValueError } from "../tensor/errors.ts";
import { arrayFrom } from "../tensor/host.ts";
import { default_generator, fillUniform, type Generator } from "../tensor/random.ts";
import { free } from "../tensor/storage.ts";
import { fromArray, hostArray, type Tensor } from "../tensor/tensor.ts";
import { copyInto } from "../tensor/transfer.ts";

const { fround } = Math;

/** Gauss's error function to about 1e-15: its series near 0, a continued fraction beyond. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x, sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }
  let tail = 0;
  for (let n = 80; n > 0; n--) tail = n / 2 / (a + tail);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + tail)));
}

/** The number whose error function is `y`: a first guess, then Newton's steps. */
function erfinv(y: number): number {
  if (Math.abs(y) >= 1) return y * Infinity;
  const w = Math.log(1 - y * y);
  const c = 2 / (Math.PI * 0.147) + w / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(c * c - w / 0.147) - c); // Winitzki's formula, good to 2e-3
  for (let i = 0; i < 4 && x !== 0; i++) {
    const slope = 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
    const step = (erf(x) - y) / slope;
    if (!Number.isFinite(step)) break;
    x -= step;
  }
  return x;
}

/** Probability that a standard normal number is below `x`. */
function below(x: number): number {
  return (1 + erf(x / Math.SQRT2)) / 2;
}

/**
 * Fills `x` with normal numbers of the given mean and standard deviation that lie in `[a, b]`, and returns it.
 *
 * @throws DTypeError unless `x` is floating point
 * @throws ValueError unless `std > 0` and `a < b`
 * @see torch.nn.init.trunc_normal_
 */
export function trunc_normal_(
  x: Tensor,
  mean = 0,
  std = 1,
  a = -2,
  b = 2,
  generator: Generator = default_generator,
): Tensor {
  if (!x.dtype.is_floating_point) {
    throw new DTypeError(`Cannot trunc_normal_ a tensor of ${x.dtype.name}: a floating-point dtype is needed`);
  }
  if (!(std > 0 && a < b)) {
    throw new ValueError(`Cannot trunc_normal_ std ${std} in [${a}, ${b}]: std > 0 and a < b are needed`);
  }
  const low = below((a - mean) / std), high = below((b - mean) / std);
  const array = hostArray(x.dtype, x.shape);
  fillUniform(array, x.dtype, 2 * low - 1, 2 * high - 1, generator);
  const uniform = fromArray(x.device, x.dtype, x.shape, array);
  const round = x.dtype.itemsize > 4 ? (v: number): number => v : fround;
  const values = Float64Array.from(uniform.numpy() as Float64Array, (u) => {
    const v = round(round(round(erfinv(u)) * std * Math.SQRT2) + mean);
    return Math.min(Math.max(v, a), b);
  });
  free(uniform.storage.allocation);
  const result = fromArray(x.device, x.dtype, x.shape, arrayFrom(values, x.dtype));
  copyInto(x, result);
  free(result.storage.allocation);
  return x;
}
