/** @file Walking the tape from results to leaves. */

import type { ScalarFunction } from "../tensor/device.ts";
import { GradError, ShapeError } from "../tensor/errors.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import { free, letGo, retain, Scope } from "../tensor/storage.ts";
import { allocate, Tensor } from "../tensor/tensor.ts";
import { GradMode } from "./grad_mode.ts";
import { defineOp, type OpDef } from "./op.ts";
import { apply, type GradFunction } from "./tape.ts";
import { hooksOf } from "./hooks.ts";

/** How `backward()` and `grad()` treat the record. */
export interface BackwardOptions {
  /** Keep what was saved, so that backward can run again; `create_graph` unless given. */
  retain_graph?: boolean;
  /** Record the gradients' own computation, for second derivatives. */
  create_graph?: boolean;
}

const addScalar: ScalarFunction = { name: "add", js: (a, b) => a + b, gpu: "a + b" };

/** Sum of two gradients of the same tensor. */
const accumulateOp: OpDef<"a" | "b", never, never, null> = defineOp({
  name: "add",
  inputs: ["a", "b"],
  save: [],
  infer: ({ a }) => ({ shape: a.shape, dtype: a.dtype }),
  forward: (k, { a, b }, out) => k.map(addScalar, [a, b], out, []),
  vjp: (g) => ({ a: g, b: g }),
  onnx: null,
  samples: null,
});

/** Gives a consumed gradient back, unless somebody else holds it. */
function drop(g: Tensor): void {
  const { allocation } = g.storage;
  allocation.keeps--;
  if (allocation.keeps === 0 && !allocation.owned) free(allocation);
}

/** Makes a tensor that nobody owns but the caller, by one `retain`: `drop` frees it. */
function transient(make: () => Tensor): Tensor {
  const inner = new Scope();
  try {
    const x = make();
    retain(x.storage);
    return x;
  } finally {
    inner.end();
  }
}

class Walk {
  readonly #pending = new Map<GradFunction, (Tensor | null)[]>();
  readonly #leaves = new Map<Tensor, Tensor>();
  constructor(
    readonly createGraph: boolean,
    readonly retainGraph: boolean,
    readonly wanted: ReadonlySet<Tensor> | null,
  ) {}

  /** Adds a gradient for a tensor; takes over one `retain` of it. */
  deliver(edge: { fn: GradFunction; index: number } | { leaf: Tensor }, g: Tensor): void {
    if ("leaf" in edge) {
      this.#leaves.set(edge.leaf, this.#sum(this.#leaves.get(edge.leaf) ?? null, g));
      return;
    }
    let grads = this.#pending.get(edge.fn);
    if (!grads) this.#pending.set(edge.fn, grads = edge.fn.outputs.map(() => null));
    grads[edge.index] = this.#sum(grads[edge.index], g);
  }

  #sum(a: Tensor | null, b: Tensor): Tensor {
    if (!a) return b;
    if (this.createGraph) return apply(accumulateOp, { a, b }, null);
    const sum = transient(() => apply(accumulateOp, { a, b }, null));
    drop(a);
    drop(b);
    return sum;
  }

  run(order: readonly GradFunction[]): Map<Tensor, Tensor> {
    const captured = new Map<Tensor, Tensor>();
    for (const fn of order) {
      const grads = this.#pending.get(fn);
      if (!grads) continue;
      this.#pending.delete(fn);
      for (const [index, x] of fn.watched) this.#watch(x, grads, index, captured);
      this.#step(fn, grads);
      if (!this.createGraph) { for (const g of grads) if (g) drop(g); }
    }
    for (const [leaf, g] of this.#leaves) {
      const hooked = this.#hooked(leaf, g);
      if (!this.wanted) this.#accumulate(leaf, hooked);
      else if (this.wanted.has(leaf)) captured.set(leaf, hooked);
    }
    return captured;
  }

  #hooked(x: Tensor, g: Tensor): Tensor {
    let result = g;
    for (const hook of hooksOf(x)) result = hook(result) ?? result;
    if (result !== g && !this.createGraph) {
      retain(result.storage);
      letGo(g.storage); // the hook may have kept it: it stays for as long as the scope around backward
    }
    return result;
  }

  #watch(x: Tensor, grads: (Tensor | null)[], index: number, captured: Map<Tensor, Tensor>): void {
    const g = grads[index];
    if (!g) return;
    const result = grads[index] = this.#hooked(x, g);
    if (x.retains_grad && !this.wanted) this.#accumulate(x, result, false);
    if (this.wanted?.has(x)) {
      if (!this.createGraph) retain(result.storage);
      captured.set(x, result);
    }
  }

  #step(fn: GradFunction, grads: readonly (Tensor | null)[]): void {
    if (this.createGraph) return this.#pass(fn, fn.backward(grads));
    const inner = new Scope();
    try {
      const results = fn.backward(grads);
      for (const r of results) if (r) retain(r.storage);
      this.#pass(fn, results, true);
    } finally {
      inner.end();
    }
    if (!this.retainGraph) fn.release();
  }

  #pass(fn: GradFunction, results: readonly (Tensor | null | undefined)[], retained = false): void {
    fn.edges.forEach((edge, i) => {
      const g = results[i];
      if (g && edge) this.deliver(edge, g);
      else if (g && retained) g.storage.allocation.keeps--; // not needed: the scope of this step frees it
    });
    if (this.createGraph && !this.retainGraph) fn.release();
  }

  /** Adds to `x.grad`; takes the gradient over as it is where nobody else holds it. */
  #accumulate(x: Tensor, g: Tensor, consume = true): void {
    if (this.createGraph) {
      x.grad = x.grad ? apply(accumulateOp, { a: x.grad, b: g }, null) : g;
      return;
    }
    if (x.grad) {
      x.device.beginOp();
      x.device.kernels.map(addScalar, [x.grad, g], x.grad, []);
      x.grad.storage.version++;
    } else {
      const { allocation } = g.storage;
      const mine = consume && allocation.keeps === 1 && !allocation.owned && g.storage.numel === g.numel() &&
        g.is_contiguous();
      x.grad = mine ? g.detach() : copyOf(g);
    }
    if (consume) drop(g);
  }
}

