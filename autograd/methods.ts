/** @file Tensor's methods around gradients. */

import { GradError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { backward, type BackwardOptions } from "./backward.ts";
import { addHook, type GradHook, type RemovableHandle } from "./hooks.ts";

/** What autograd adds to `Tensor`. */
export interface AutogradMethods {
  /**
   * Computes the gradients of this tensor with respect to the leaves and adds them to their `grad`.
   *
   * @param gradient gradient of this tensor; may be left out when it has one element
   * @throws GradError when it requires no gradient, or what was saved has been freed or changed in place
   */
  backward(gradient?: Tensor | null, options?: BackwardOptions): void;
  /** Makes `backward()` store the gradient of this tensor although it is not a leaf. */
  retain_grad(): void;
  /** Calls `hook` with the gradient of this tensor during backward; what it returns replaces the gradient. */
  register_hook(hook: GradHook): RemovableHandle;
}

const methods: AutogradMethods & ThisType<Tensor> = {
  backward(gradient?: Tensor | null, options: BackwardOptions = {}): void {
    backward(this, gradient, options);
  },
  retain_grad(): void {
    if (!this.requires_grad) throw new GradError("Cannot retain_grad of a tensor that does not require gradients");
    if (!this.grad_fn) return;
    this.retains_grad = true;
    this.grad_fn.watched.set(this.outputIndex, this);
  },
  register_hook(hook: GradHook): RemovableHandle {
    if (!this.requires_grad) throw new GradError("Cannot register_hook on a tensor that does not require gradients");
    return addHook(this, hook);
  },
};

/** Gives `Tensor` these methods. */
export function installAutogradMethods(): void {
  Object.assign(Tensor.prototype, methods);
}
