/** @file Losses. */

import { ShapeError, ValueError } from "../tensor/errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { log_softmax } from "./activation.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { cast } from "./broadcast.ts";
import { ne, where } from "./compare.ts";
import { gather, index_select } from "./indexing.ts";
import { mean, sum } from "./reduce.ts";
import { reshape } from "./shape.ts";

/** How the losses of single samples become the result. */
export type Reduction = "mean" | "sum" | "none";

/** Options of losses over classes. */
export interface ClassLossOptions {
  /** A factor for each class [C]; the mean is divided by the sum of the factors used. */
  weight?: Tensor | null;
  /** Targets of this value do not count. */
  ignore_index?: number;
  /** How the single losses become the result; "mean" unless given. */
  reduction?: Reduction;
}

function reduce(loss: Tensor, reduction: Reduction): Tensor {
  switch (reduction) {
    case "mean":
      return mean(loss);
    case "sum":
      return sum(loss);
    case "none":
      return loss;
    default:
      throw new ValueError(`Cannot reduce a loss by "${reduction}": "mean", "sum" or "none" is needed`);
  }
}

function checkTarget(op: string, x: Tensor, target: Tensor): void {
  if (x.ndim !== 2 || target.ndim !== 1 || target.shape[0] !== x.shape[0]) {
    throw new ShapeError(
      `Cannot ${op} x ${showShape(x.shape)} with target ${showShape(target.shape)}: [N, C] and [N] are needed`,
    );
  }
  if (x.device.type !== "cpu") return; // reading the targets would have to wait
  const classes = x.shape[1];
  for (const v of target.numpy()) {
    if ((v >= 0 && v < classes) || target.dtype.is_floating_point) continue;
    throw new ValueError(`Cannot ${op} with target ${v}: classes are 0 to ${classes - 1}`);
  }
}

/**
 * Negative log-likelihood: minus the log-probability of each target class.
 *
 * @param x log-probabilities [N, C]
 * @param target class numbers [N], int64 or int32
 * @returns a single value, or [N] with reduction "none"
 * @throws ShapeError, ValueError for a class out of range
 * @see torch.nn.functional.nll_loss
 */
export function nll_loss(x: Tensor, target: Tensor, options: ClassLossOptions = {}): Tensor {
  const { weight = null, ignore_index = -100, reduction = "mean" } = options;
  const ignored = x.device.type === "cpu" && target.ndim === 1 &&
    target.numpy().some((v) => Number(v) === ignore_index);
  const counts = ignored ? ne(target, ignore_index) : null;
  const classes = counts ? cast(where(counts, target, 0), target.dtype) : target;
  checkTarget("nll_loss", x, classes);
  const picked = neg(reshape(gather(x, 1, reshape(classes, -1, 1)), x.shape[0]));
  if (!counts && !weight) return reduce(picked, reduction);
  let factor = weight ? index_select(weight, 0, classes) : cast(counts!, x.dtype);
  if (weight && counts) factor = mul(factor, cast(counts, x.dtype));
  const loss = counts ? where(counts, mul(picked, factor), 0) : mul(picked, factor);
  return reduction === "mean" ? div(sum(loss), sum(factor)) : reduce(loss, reduction);
}

/** Options of `cross_entropy`. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** Share of the target that is spread evenly over all classes, in [0, 1]. */
  label_smoothing?: number;
}

/**
 * Cross entropy of scores and class numbers: `nll_loss(log_softmax(x))`.
 *
 * @param x scores [N, C]
 * @param target class numbers [N], int64 or int32
 * @throws ShapeError, ValueError for a class or a smoothing out of range
 * @see torch.nn.functional.cross_entropy
 */
export function cross_entropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { label_smoothing = 0, ...rest } = options;
  if (!(label_smoothing >= 0 && label_smoothing <= 1)) {
    throw new ValueError(`Cannot cross_entropy with label_smoothing ${label_smoothing}: a number in [0, 1] is needed`);
  }
  if (x.ndim !== 2) {
    throw new ShapeError(`Cannot cross_entropy x ${showShape(x.shape)}: two dimensions [N, C] are needed`);
  }
  const logp = log_softmax(x, 1);
  const nll = nll_loss(logp, target, rest);
  if (label_smoothing === 0) return nll;
  if (rest.weight || rest.ignore_index !== undefined) {
    throw new ValueError(
      "Cannot cross_entropy with label_smoothing together with weight or ignore_index: give one of them",
    );
  }
  const spread = reduce(neg(mean(logp, 1)), rest.reduction ?? "mean");
  return add(mul(nll, 1 - label_smoothing), mul(spread, label_smoothing));
}

/** Squared difference. */
export function mse_loss(x: Tensor, target: Tensor, options: { reduction?: Reduction } = {}): Tensor {
  if (x.ndim !== target.ndim || x.shape.some((s, i) => s !== target.shape[i])) {
    throw new ShapeError(
      `Cannot mse_loss x ${showShape(x.shape)} with target ${showShape(target.shape)}: the shapes must be equal`,
    );
  }
  const d = sub(x, target);
  return reduce(mul(d, d), options.reduction ?? "mean");
}
