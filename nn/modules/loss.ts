/** @file Losses. */

import {
  type ClassLossOptions,
  cross_entropy,
  type CrossEntropyOptions,
  mse_loss,
  nll_loss,
  type Reduction,
} from "../functional.ts";
import { Module } from "../module.ts";
import { ValueError } from "../../tensor/errors.ts";
import { checkKnown } from "../../tensor/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";

function checkReduction(op: string, reduction: Reduction): Reduction {
  if (["mean", "sum", "none"].includes(reduction)) return reduction;
  throw new ValueError(`Cannot ${op} with reduction ${reduction}: mean, sum or none is needed`);
}

/** What losses over classes share. */
export abstract class ClassLoss extends Module {
  /** How the losses of single samples become the result. */
  readonly reduction: Reduction;
  /** Targets of this value do not count. */
  readonly ignore_index: number | undefined;
  /** A factor for each class, or null. */
  declare weight: Tensor | null;

  /** Makes a loss. */
  constructor(op: string, options: ClassLossOptions, known: readonly string[]) {
    super();
    checkKnown(op, options, known);
    this.reduction = checkReduction(op, options.reduction ?? "mean");
    this.ignore_index = options.ignore_index;
    this.register_buffer("weight", options.weight ?? null);
  }

  /** The options of the function. */
  protected options(): ClassLossOptions {
    const { weight, ignore_index, reduction } = this;
    return ignore_index === undefined ? { weight, reduction } : { weight, ignore_index, reduction };
  }
}

/** Cross entropy of scores `[N, C]` and class numbers `[N]`. */
export class CrossEntropyLoss extends ClassLoss {
  /** Share of the target that is spread over all classes. */
  readonly label_smoothing: number;

  /**
   * Makes a loss.
   *
   * @throws ValueError for unknown options and values out of range
   */
  constructor(options: CrossEntropyOptions = {}) {
    super("CrossEntropyLoss", options, ["weight", "ignore_index", "reduction", "label_smoothing"]);
    this.label_smoothing = options.label_smoothing ?? 0;
    if (!(this.label_smoothing >= 0 && this.label_smoothing <= 1)) {
      throw new ValueError(
        `Cannot CrossEntropyLoss with label_smoothing ${this.label_smoothing}: a number in [0, 1] is needed`,
      );
    }
  }

  /** The loss of predictions and targets. */
  override forward(x: Tensor, target: Tensor): Tensor {
    return cross_entropy(x, target, { ...this.options(), label_smoothing: this.label_smoothing });
  }
}

/** Negative log-likelihood of log-probabilities `[N, C]` and class numbers `[N]`. */
export class NLLLoss extends ClassLoss {
  /**
   * Makes a loss.
   *
   * @throws ValueError for unknown options and values out of range
   */
  constructor(options: ClassLossOptions = {}) {
    super("NLLLoss", options, ["weight", "ignore_index", "reduction"]);
  }

  /** The loss of predictions and targets. */
  override forward(x: Tensor, target: Tensor): Tensor {
    return nll_loss(x, target, this.options());
  }
}

/** Squared difference. */
export class MSELoss extends Module {
  /** How the losses of single samples become the result. */
  readonly reduction: Reduction;

  /**
   * Makes a loss.
   *
   * @throws ValueError for unknown options
   */
  constructor(options: { reduction?: Reduction } = {}) {
    super();
    checkKnown("MSELoss", options, ["reduction"]);
    this.reduction = checkReduction("MSELoss", options.reduction ?? "mean");
  }

  /** The loss of predictions and targets. */
  override forward(x: Tensor, target: Tensor): Tensor {
    return mse_loss(x, target, { reduction: this.reduction });
  }
}
