/** @file Dropout as a function. */

import { no_grad } from "../autograd/grad_mode.ts";
import { div, mul } from "../ops/arithmetic.ts";
import { empty_like } from "../ops/creation.ts";
import { bernoulli_, checkProbability, type GeneratorOption } from "../ops/random_inplace.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Zeroes each element with probability `p` and scales the others by `1 / (1 - p)`; gives `x` back unless training.
 * Nothing is drawn for `p` 0 and 1.
 *
 * @throws ValueError unless `p` is in [0, 1]
 * @see torch.nn.functional.dropout
 */
export function dropout(x: Tensor, p = 0.5, training = true, generator?: GeneratorOption): Tensor {
  checkProbability("dropout", p);
  if (!training || p === 0) return x;
  if (p === 1) return mul(x, 0);
  const mask = no_grad(() => div(bernoulli_(empty_like(x), 1 - p, generator), 1 - p));
  return mul(x, mask);
}
