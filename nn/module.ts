/** @file Module: what every layer and every network is, a function with parameters, buffers and children. */

import { device, type DeviceLike } from "../tensor/device.ts";
import { type DType, float16, float32, float64 } from "../tensor/dtype.ts";
import { ValueError } from "../tensor/errors.ts";
import { letGo, retain } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { convert, zeroGrad } from "../tensor/transfer.ts";
import { Callable } from "./callable.ts";
import { describe } from "./describe.ts";
import { Parameter } from "./parameter.ts";
import { type IncompatibleKeys, LoadPlan, type StateDict, type StateDictLike } from "./state_dict.ts";

/** Modules are called: `model(x)` is `model.forward(x)`. */
export interface Module {
  (...args: Parameters<this["forward"]>): ReturnType<this["forward"]>;
}

/**
 * Base class of layers and networks; a subclass writes `forward` and assigns its parts to fields.
 *
 * Fields that hold a `Parameter` are its parameters, fields that hold a module its children, in the order in which the
 * fields were made. Buffers are registered. As every function, a module has no free fields called `name` and `length`.
 */
export abstract class Module extends Callable {
  /** True while training: dropout drops, batch normalization learns. */
  training = true;
  /** Names of the buffers, and whether they belong to the state. */
  readonly #buffers: Map<string, boolean> = new Map();

  /** What the module computes. */
  // deno-lint-ignore no-explicit-any
  abstract forward(...args: any[]): any;

  /**
   * Adds state that is not trained, such as a running mean, as field `name`. What is assigned to the field later
   * becomes the buffer; null is a buffer without a value.
   *
   * @param options `persistent: false` leaves it out of the state dictionary
   */
  register_buffer(name: string, tensor: Tensor | null, options: { persistent?: boolean } = {}): void {
    checkName("register_buffer", name);
    this.#buffers.set(name, options.persistent ?? true);
    let held: Tensor | null = null;
    Object.defineProperty(this, name, {
      get: () => held,
      set: (next: Tensor | null) => {
        if (next) retain(next.storage);
        if (held) letGo(held.storage);
        held = next;
      },
      enumerable: true,
      configurable: true,
    });
    Reflect.set(this, name, tensor);
  }

  /** Adds a parameter under a name that is computed; null stands for one that is left out. */
  register_parameter(name: string, parameter: Parameter | null): void {
    checkName("register_parameter", name);
    Reflect.set(this, name, parameter);
  }

  /** Adds a child under a name that is computed. */
  register_module(name: string, module: Module | null): void {
    checkName("register_module", name);
    Reflect.set(this, name, module);
  }

  /** As `register_module`. */
  add_module(name: string, module: Module | null): void {
    this.register_module(name, module);
  }

