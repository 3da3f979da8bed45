/** @file Schedulers: learning rates as a function of the number of steps. */

import { StateError, ValueError } from "../tensor/errors.ts";
import type { Optimizer, ParamGroup } from "./optimizer.ts";
import { checkKnown } from "../tensor/options.ts";

/** The numbers of a scheduler, for a checkpoint. */
export interface SchedulerStateDict {
  /** Rates that the groups started with. */
  readonly base_lrs: readonly number[];
  /** Number of steps taken. */
  readonly last_epoch: number;
  /** Calls of `step`. */
  readonly _step_count: number;
  /** Rates that were set last. */
  readonly _last_lr: readonly number[];
  /** The scheduler's own settings. */
  readonly [setting: string]: unknown;
}

/** Base class of schedulers; a subclass tells the rates of the groups. */
export abstract class LRScheduler {
  /** Rates that the groups started with. */
  base_lrs: readonly number[];
  /** Number of steps taken; 0 after construction. */
  last_epoch: number;
  /** Calls of `step`, the one in the constructor included. */
  _step_count = 0;
  /** Rates that were set last. */
  _last_lr: readonly number[] = [];

  /**
   * Takes over the groups of an optimizer.
   *
   * @param last_epoch number of the last step when training is resumed, else -1
   * @throws StateError when it is resumed and a group has no `initial_lr`
   */
  constructor(readonly optimizer: Optimizer<ParamGroup>, last_epoch = -1) {
    const groups = optimizer.param_groups;
    if (last_epoch !== -1 && groups.some((g) => g.initial_lr === undefined)) {
      throw new StateError(
        "Cannot resume a scheduler on groups without initial_lr: load the optimizer's state first, or leave out last_epoch",
      );
    }
    for (const g of groups) g.initial_lr ??= g.lr;
    this.base_lrs = groups.map((g) => g.initial_lr!);
    this.last_epoch = last_epoch;
  }

  /** Rates of the groups after the step that is being taken, from the rates before it. */
  abstract get_lr(): number[];

  /** Rates of the groups at `last_epoch`, from nothing else; the same as `get_lr` where there is no such formula. */
  protected closedForm(): number[] {
    return this.get_lr();
  }

  /** Rates that were set last. */
  get_last_lr(): number[] {
    return [...this._last_lr];
  }

  /** Takes a step, or jumps to step `epoch`, and writes the rates into the optimizer's groups. */
  step(epoch?: number): void {
    this._step_count++;
    this.last_epoch = epoch ?? this.last_epoch + 1;
    const rates = epoch === undefined ? this.get_lr() : this.closedForm();
    rates.forEach((lr, i) => this.optimizer.param_groups[i].lr = lr);
    this._last_lr = rates;
  }

  /** All numbers of the scheduler; the optimizer's are not among them. */
  state_dict(): SchedulerStateDict {
    const { optimizer: _, ...own } = this;
    return { ...own };
  }

  /**
   * Takes over the numbers of a checkpoint. The rates themselves come with the optimizer's state.
   *
   * @throws StateError when one is missing or the number of groups differs
   */
  load_state_dict(state: SchedulerStateDict): void {
    const own = this.state_dict();
    const missing = Object.keys(own).find((name) => !(name in state));
    if (missing !== undefined) throw new StateError(`Cannot load_state_dict without ${missing}: it is needed`);
    const odd = Object.keys(state).find((name) => !(name in own));
    if (odd !== undefined) throw new StateError(`Cannot load_state_dict with ${odd}: the scheduler has no such number`);
    if (state.base_lrs.length !== own.base_lrs.length) {
      throw new StateError(
        `Cannot load_state_dict with ${state.base_lrs.length} groups: the optimizer has ${own.base_lrs.length}`,
      );
    }
    Object.assign(this, state, { base_lrs: [...state.base_lrs], _last_lr: [...state._last_lr] });
  }
}

/**
 * Lowers the rates along half a cosine from their start to `eta_min` in `T_max` steps, and raises them again after.
 *
 * As PyTorch's, each step multiplies the current rate, so that what others change in it is kept.
 */
export class CosineAnnealingLR extends LRScheduler {
  /** Steps from the highest to the lowest rate. */
  readonly T_max: number;
  /** Lowest rate. */
  readonly eta_min: number;

  /**
   * Takes over the groups of an optimizer.
   *
   * @param T_max steps from the highest to the lowest rate
   * @param eta_min lowest rate, or the options
   * @throws ValueError unless T_max is above 0 and eta_min a number
   */
  constructor(
    optimizer: Optimizer<ParamGroup>,
    T_max: number,
    eta_min: number | { eta_min?: number; last_epoch?: number } = 0,
    last_epoch = -1,
  ) {
    const given = typeof eta_min === "number" ? { eta_min, last_epoch } : eta_min;
    checkKnown("CosineAnnealingLR", given, ["eta_min", "last_epoch"]);
    if (!(T_max > 0)) throw new ValueError(`Cannot CosineAnnealingLR with T_max ${T_max}: a number above 0 is needed`);
    const lowest = given.eta_min ?? 0;
    if (!Number.isFinite(lowest)) {
      throw new ValueError(`Cannot CosineAnnealingLR with eta_min ${lowest}: a finite number is needed`);
    }
    super(optimizer, given.last_epoch ?? -1);
    this.T_max = T_max;
    this.eta_min = lowest;
    this.step();
  }

  /** Rates of the groups after the step that is being taken. */
  override get_lr(): number[] {
    const { last_epoch: e, T_max, eta_min } = this;
    const rates = this.optimizer.param_groups.map((g) => g.lr);
    if (e === 0) return rates;
    if (this._step_count === 1 && e > 0) return this.closedForm();
    if ((e - 1 - T_max) % (2 * T_max) === 0) {
      const rise = (1 - Math.cos(Math.PI / T_max)) / 2; // the factor below would divide by zero
      return rates.map((lr, i) => lr + (this.base_lrs[i] - eta_min) * rise);
    }
    const factor = (1 + Math.cos(Math.PI * e / T_max)) / (1 + Math.cos(Math.PI * (e - 1) / T_max));
    return rates.map((lr) => factor * (lr - eta_min) + eta_min);
  }

  /** Rates of the groups at `last_epoch`. */
  protected override closedForm(): number[] {
    const { last_epoch: e, T_max, eta_min } = this;
    return this.base_lrs.map((base) => eta_min + (base - eta_min) * (1 + Math.cos(Math.PI * e / T_max)) / 2);
  }
}
