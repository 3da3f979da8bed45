/** @file Modules that hold lists of modules. */

import { Module } from "../module.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What list-like modules share: children called 0, 1, 2, or by given names. */
export abstract class Container extends Module {
  /** The children by number, negative ones from the end not included. */
  [index: number]: Module;

  constructor() {
    super();
    // as a function the object has a length of its own, which is not the number of modules
    Object.defineProperty(this, "length", { get: () => this.#values().length, configurable: true });
  }

  #values(): Module[] {
    return Object.values(this).filter((m): m is Module => m instanceof Module);
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.register_module(String(this.#values().length), module);
    return this;
  }

  /** The modules in their order. */
  [Symbol.iterator](): Iterator<Module> {
    return this.#values()[Symbol.iterator]();
  }
}

/** What the number of modules is called. */
export interface Container {
  /** Number of modules. */
  readonly length: number;
}

/** Runs modules one after the other, each on the result of the one before. */
export class Sequential extends Container {
  /**
   * Makes a container.
   *
   * @param modules modules, or one plain object (or Map) of names and modules
   */
  constructor(...modules: Module[] | [{ readonly [name: string]: Module } | ReadonlyMap<string, Module>]) {
    super();
    for (const [name, module] of entriesOf(modules)) this.register_module(name, module);
  }

  /** What the container computes. */
  override forward(x: Tensor): Tensor {
    for (const module of this) x = module(x);
    return x;
  }
}

/** A list of modules for `forward` functions that do as they like with them. */
export class ModuleList extends Container {
  /** Makes a container. */
  constructor(modules: Iterable<Module> = []) {
    super();
    for (const module of modules) this.append(module);
  }

  /** What the container computes. */
  override forward(): never {
    throw new TypeError("Cannot call a ModuleList: call its modules");
  }
}

type Given = readonly (Module | { readonly [name: string]: Module } | ReadonlyMap<string, Module>)[];

function entriesOf(given: Given): [string, Module][] {
  const [first] = given;
  if (given.length === 1 && first instanceof Map) return [...first];
  if (given.length === 1 && typeof first === "object") return Object.entries(first);
  return given.map((m, i) => {
    if (m instanceof Module) return [String(i), m];
    throw new TypeError(`Cannot Sequential argument ${i} of type ${typeof m}: a module is needed`);
  });
}
