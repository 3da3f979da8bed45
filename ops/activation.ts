/** @file Activations and softmax. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import type { ScalarFunction } from "../tensor/device.ts";
import { normalizeDim } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { floatType, unaryOp } from "./broadcast.ts";
import { exp } from "./arithmetic.ts";
import { sum } from "./reduce.ts";

const plain = { shapes: [[[2, 3]]], params: [null] } as const;

/** `max(x, 0)`; NaN stays. */
export const reluOp: OpDef<"x", never, "out", null> = unaryOp({
  name: "relu",
  scalar: { name: "relu", js: (a) => a < 0 ? 0 : a, gpu: "a < 0.0 ? 0.0 : a" },
  save: ["out"],
  vjp: (g, { out }) => apply(reluGradOp, { g, out }, null),
  onnx: { type: "Relu", since: 13 },
  samples: { ...plain, domain: [-3, 3], kinks: [0] },
});

// a NaN passes the gradient, as in PyTorch
const reluGrad: ScalarFunction = { name: "relu_grad", js: (g, y) => y <= 0 ? 0 : g, gpu: "b <= 0.0 ? 0.0 : a" };

const reluGradOp: OpDef<"g" | "out", never, "out", null> = defineOp({
  name: "relu_grad",
  inputs: ["g", "out"],
  save: ["out"],
  infer: ({ g }) => ({ shape: g.shape, dtype: g.dtype }),
  forward: (k, { g, out: y }, out) => k.map(reluGrad, [g, y], out, []),
  vjp: (gg, saved) => ({ g: apply(reluGradOp, { g: gg, out: saved.out as Tensor }, null) }),
  onnx: null,
  samples: null,
});

/** `1 / (1 + e^-x)`. */
export const sigmoidOp: OpDef<"x", never, "out", null> = unaryOp({
  name: "sigmoid",
  scalar: { name: "sigmoid", js: (a) => 1 / (1 + Math.exp(-a)), gpu: "1.0 / (1.0 + Math.exp(-a))" },
  dtype: floatType,
  save: ["out"],
  vjp: (g, { out }) => mul(g, mul(out, sub(1, out))), // s' = s (1 - s)
  onnx: { type: "Sigmoid", since: 13 },
  samples: { ...plain, domain: [-3, 3] },
});

/** Hyperbolic tangent. */
export const tanhOp: OpDef<"x", never, "out", null> = unaryOp({
  name: "tanh",
  scalar: { name: "tanh", js: Math.tanh },
  dtype: floatType,
  save: ["out"],
  vjp: (g, { out }) => mul(g, sub(1, mul(out, out))), // t' = 1 - t^2
  onnx: { type: "Tanh", since: 13 },
  samples: { ...plain, domain: [-3, 3] },
});

type DimParams = { readonly dim: number };

function softmaxOf(name: string, log: boolean, onnx: string): OpDef<"x", never, "out", DimParams> {
  const op: OpDef<"x", never, "out", DimParams> = defineOp({
    name,
    inputs: ["x"],
    save: ["out"],
    infer: ({ x }) => ({ shape: x.shape, dtype: floatType(x.dtype) }),
    forward: (k, { x }, out, p: DimParams) => k.softmax(x, out, p.dim, log),
    vjp: (g, saved, p) => ({ x: apply(gradOp, { g, y: saved.out as Tensor }, p) }),
    onnx: { type: onnx, since: 13, attributes: (p: DimParams) => ({ axis: { int: p.dim } }) },
    samples: { shapes: [[[2, 3]], [[2, 3, 4]]], domain: [-3, 3], params: [{ dim: 1 }, { dim: 0 }] },
  });
  const gradOp: OpDef<"g" | "y", never, "g" | "y", DimParams> = defineOp({
    name: `${name}_grad`,
    inputs: ["g", "y"],
    save: ["g", "y"],
    infer: ({ y }) => ({ shape: y.shape, dtype: y.dtype }),
    forward: (k, { g, y }, out, p: DimParams) => k.softmaxGrad(y, g, out, p.dim, log),
    vjp: (gg, { g, y }, p) => log ? logGradGrad(gg, g, y, p.dim) : gradGrad(gg, g, y, p.dim),
    onnx: null,
    samples: null,
  });
  return op;
}

// d/d{g,y} of y (g - sum(g y))
function gradGrad(gg: Tensor, g: Tensor, y: Tensor, dim: number): { g: Tensor; y: Tensor } {
  const inner = sum(mul(gg, y), dim, true);
  return { g: mul(y, sub(gg, inner)), y: sub(mul(gg, sub(g, sum(mul(g, y), dim, true))), mul(g, inner)) };
}

// d/d{g,y} of g - e^y sum(g)
function logGradGrad(gg: Tensor, g: Tensor, y: Tensor, dim: number): { g: Tensor; y: Tensor } {
  const p = exp(y);
  return { g: sub(gg, sum(mul(gg, p), dim, true)), y: mul(mul(gg, p), mul(sum(g, dim, true), -1)) };
}

const softmaxOp: OpDef<"x", never, "out", DimParams> = softmaxOf("softmax", false, "Softmax");
const logSoftmaxOp: OpDef<"x", never, "out", DimParams> = softmaxOf("log_softmax", true, "LogSoftmax");

/** `max(x, 0)`; NaN stays NaN, with gradient 1. */
export function relu(x: Tensor): Tensor {
  return apply(reluOp, { x }, null);
}

/** `1 / (1 + e^-x)`. */
export function sigmoid(x: Tensor): Tensor {
  return apply(sigmoidOp, { x }, null);
}

/** Hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return apply(tanhOp, { x }, null);
}

/** `e^x / sum(e^x)` along `dim`. */
export function softmax(x: Tensor, dim: number): Tensor {
  return apply(softmaxOp, { x }, { dim: normalizeDim("softmax", dim, x.ndim) });
}

/** Logarithm of the softmax along `dim`. */
export function log_softmax(x: Tensor, dim: number): Tensor {
  return apply(logSoftmaxOp, { x }, { dim: normalizeDim("log_softmax", dim, x.ndim) });
}

/** All definitions of this file. */
export const activationOps: readonly AnyOp[] = [reluOp, reluGradOp, sigmoidOp, tanhOp, softmaxOp, logSoftmaxOp];
