/** @file The names of all operations. */

export { log_softmax, relu, sigmoid, softmax, tanh } from "./activation.ts";
export {
  abs,
  add,
  clamp,
  div,
  exp,
  floor,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  round,
  sign,
  sqrt,
  sub,
} from "./arithmetic.ts";
export type { Operand } from "./broadcast.ts";
export { eq, equal, ge, gt, isfinite, isnan, le, logical_not, lt, ne, where } from "./compare.ts";
export { conv2d } from "./conv.ts";
export {
  arange,
  empty,
  empty_like,
  from_numpy,
  full,
  full_like,
  linspace,
  ones,
  ones_like,
  type SizeArgs,
  tensor,
  type TensorOptions,
  zeros,
  zeros_like,
} from "./creation.ts";
export { dropout } from "./dropout.ts";
export { gather, index_select } from "./indexing.ts";
export { linear, matmul, mm } from "./linalg.ts";
export {
  type ClassLossOptions,
  cross_entropy,
  type CrossEntropyOptions,
  mse_loss,
  nll_loss,
  type Reduction,
} from "./loss.ts";
export { max_pool2d, max_pool2d_with_indices } from "./pool.ts";
export { all, amax, amin, any, argmax, argmin, max, mean, min, sum, type ValuesAndIndices } from "./reduce.ts";
export {
  cat,
  clone,
  contiguous,
  expand,
  flatten,
  narrow,
  permute,
  reshape,
  select,
  squeeze,
  stack,
  t,
  transpose,
  unsqueeze,
  view,
} from "./shape.ts";
