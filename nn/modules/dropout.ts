/** @file Dropout. */

import { dropout } from "../functional.ts";
import { Module } from "../module.ts";
import { ValueError } from "../../tensor/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** While training, zeroes each element with probability `p` and scales the others by `1 / (1 - p)`. */
export class Dropout extends Module {
  /**
   * Makes the layer.
   *
   * @throws ValueError unless `p` is in [0, 1]
   */
  constructor(readonly p: number = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new ValueError(`Cannot Dropout with p ${p}: a probability in [0, 1] is needed`);
  }

  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training);
  }

  /** The arguments, as PyTorch prints them. */
  override extra_repr(): string {
    return `p=${this.p}, inplace=False`;
  }
}