  /** The modules directly inside, with the names of their fields, each once. */
  *named_children(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, child] of childrenOf(this)) {
      if (seen.has(child)) continue;
      seen.add(child);
      yield [name, child];
    }
  }

  /** The modules directly inside, each once. */
  *children(): Generator<Module> {
    for (const [, child] of this.named_children()) yield child;
  }

  /** The module itself (named `prefix`) and all modules inside, parents first, each once. */
  *named_modules(prefix = "", seen: Set<Module> = new Set()): Generator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of childrenOf(this)) yield* child.named_modules(join(prefix, name), seen);
  }

  /** The module itself and all modules inside, each once. */
  *modules(): Generator<Module> {
    for (const [, module] of this.named_modules()) yield module;
  }

  /** The parameters with their names, such as `conv1.weight`, each once. */
  *named_parameters(prefix = "", recurse = true): Generator<[string, Parameter]> {
    yield* this.#named(prefix, recurse, (m) => parametersOf(m));
  }

  /** The parameters, each once. */
  *parameters(recurse = true): Generator<Parameter> {
    for (const [, p] of this.named_parameters("", recurse)) yield p;
  }

  /** The buffers that have a value, with their names, each once. */
  *named_buffers(prefix = "", recurse = true): Generator<[string, Tensor]> {
    yield* this.#named(prefix, recurse, (m) => m.#ownBuffers());
  }

  /** The buffers that have a value, each once. */
  *buffers(recurse = true): Generator<Tensor> {
    for (const [, b] of this.named_buffers("", recurse)) yield b;
  }

  *#named<T>(prefix: string, recurse: boolean, own: (m: Module) => Iterable<[string, T]>): Generator<[string, T]> {
    const seen = new Set<T>();
    for (const [path, module] of recurse ? this.named_modules(prefix) : [[prefix, this] as [string, Module]]) {
      for (const [name, value] of own(module)) {
        if (seen.has(value)) continue;
        seen.add(value);
        yield [join(path, name), value];
      }
    }
  }

  *#ownBuffers(persistentOnly = false): Generator<[string, Tensor]> {
    for (const [name, persistent] of this.#buffers) {
      const value: unknown = Reflect.get(this, name);
      if (value instanceof Tensor && (persistent || !persistentOnly)) yield [name, value];
    }
  }

  /**
   * The module at a path such as `"layer1.0.conv"`; the empty path is the module itself.
   *
   * @throws ValueError when there is none
   */
  get_submodule(path: string): Module {
    let at: Module = this as Module;
    for (const name of path === "" ? [] : path.split(".")) {
      const next: unknown = Reflect.get(at, name);
      if (!(next instanceof Module)) {
        throw new ValueError(`Cannot get_submodule "${path}": ${at.constructor.name} has no module "${name}"`);
      }
      at = next;
    }
    return at;
  }

  /** Parameters and persistent buffers, without history but sharing their elements with the module. */
  state_dict(destination: StateDict = new Map(), prefix = ""): StateDict {
    this._save_to_state_dict(destination, prefix);
    for (const [name, child] of childrenOf(this)) child.state_dict(destination, `${prefix}${name}.`);
    return destination;
  }

  /** Adds this module's own parameters and buffers, not its children's; subclasses with other state override it. */
  _save_to_state_dict(destination: StateDict, prefix: string): void {
    for (const [name, p] of parametersOf(this)) destination.set(prefix + name, p.detach());
    for (const [name, b] of this.#ownBuffers(true)) destination.set(prefix + name, b.detach());
  }

  /**
   * Copies values into parameters and buffers. Either all of them are loaded or none.
   *
   * @param strict false tolerates names that are missing or not expected; they are in the result
   * @throws StateError when a shape differs, or, if strict, a name is missing or not expected
   */
  load_state_dict(state: StateDictLike, strict: boolean | { strict?: boolean } = true): IncompatibleKeys {
    const plan = new LoadPlan(state);
    loadFrom(this, plan, "");
    return plan.commit(this.constructor.name, typeof strict === "boolean" ? strict : strict.strict ?? true);
  }

  /** Plans the loading of this module's own state; subclasses with other state override it. */
  _load_from_state_dict(plan: LoadPlan, prefix: string): void {
    for (const [name, p] of parametersOf(this)) plan.copy(prefix + name, p);
    for (const [name, b] of this.#ownBuffers(true)) plan.copy(prefix + name, b);
  }

  /** Switches this module and all inside to training. */
  train(mode = true): this {
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Switches this module and all inside to evaluation. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `f` with every module inside, then with the module itself. */
  apply(f: (module: Module) => void): this {
    for (const child of this.children()) child.apply(f);
    f(this as Module);
    return this;
  }

  /** Freezes (false) or unfreezes all parameters. */
  requires_grad_(requires_grad = true): this {
    for (const p of this.parameters()) p.requires_grad = requires_grad;
    return this;
  }

  /** Removes the gradients of all parameters; with `set_to_none` false they become zeros. */
  zero_grad(set_to_none = true): void {
    for (const p of this.parameters()) zeroGrad(p, set_to_none);
  }

  /**
   * Moves parameters and buffers to a device, or converts the floating-point ones to a dtype. The parameters stay the
   * same objects; if one cannot be moved, none is.
   */
  to(target: DeviceLike | DType | { device?: DeviceLike; dtype?: DType }): this {
    const { device: place, dtype } = asTarget(target);
    return this._apply((x) => {
      const to = place === undefined ? x.device : device(place);
      const kind = dtype && x.is_floating_point() ? dtype : x.dtype;
      return to === x.device && kind === x.dtype ? x : convert(x, to, kind);
    });
  }

  /** Moves the module to the CPU. */
  cpu(): this {
    return this.to("cpu");
  }

  /** Moves the module to the GPU. */
  cuda(): this {
    return this.to("gpu");
  }

  /** Converts to float32. */
  float(): this {
    return this.to(float32);
  }

  /** Converts to float64. */
  double(): this {
    return this.to(float64);
  }

  /** Converts to float16. */
  half(): this {
    return this.to(float16);
  }

  /** Replaces the elements of every parameter, gradient and buffer by what `f` makes of them. */
  _apply(f: (x: Tensor) => Tensor): this {
    const changes: (() => void)[] = [];
    for (const p of this.parameters()) {
      const { grad } = p;
      const [data, nextGrad] = [f(p), grad && f(grad)];
      if (data === p && nextGrad === grad) continue;
      changes.push(() => {
        p.grad = null;
        if (data !== p) p.setData(data);
        p.grad = nextGrad;
      });
    }
    for (const module of this.modules()) {
      for (const [name, b] of module.#ownBuffers()) {
        const next = f(b);
        if (next !== b) changes.push(() => Reflect.set(module, name, next));
      }
    }
    for (const change of changes) change();
    return this;
  }

  /** What the text of the module says between the parentheses. */
  extra_repr(): string {
    return "";
  }

  /** PyTorch's text of a module: its class, `extra_repr()`, and its children line by line. */
  override toString(): string {
    return describe(this.constructor.name, this.extra_repr(), childrenOf(this));
  }
}

for (const inspect of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
  Object.defineProperty(Module.prototype, Symbol.for(inspect), {
    value(this: Module): string {
      return this.toString();
    },
  });
}

function* childrenOf(module: Module): Generator<[string, Module]> {
  for (const name of Object.keys(module)) {
    const value: unknown = Reflect.get(module, name);
    if (value instanceof Module) yield [name, value];
  }
}

function* parametersOf(module: Module): Generator<[string, Parameter]> {
  for (const name of Object.keys(module)) {
    const value: unknown = Reflect.get(module, name);
    if (value instanceof Parameter) yield [name, value];
  }
}

function loadFrom(module: Module, plan: LoadPlan, prefix: string): void {
  module._load_from_state_dict(plan, prefix);
  for (const [name, child] of childrenOf(module)) loadFrom(child, plan, `${prefix}${name}.`);
}

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}

function checkName(op: string, name: string): void {
  if (name === "" || name.includes(".") || ["name", "length", "prototype"].includes(name)) {
    throw new ValueError(`Cannot ${op} "${name}": a name without dots, not empty, name or length, is needed`);
  }
}

function asTarget(target: DeviceLike | DType | { device?: DeviceLike; dtype?: DType }): {
  device?: DeviceLike;
  dtype?: DType;
} {
  if (typeof target === "string" || "kernels" in target) return { device: target };
  if ("itemsize" in target) return { dtype: target };
  return target;
}
