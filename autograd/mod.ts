/** @file `torch.autograd`: gradients on demand, functions with gradients of one's own, and checks of them. */

export { backward, type BackwardOptions, grad, type GradOptions } from "./backward.ts";
export { enable_grad, is_grad_enabled, no_grad, set_grad_enabled } from "./grad_mode.ts";
export { Function, type FunctionContext } from "./function.ts";
export { gradcheck, type GradcheckOptions } from "./gradcheck.ts";
