/** @file What optimizers have in common: parameter groups, state for each parameter, saving and loading. */

import { enable_grad } from "../autograd/grad_mode.ts";
import { GradError, StateError, ValueError } from "../tensor/errors.ts";
import { letGo, retain } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { convert, zeroGrad } from "../tensor/transfer.ts";

/** Parameters that are trained with the same settings; each optimizer adds its own. */
export interface ParamGroup {
  /** The parameters. */
  params: Tensor[];
  /** Learning rate. */
  lr: number;
  /** The rate that a scheduler starts from. */
  initial_lr?: number;
}

/** A group as the user gives it: settings that are left out are the optimizer's defaults. */
export type ParamGroupInit<G extends ParamGroup> = Omit<Partial<G>, "params"> & {
  readonly params: Tensor | Iterable<Tensor>;
};

/** What an optimizer trains: parameters, or groups of them. */
export type Params<G extends ParamGroup> = Iterable<Tensor> | Iterable<ParamGroupInit<G>>;

/** What an optimizer remembers of one parameter. */
export type ParamState = { [name: string]: Tensor | number | null };

/** An optimizer's state: parameters are numbered in the order of the groups. Tensors are shared, not copied. */
export interface OptimizerStateDict {
  /** What is remembered of each parameter, by its number. */
  readonly state: { readonly [index: number]: Readonly<ParamState> };
  /** Settings of the groups, with the numbers of their parameters. */
  readonly param_groups: readonly ({ readonly params: readonly number[] } & { readonly [setting: string]: unknown })[];
}

/** Base class of optimizers. */
export abstract class Optimizer<G extends ParamGroup = ParamGroup> {
  /** The groups; schedulers write their `lr`. */
  readonly param_groups: G[] = [];
  /** What is remembered of each parameter. */
  readonly state: Map<Tensor, ParamState> = new Map();
  /** Settings of groups that do not give their own. */
  readonly defaults: Omit<G, "params">;

  /**
   * Takes over the parameters.
   *
   * @throws ValueError, GradError when the parameters or the settings are not usable
   */
  constructor(params: Params<G>, defaults: Omit<G, "params">) {
    this.defaults = defaults;
    if (params instanceof Tensor || typeof params !== "object" || !(Symbol.iterator in params)) {
      throw new TypeError(
        `Cannot optimize ${params instanceof Tensor ? "a single tensor" : typeof params}: ` +
          "a list of parameters, or of groups { params: [...] }, is needed",
      );
    }
    const list: (Tensor | ParamGroupInit<G>)[] = [...params];
    if (list.length === 0) throw new ValueError("Cannot optimize an empty list of parameters: one or more are needed");
    if (list.every((p) => p instanceof Tensor)) this.add_param_group({ params: list } as unknown as ParamGroupInit<G>);
    else for (const group of list) this.add_param_group(group as ParamGroupInit<G>);
  }

  /** Throws when the settings of a group cannot be used. */
  protected abstract checkSettings(group: Omit<G, "params">): void;

  /** Updates one parameter that has a gradient. */
  protected abstract update(p: Tensor, grad: Tensor, group: G): void;

  /**
   * Adds a group, for example layers that are unfrozen later.
   *
   * @throws ValueError when a setting is out of range or a parameter is in a group already
   * @throws GradError when a parameter is the result of an operation
   */
  add_param_group(group: ParamGroupInit<G>): void {
    if (group === null || typeof group !== "object" || group.params === undefined) {
      throw new TypeError("Cannot optimize a group without params: { params: [...] } is needed");
    }
    const params = group.params instanceof Tensor ? [group.params] : [...group.params];
    const full = { ...this.defaults, ...group, params } as unknown as G;
    this.checkSettings(full);
    const seen = new Set(this.param_groups.flatMap((g) => g.params));
    for (const p of params) {
      if (!(p instanceof Tensor)) throw new TypeError(`Cannot optimize a ${typeof p}: tensors are needed`);
      if (!p.is_leaf) throw new GradError("Cannot optimize the result of an operation: parameters are needed");
      if (seen.has(p)) throw new ValueError("Cannot optimize a parameter twice: it may be in one group only");
      seen.add(p);
    }
    this.param_groups.push(full);
  }

