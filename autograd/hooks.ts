/** @file Functions that see, and may replace, a tensor's gradient during backward. */

import type { Tensor } from "../tensor/tensor.ts";

/** Takes the gradient; what it returns, if anything, is used in its place. */
export type GradHook = (grad: Tensor) => Tensor | null | undefined | void;

/** Undoes a registration. */
export interface RemovableHandle {
  /** Takes the hook away. */
  remove(): void;
}

const hooks = new WeakMap<Tensor, Set<GradHook>>();

/** The hooks of a tensor, in order of registration. */
export function hooksOf(x: Tensor): Iterable<GradHook> {
  return hooks.get(x) ?? [];
}

/** Adds a hook to a tensor; for a computed one, its operation is told to look for it. */
export function addHook(x: Tensor, hook: GradHook): RemovableHandle {
  let set = hooks.get(x);
  if (!set) hooks.set(x, set = new Set());
  set.add(hook);
  x.grad_fn?.watched.set(x.outputIndex, x);
  return { remove: () => void set.delete(hook) };
}
