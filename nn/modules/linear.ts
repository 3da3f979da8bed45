/** @file The linear layer. */

import { linear } from "../functional.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { checkKnown } from "../../tensor/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkCount, emptyParameter, type FactoryOptions, resetWeightAndBias, showBool } from "./_factory.ts";

/** Keyword arguments of Linear. */
export interface LinearOptions extends FactoryOptions {
  /** Adds a learned number to each output; true by default. */
  bias?: boolean;
}

/** `y = x W^T + b` over the last dimension: `[..., in_features]` to `[..., out_features]`. */
export class Linear extends Module {
  /** Size of the last dimension of the input. */
  readonly in_features: number;
  /** Size of the last dimension of the output. */
  readonly out_features: number;
  /** `[out_features, in_features]` */
  weight: Parameter;
  /** `[out_features]` */
  bias: Parameter | null;

  /**
   * Makes the layer with fresh parameters.
   *
   * @throws ValueError when a size is not a positive whole number
   */
  constructor(in_features: number, out_features: number, bias: boolean | LinearOptions = {}) {
    super();
    const options = typeof bias === "boolean" ? { bias } : bias;
    checkKnown("Linear", options, ["bias", "device", "dtype"]);
    checkCount("Linear", "in_features", in_features);
    checkCount("Linear", "out_features", out_features);
    this.in_features = in_features;
    this.out_features = out_features;
    this.weight = emptyParameter([out_features, in_features], options);
    this.bias = options.bias ?? true ? emptyParameter([out_features], options) : null;
    this.reset_parameters();
  }

  /** Draws new values, as PyTorch: both uniform within `1 / sqrt(in_features)`. */
  reset_parameters(): void {
    resetWeightAndBias(this.weight, this.bias);
  }

  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  /** The arguments, as PyTorch prints them. */
  override extra_repr(): string {
    const { in_features, out_features, bias } = this;
    return `in_features=${in_features}, out_features=${out_features}, bias=${showBool(bias !== null)}`;
  }
}

/** Gives back what it is given; takes the place of a layer. */
export class Identity extends Module {
  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return x;
  }
}
