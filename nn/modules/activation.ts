/** @file Activations. */

import { log_softmax, relu, sigmoid, softmax, tanh } from "../functional.ts";
import { Module } from "../module.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** `max(x, 0)` of each element. */
export class ReLU extends Module {
  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** `1 / (1 + exp(-x))` of each element. */
export class Sigmoid extends Module {
  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** Hyperbolic tangent of each element. */
export class Tanh extends Module {
  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** Makes the elements along a dimension positive with sum 1. */
export class Softmax extends Module {
  /**
   * Makes the layer.
   *
   * @param dim the dimension along which the sum is 1
   */
  constructor(readonly dim: number) {
    super();
  }

  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }

  /** The arguments, as PyTorch prints them. */
  override extra_repr(): string {
    return `dim=${this.dim}`;
  }
}

/** Logarithm of the softmax along a dimension. */
export class LogSoftmax extends Module {
  /**
   * Makes the layer.
   *
   * @param dim the dimension along which the probabilities add up to 1
   */
  constructor(readonly dim: number) {
    super();
  }

  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return log_softmax(x, this.dim);
  }

  /** The arguments, as PyTorch prints them. */
  override extra_repr(): string {
    return `dim=${this.dim}`;
  }
}
