/**
 * Optimizers and learning-rate schedulers.
 *
 * @module
 */

export * as lr_scheduler from "./lr_scheduler.ts";
export {
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  type ParamGroupInit,
  type Params,
  type ParamState,
} from "./optimizer.ts";
export { SGD, type SGDGroup, type SGDOptions } from "./sgd.ts";
