/** @file State dictionaries: what a module's parameters and buffers are called, and how they are read back. */

import { StateError } from "../tensor/errors.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { convert, copyInto } from "../tensor/transfer.ts";

/** Names and tensors in the order of registration, such as `conv1.weight`. */
export type StateDict = Map<string, Tensor>;

/** What `load_state_dict` takes: a Map, or a plain object. */
export type StateDictLike = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

/** What `load_state_dict` found: names that the module has and the dictionary has not, and the reverse. */
export interface IncompatibleKeys {
  /** Names that the module has and the dictionary has not. */
  readonly missing_keys: readonly string[];
  /** Names that the dictionary has and the module has not. */
  readonly unexpected_keys: readonly string[];
}

/** A loading in two steps: all is checked before the first element changes. */
export class LoadPlan {
  readonly #source: ReadonlyMap<string, Tensor>;
  readonly #taken: Set<string> = new Set();
  readonly #commits: (() => void)[] = [];
  /** Names that the module needs and the dictionary does not have. */
  readonly missing: string[] = [];
  /** What does not fit, in words. */
  readonly errors: string[] = [];

  /** Starts a plan to load `source`. */
  constructor(source: StateDictLike) {
    this.#source = source instanceof Map ? source : new Map(Object.entries(source));
    for (const [name, value] of this.#source) {
      if (!(value instanceof Tensor)) {
        throw new TypeError(`Cannot load_state_dict ${name} of type ${typeof value}: a tensor is needed`);
      }
    }
  }

  /** The tensor of this name, or undefined; either way the name is expected. */
  take(name: string): Tensor | undefined {
    this.#taken.add(name);
    return this.#source.get(name);
  }

  /** Adds a change that is made once everything has been found to fit. */
  onCommit(change: () => void): void {
    this.#commits.push(change);
  }

  /** Plans to copy the tensor called `name` into `target`. */
  copy(name: string, target: Tensor): void {
    const value = this.take(name);
    if (!value) this.missing.push(name);
    else if (!sameShape(value.shape, target.shape)) {
      this.errors.push(`${name} has shape ${showShape(value.shape)}, the module's is ${showShape(target.shape)}`);
    } else {
      // moved and converted now, so that what can fail has failed before anything changes
      const moved = value.device === target.device ? value : convert(value, target.device, target.dtype);
      this.onCommit(() => copyInto(target, moved));
    }
  }

  /** Names in the dictionary that nobody took. */
  get unexpected(): string[] {
    return [...this.#source.keys()].filter((name) => !this.#taken.has(name));
  }

  /**
   * Makes the changes.
   *
   * @throws StateError with everything that does not fit, before any change
   */
  commit(owner: string, strict: boolean): IncompatibleKeys {
    const unexpected = this.unexpected;
    const problems = [...this.errors];
    if (strict && this.missing.length > 0) problems.push(`missing: ${this.missing.join(", ")}`);
    if (strict && unexpected.length > 0) problems.push(`unexpected: ${unexpected.join(", ")}`);
    if (problems.length > 0) {
      throw new StateError(`Cannot load_state_dict into ${owner}, nothing was changed: ${problems.join("; ")}`);
    }
    for (const change of this.#commits) change();
    return { missing_keys: this.missing, unexpected_keys: unexpected };
  }
}