  /** Removes the gradients of all parameters; with `set_to_none` false they become zeros. */
  zero_grad(set_to_none = true): void {
    for (const { params } of this.param_groups) for (const p of params) zeroGrad(p, set_to_none);
  }

  /**
   * Updates all parameters that have a gradient.
   *
   * @param closure computes the loss and its gradients first; its result is returned
   */
  step<T>(closure: () => T): T;
  /** Updates all parameters that have a gradient. */
  step(): void;
  step<T>(closure?: () => T): T | void {
    const loss = closure && enable_grad(closure);
    for (const group of this.param_groups) {
      for (const p of group.params) {
        const { grad } = p;
        if (grad) this.update(p, grad, group);
      }
    }
    return loss;
  }

  /** Keeps `value` beyond all scopes as part of what is remembered of `p`. */
  protected remember(p: Tensor, name: string, value: Tensor): void {
    let own = this.state.get(p);
    if (!own) this.state.set(p, own = {});
    retain(value.storage);
    own[name] = value;
  }

  /** State and settings for a checkpoint. */
  state_dict(): OptimizerStateDict {
    const index = new Map(this.param_groups.flatMap((g) => g.params).map((p, i) => [p, i]));
    const state: { [index: number]: ParamState } = {};
    for (const [p, i] of index) {
      const own = this.state.get(p);
      if (own) state[i] = { ...own };
    }
    const param_groups = this.param_groups.map((g) => ({ ...g, params: g.params.map((p) => index.get(p)!) }));
    return { state, param_groups: param_groups as unknown as OptimizerStateDict["param_groups"] };
  }

  /**
   * Takes over state and settings from a checkpoint; tensors are copied to their parameter's device and dtype.
   *
   * @throws StateError when the groups are not this optimizer's, before anything is changed
   */
  load_state_dict(dict: OptimizerStateDict): void {
    const groups = dict.param_groups;
    if (groups.length !== this.param_groups.length) {
      throw new StateError(
        `Cannot load_state_dict with ${groups.length} groups: the optimizer has ${this.param_groups.length}`,
      );
    }
    groups.forEach((group, i) => {
      const want = this.param_groups[i].params.length;
      if (group.params.length === want) return;
      throw new StateError(
        `Cannot load_state_dict with ${group.params.length} parameters in group ${i}: the optimizer has ${want}`,
      );
    });
    const settings = groups.map(({ params: _, ...rest }) => rest as unknown as Omit<G, "params">);
    settings.forEach((s) => this.checkSettings(s));
    const next = this.#matchState(dict);

    for (const own of this.state.values()) {
      for (const v of Object.values(own)) if (v instanceof Tensor) letGo(v.storage);
    }
    this.state.clear();
    for (const [p, own] of next) {
      this.state.set(p, {});
      for (const [name, v] of Object.entries(own)) {
        if (v instanceof Tensor) this.remember(p, name, v);
        else this.state.get(p)![name] = v;
      }
    }
    settings.forEach((s, i) => Object.assign(this.param_groups[i], s));
  }

  #matchState({ state, param_groups }: OptimizerStateDict): Map<Tensor, ParamState> {
    const byNumber = new Map<number, Tensor>();
    param_groups.forEach((g, i) => g.params.forEach((n, j) => byNumber.set(n, this.param_groups[i].params[j])));
    const next = new Map<Tensor, ParamState>();
    for (const [number, own] of Object.entries(state)) {
      const p = byNumber.get(Number(number));
      if (!p) throw new StateError(`Cannot load_state_dict with state of parameter ${number}: no group has it`);
      const copy: ParamState = {};
      for (const [name, v] of Object.entries(own)) {
        copy[name] = v instanceof Tensor ? convert(v, p.device, v.is_floating_point() ? p.dtype : v.dtype) : v;
      }
      next.set(p, copy);
    }
    return next;
  }

  /** The optimizer's name and the settings of its groups, as PyTorch prints them. */
  toString(): string {
    const lines = this.param_groups.flatMap((group, i) => {
      const settings = Object.entries(group).filter(([name]) => name !== "params").sort(([a], [b]) => a < b ? -1 : 1);
      return [`Parameter Group ${i}`, ...settings.map(([name, value]) => `    ${name}: ${value}`)];
    });
    return `${this.constructor.name} (\n${lines.join("\n")}\n)`;
  }
}
