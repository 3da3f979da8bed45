/** @file Dropout. */

import { ValueError } from "../tensor/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./arithmetic.ts";
import { empty_like } from "./creation.ts";
import { bernoulli_ } from "./random_inplace.ts";

/**
 * Sets each element to 0 with probability `p` and multiplies the others by `1 / (1 - p)`; the identity unless `training`.
 * The mask is drawn as PyTorch draws it; nothing is drawn for `p` 0 and 1.
 *
 * @throws ValueError unless `p` is in [0, 1]
 * @see torch.nn.functional.dropout
 */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`Cannot dropout with p ${p}: a probability in [0, 1] is needed`);
  if (!training || p === 0) return x;
  if (p === 1) return mul(x, 0);
  return mul(x, div(bernoulli_(empty_like(x), 1 - p), 1 - p));
}
