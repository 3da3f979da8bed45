/** @file Operations that users define with a gradient of their own. */

import { GradError } from "../tensor/errors.ts";
import { letGo, retain, type Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { is_grad_enabled, no_grad } from "./grad_mode.ts";
import type { Meta } from "./op.ts";
import { type Edge, edgeOf, type GradFunction, nextSequence } from "./tape.ts";

/** Carries what `backward` needs from `forward`. */
export interface FunctionContext {
  /** Remembers tensors for backward; they are kept beyond their scope until it has run. */
  save_for_backward(...tensors: readonly (Tensor | null)[]): void;
  /** What was saved. */
  readonly saved_tensors: readonly (Tensor | null)[];
  /** Which inputs need a gradient. */
  readonly needs_input_grad: readonly boolean[];
  /** Anything else, under a name of one's own. */
  [name: string]: unknown;
}

class FunctionNode implements GradFunction {
  readonly sequence: number = nextSequence();
  readonly watched: Map<number, Tensor> = new Map();
  outputs: readonly Meta[] = [];
  readonly context: FunctionContext;
  #saved: readonly (Tensor | null)[] | null = [];
  #held: Storage[] = [];
  #versions: number[] = [];

  constructor(
    readonly name: string,
    readonly edges: readonly (Edge | null)[],
    readonly back: (ctx: FunctionContext, ...grads: (Tensor | null)[]) => unknown,
  ) {
    const saved = (): readonly (Tensor | null)[] => this.#unpack();
    this.context = {
      save_for_backward: (...tensors) => this.#save(tensors),
      get saved_tensors() {
        return saved();
      },
      needs_input_grad: edges.map((e) => e !== null),
    };
  }

  #save(tensors: readonly (Tensor | null)[]): void {
    this.#saved = tensors;
    this.#held = tensors.flatMap((x) => x?.storage ?? []);
    this.#versions = tensors.map((x) => x?.storage.version ?? 0);
    this.#held.forEach(retain);
  }

  #unpack(): readonly (Tensor | null)[] {
    if (!this.#saved) {
      throw new GradError(
        `Cannot run backward through ${this.name} twice: what it saved has been freed: pass { retain_graph: true } the first time`,
      );
    }
    this.#saved.forEach((x, i) => {
      if (x && x.storage.version !== this.#versions[i]) {
        throw new GradError(`Cannot use saved tensor ${i} in the gradient of ${this.name}: it was changed in place`);
      }
    });
    return this.#saved;
  }

  backward(grads: readonly (Tensor | null)[]): readonly (Tensor | null | undefined)[] {
    const result = this.back(this.context, ...grads);
    const list = (Array.isArray(result) ? result : [result]) as readonly (Tensor | null | undefined)[];
    if (list.length !== this.edges.length) {
      throw new GradError(
        `Cannot use ${list.length} gradients of ${this.name}: one for each of its ${this.edges.length} arguments is needed`,
      );
    }
    return list;
  }

  release(): void {
    this.#saved = null;
    this.#held.forEach(letGo);
    this.#held = [];
  }
}

/** The two halves of a user's function. */
interface FunctionClass<A extends readonly unknown[], R extends Tensor | readonly Tensor[]> {
  readonly name: string;
  forward(ctx: FunctionContext, ...args: A): R;
  backward(ctx: FunctionContext, ...grads: (Tensor | null)[]): unknown;
}

/**
 * Base class of operations with a gradient of one's own: write static `forward(ctx, ...args)` and
 * `backward(ctx, ...grads)`, which returns one gradient (or null) for each argument; call `apply(...args)`.
 *
 * @see torch.autograd.Function
 */
export abstract class Function {
  /** Runs `forward` without recording and records the function as one operation. */
  static apply<A extends readonly unknown[], R extends Tensor | readonly Tensor[]>(
    this: FunctionClass<A, R>,
    ...args: A
  ): R {
    const edges = args.map((a) => a instanceof Tensor ? edgeOf(a) : null);
    const node = new FunctionNode(`${this.name}Backward`, edges, (ctx, ...grads) => this.backward(ctx, ...grads));
    const result = no_grad(() => this.forward(node.context, ...args));
    if (!is_grad_enabled() || edges.every((e) => e === null)) {
      node.release();
      return result;
    }
    const outs = (result instanceof Tensor ? [result] : result) as readonly Tensor[];
    node.outputs = outs.map((x) => ({ shape: x.shape, dtype: x.dtype }));
    const fresh = outs.map((x, i) => {
      const out = x.detach(); // forward may have returned an argument itself
      if (!x.dtype.is_floating_point) return out;
      out.grad_fn = node;
      out.outputIndex = i;
      return out;
    });
    return (result instanceof Tensor ? fresh[0] : fresh) as R;
  }
}