function copyOf(g: Tensor): Tensor {
  g.device.beginOp();
  const out = allocate(g.device, g.dtype, g.shape);
  g.device.kernels.copy(g, out);
  return out;
}

/** All recorded operations behind the roots, latest first. */
function reachable(roots: readonly Tensor[]): GradFunction[] {
  const seen = new Set<GradFunction>();
  const stack = roots.flatMap((r) => r.grad_fn ?? []);
  for (let fn; (fn = stack.pop());) {
    if (seen.has(fn)) continue;
    seen.add(fn);
    for (const edge of fn.edges) if (edge && "fn" in edge && !seen.has(edge.fn)) stack.push(edge.fn);
  }
  return [...seen].sort((a, b) => b.sequence - a.sequence);
}

function ones(x: Tensor): Tensor {
  x.device.beginOp();
  const g = allocate(x.device, x.dtype, x.shape);
  x.device.kernels.fill(g, 1);
  return g;
}

function checkGradient(root: Tensor, gradient: Tensor | null | undefined): Tensor | null {
  if (!root.requires_grad) {
    throw new GradError("Cannot call backward on a tensor that does not require gradients: none of its inputs does");
  }
  if (!gradient) {
    if (root.numel() !== 1) {
      throw new GradError(
        `Cannot call backward on y ${
          showShape(root.shape)
        }: y must have one element: pass the gradient, or use y.sum()`,
      );
    }
    return null;
  }
  if (!sameShape(gradient.shape, root.shape)) {
    throw new ShapeError(
      `Cannot use gradient ${showShape(gradient.shape)} for y ${showShape(root.shape)}: the shapes must be equal`,
    );
  }
  return gradient;
}

function walk(
  roots: readonly Tensor[],
  gradients: readonly (Tensor | null | undefined)[],
  options: BackwardOptions,
  wanted: readonly Tensor[] | null,
): Map<Tensor, Tensor> {
  const createGraph = options.create_graph ?? false;
  const retainGraph = options.retain_graph ?? createGraph;
  const mode = new GradMode(createGraph);
  try {
    const started = roots.map((root, i) => {
      const given = checkGradient(root, gradients[i]);
      if (createGraph) return given ?? ones(root);
      if (!given) return transient(() => ones(root));
      retain(given.storage);
      return given;
    });
    const w = new Walk(createGraph, retainGraph, wanted && new Set(wanted));
    if (wanted) { for (const x of wanted) if (x.grad_fn) x.grad_fn.watched.set(x.outputIndex, x); }
    roots.forEach((root, i) => {
      w.deliver(root.grad_fn ? { fn: root.grad_fn, index: root.outputIndex } : { leaf: root }, started[i]);
    });
    return w.run(reachable(roots));
  } finally {
    mode[Symbol.dispose]();
  }
}

/**
 * Computes the gradients of `roots` with respect to every leaf that requires them and adds them to the leaves' `grad`.
 *
 * @param gradients gradient of each root; may be left out for roots with one element
 * @throws GradError when a root requires no gradient, or what was saved has been freed or changed
 */
export function backward(
  roots: Tensor | readonly Tensor[],
  gradients?: Tensor | null | readonly (Tensor | null)[],
  options: BackwardOptions = {},
): void {
  const list = roots instanceof Tensor ? [roots] : roots;
  const given = gradients instanceof Tensor || !gradients ? [gradients] : gradients;
  walk(list, given, options, null);
}

/** Options of `grad`. */
export interface GradOptions extends BackwardOptions {
  grad_outputs?: Tensor | readonly (Tensor | null)[];
  /** Give null for an input that the outputs do not depend on, in place of an error. */
  allow_unused?: boolean;
}

/**
 * Gradients of `outputs` with respect to `inputs`, which are returned in place of being added to `grad`.
 *
 * @returns one tensor for each input; null for unused ones with `allow_unused`
 * @throws GradError when an input requires no gradient or is not used
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const roots = outputs instanceof Tensor ? [outputs] : outputs;
  const wanted = inputs instanceof Tensor ? [inputs] : inputs;
  for (const x of wanted) {
    if (!x.requires_grad) {
      throw new GradError("Cannot compute grad for an input that does not require gradients: set requires_grad");
    }
  }
  const { grad_outputs } = options;
  const given = grad_outputs instanceof Tensor || !grad_outputs ? [grad_outputs] : grad_outputs;
  const found = walk(roots, given, options, wanted);
  return wanted.map((x) => {
    const g = found.get(x) ?? null;
    if (!g && !options.allow_unused) {
      throw new GradError(
        "Cannot compute grad for an input that the outputs do not depend on: pass { allow_unused: true }",
      );
    }
    if (g && !options.create_graph) letGo(g.storage);
    return g;
  });
}
