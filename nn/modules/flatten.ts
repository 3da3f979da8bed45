/** @file Flattening. */

import { flatten } from "../functional.ts";
import { Module } from "../module.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Joins dimensions `start_dim` to `end_dim` into one; all but the first unless told otherwise. */
export class Flatten extends Module {
  /** Makes the layer. */
  constructor(readonly start_dim: number = 1, readonly end_dim: number = -1) {
    super();
  }

  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return flatten(x, this.start_dim, this.end_dim);
  }

  /** The arguments, as PyTorch prints them. */
  override extra_repr(): string {
    return `start_dim=${this.start_dim}, end_dim=${this.end_dim}`;
  }
}
