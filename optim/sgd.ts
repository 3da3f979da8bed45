/** @file Stochastic gradient descent. */

import type { SgdParams } from "../tensor/device.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import { free } from "../tensor/storage.ts";
import { allocate, Tensor } from "../tensor/tensor.ts";
import { convert, copyInto } from "../tensor/transfer.ts";
import { Optimizer, type ParamGroup, type Params } from "./optimizer.ts";
import { checkKnown, checkNotNegative } from "../tensor/options.ts";

/** Settings of a group of parameters under SGD. */
export interface SGDGroup extends ParamGroup {
  /** How much of the last direction is kept; 0 by default. */
  momentum: number;
  /** How much of the gradient is left out of the direction; 0 by default. */
  dampening: number;
  /** Multiple of the parameter that is added to its gradient; 0 by default. */
  weight_decay: number;
  /** Looks one step ahead along the momentum; false by default. */
  nesterov: boolean;
  /** Goes up instead of down; false by default. */
  maximize: boolean;
  /** PyTorch's choice of implementation: without effect, kept for its checkpoints; null by default. */
  foreach: boolean | null;
  /** Differentiating through steps: false only, kept for PyTorch's checkpoints. */
  differentiable: boolean;
}

/** Keyword arguments of SGD. */
export type SGDOptions = Partial<Omit<SGDGroup, "params" | "initial_lr">>;

const settings = [
  "lr",
  "momentum",
  "dampening",
  "weight_decay",
  "nesterov",
  "maximize",
  "foreach",
  "differentiable",
] as const;
const inGroups = [...settings, "params", "initial_lr"];

/**
 * Stochastic gradient descent with momentum, by PyTorch's formula: with `g` the gradient plus `weight_decay` times the
 * parameter, the direction is `b = momentum * b + (1 - dampening) * g` (`g` in the first step), and the parameter goes
 * down by `lr` times `b`, or times `g + momentum * b` with `nesterov`.
 */
export class SGD extends Optimizer<SGDGroup> {
  /**
   * Makes an optimizer of `params`.
   *
   * @param params parameters, or groups of them with settings of their own
   * @param lr learning rate, or the options
   * @throws ValueError for unknown options and values out of range
   */
  constructor(params: Params<SGDGroup>, lr: number | SGDOptions, options: SGDOptions = {}) {
    const given: SGDOptions = typeof lr === "number" ? { ...options, lr } : lr;
    checkKnown("SGD", given, settings);
    super(params, {
      lr: given.lr as number, // checkSettings refuses undefined
      momentum: given.momentum ?? 0,
      dampening: given.dampening ?? 0,
      weight_decay: given.weight_decay ?? 0,
      nesterov: given.nesterov ?? false,
      maximize: given.maximize ?? false,
      foreach: given.foreach ?? null,
      differentiable: given.differentiable ?? false,
    });
  }

  /** Throws when the settings of a group cannot be used. */
  protected override checkSettings(group: Omit<SGDGroup, "params">): void {
    checkKnown("SGD", group, inGroups);
    checkNotNegative("SGD", "lr", group.lr);
    checkNotNegative("SGD", "momentum", group.momentum);
    checkNotNegative("SGD", "weight_decay", group.weight_decay);
    if (group.differentiable) {
      throw new ValueError("Cannot SGD with differentiable true: steps are not recorded, false is needed");
    }
    if (group.nesterov && (group.momentum <= 0 || group.dampening !== 0)) {
      throw new ValueError(
        `Cannot SGD with nesterov, momentum ${group.momentum} and dampening ${group.dampening}: ` +
          "a momentum above 0 and no dampening are needed",
      );
    }
  }

  /** Updates one parameter that has a gradient. */
  protected override update(p: Tensor, grad: Tensor, group: SGDGroup): void {
    const { lr, momentum, dampening, weight_decay, nesterov, maximize } = group;
    let buffer: Tensor | null = null;
    let first = false;
    if (momentum === 0) {
      if (!this.state.has(p)) this.state.set(p, { momentum_buffer: null });
    } else {
      const known = this.state.get(p)?.momentum_buffer;
      first = !(known instanceof Tensor);
      buffer = known instanceof Tensor ? known : allocate(p.device, p.dtype, p.shape);
      if (first) this.remember(p, "momentum_buffer", buffer);
      if (!sameShape(buffer.shape, p.shape)) {
        throw new ShapeError(
          `Cannot SGD momentum_buffer ${showShape(buffer.shape)}: the parameter's ${showShape(p.shape)} is needed`,
        );
      }
    }
    this.#run(p, grad, buffer, { lr, momentum, dampening, weight_decay, nesterov, maximize, first });
  }

  /** Runs the kernel, which takes packed elements only, on copies where they are not. */
  #run(p: Tensor, grad: Tensor, buffer: Tensor | null, params: SgdParams): void {
    const packedParam = packed(p), packedGrad = packed(grad);
    p.device.beginOp();
    p.device.kernels.sgd(packedParam, packedGrad, buffer, params);
    p.storage.version++;
    if (buffer) buffer.storage.version++;
    if (packedParam !== p) copyInto(p, packedParam);
    if (packedParam !== p) free(packedParam.storage.allocation);
    if (packedGrad !== grad) free(packedGrad.storage.allocation);
  }
}

function packed(x: Tensor): Tensor {
  return x.is_contiguous() ? x : convert(x, x.device, x.dtype);
}
