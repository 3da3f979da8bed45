/** @file `nn.functional`: layers as functions, whose weights are arguments. */

export {
  type ClassLossOptions,
  conv2d,
  cross_entropy,
  type CrossEntropyOptions,
  flatten,
  linear,
  log_softmax,
  max_pool2d,
  mse_loss,
  nll_loss,
  type Reduction,
  relu,
  sigmoid,
  softmax,
  tanh,
} from "../ops/mod.ts";
export { dropout } from "./dropout.ts";
