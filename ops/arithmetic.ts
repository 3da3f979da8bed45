/** @file Elementwise arithmetic. */

import { apply, applyInPlace } from "../autograd/tape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { AnyOp, OpDef } from "../autograd/op.ts";
import {
  applyBinary,
  binaryOp,
  type BinaryParams,
  floatType,
  type Operand,
  scalarTensor,
  unaryOp,
} from "./broadcast.ts";

/** `a + b`. */
export const addOp: OpDef<"a" | "b", never, never, BinaryParams> = binaryOp({
  name: "add",
  scalar: { name: "add", js: (a, b) => a + b, gpu: "a + b" },
  save: [],
  vjp: (g) => ({ a: g, b: g }),
  onnx: { type: "Add", since: 7 },
});

/** `a - b`. */
export const subOp: OpDef<"a" | "b", never, never, BinaryParams> = binaryOp({
  name: "sub",
  scalar: { name: "sub", js: (a, b) => a - b, gpu: "a - b" },
  save: [],
  vjp: (g, _, needs) => ({ a: g, b: needs.b ? neg(g) : undefined }),
  onnx: { type: "Sub", since: 7 },
});

/** `a * b`. */
export const mulOp: OpDef<"a" | "b", never, "a" | "b", BinaryParams> = binaryOp({
  name: "mul",
  scalar: { name: "mul", js: (a, b) => a * b, gpu: "a * b" },
  save: ["a", "b"],
  // dA = G * B, dB = G * A
  vjp: (g, { a, b }, needs) => ({ a: needs.a ? mul(g, b) : undefined, b: needs.b ? mul(g, a) : undefined }),
  onnx: { type: "Mul", since: 7 },
});

/** `a / b`, always in floating point. */
export const divOp: OpDef<"a" | "b", never, "a" | "b", BinaryParams> = binaryOp({
  name: "div",
  scalar: { name: "div", js: (a, b) => a / b, gpu: "a / b" },
  dtype: floatType,
  save: ["a", "b"],
  // dA = G / B, dB = -G * A / B^2
  vjp: (g, { a, b }, needs) => ({
    a: needs.a ? div(g, b) : undefined,
    b: needs.b ? neg(mul(g, div(div(a, b), b))) : undefined,
  }),
  onnx: { type: "Div", since: 7 },
});

/** Larger of two elements; NaN wins. */
export const maximumOp: OpDef<"a" | "b", never, "a" | "b", BinaryParams> = binaryOp({
  name: "maximum",
  scalar: { name: "maximum", js: (a, b) => Math.max(a, b), gpu: "maxn(a, b)" },
  save: ["a", "b"],
  vjp: (g, { a, b }) => share(g, a, b, 1),
  onnx: { type: "Max", since: 8 },
});

/** Smaller of two elements; NaN wins. */
export const minimumOp: OpDef<"a" | "b", never, "a" | "b", BinaryParams> = binaryOp({
  name: "minimum",
  scalar: { name: "minimum", js: (a, b) => Math.min(a, b) },
  save: ["a", "b"],
  vjp: (g, { a, b }) => share(g, a, b, -1),
  onnx: { type: "Min", since: 8 },
});

// ties share the gradient evenly
function share(g: Tensor, a: Tensor, b: Tensor, direction: number): { a: Tensor; b: Tensor } {
  const s = sign(mul(sub(a, b), direction));
  const toA = mul(add(s, 1), 0.5);
  return { a: mul(g, toA), b: mul(g, sub(1, toA)) };
}

/** `base ^ exponent` for two tensors. */
export const powTensorOp: OpDef<"a" | "b", never, "a" | "b" | "out", BinaryParams> = binaryOp({
  name: "pow",
  scalar: { name: "pow", js: (a, b) => Math.pow(a, b) },
  save: ["a", "b", "out"],
  // dA = G * B * A^(B-1), dB = G * A^B * ln A (0 where A is 0 and B at least 0)
  vjp: (g, { a, b, out }, needs) => ({
    a: needs.a ? mul(g, mul(b, pow(a, sub(b, 1)))) : undefined,
    b: needs.b ? mul(g, mul(out, log(a))) : undefined,
  }),
  onnx: { type: "Pow", since: 13 },
});

type None = null;
const plain = { shapes: [[[2, 3]]], params: [null] } as const;

const negOp: OpDef<"x", never, never, None> = unaryOp({
  name: "neg",
  scalar: { name: "neg", js: (a) => -a, gpu: "-a" },
  save: [],
  vjp: (g) => neg(g),
  onnx: { type: "Neg", since: 13 },
  samples: { ...plain, domain: [-3, 3] },
});

const absOp: OpDef<"x", never, "x", None> = unaryOp({
  name: "abs",
  scalar: { name: "abs", js: Math.abs, gpu: "Math.abs(a)" },
  save: ["x"],
  vjp: (g, { x }) => mul(g, sign(x)), // 0 at 0
  onnx: { type: "Abs", since: 13 },
  samples: { ...plain, domain: [-3, 3], kinks: [0] },
});

const signOp: OpDef<"x", never, never, None> = unaryOp({
  name: "sign",
  scalar: { name: "sign", js: (a) => a > 0 ? 1 : a < 0 ? -1 : 0, gpu: "a > 0.0 ? 1.0 : (a < 0.0 ? -1.0 : 0.0)" },
  save: [],
  vjp: (g) => mul(g, 0),
  onnx: { type: "Sign", since: 13 },
  samples: { ...plain, domain: [-3, 3], kinks: [0] },
});

const expOp: OpDef<"x", never, "out", None> = unaryOp({
  name: "exp",
  scalar: { name: "exp", js: Math.exp, gpu: "Math.exp(a)" },
  dtype: floatType,
  save: ["out"],
  vjp: (g, { out }) => mul(g, out),
  onnx: { type: "Exp", since: 13 },
  samples: { ...plain, domain: [-3, 3] },
});

const logOp: OpDef<"x", never, "x", None> = unaryOp({
  name: "log",
  scalar: { name: "log", js: Math.log },
  dtype: floatType,
  save: ["x"],
  vjp: (g, { x }) => div(g, x),
  onnx: { type: "Log", since: 13 },
  samples: { ...plain, domain: [0.2, 4] },
});

const sqrtOp: OpDef<"x", never, "out", None> = unaryOp({
  name: "sqrt",
  scalar: { name: "sqrt", js: Math.sqrt, gpu: "Math.sqrt(a)" },
  dtype: floatType,
  save: ["out"],
  vjp: (g, { out }) => div(g, mul(out, 2)),
  onnx: { type: "Sqrt", since: 13 },
  samples: { ...plain, domain: [0.2, 4] },
});

const roundOp: OpDef<"x", never, never, None> = unaryOp({
  name: "round",
  scalar: {
    name: "round",
    js: (a) => {
      const f = Math.floor(a), r = a - f;
      return r < 0.5 ? f : r > 0.5 ? f + 1 : f % 2 === 0 ? f : f + 1;
    },
  },
  save: [],
  vjp: (g) => mul(g, 0),
  onnx: { type: "Round", since: 11 },
  samples: null,
});

const floorOp: OpDef<"x", never, never, None> = unaryOp({
  name: "floor",
  scalar: { name: "floor", js: Math.floor, gpu: "Math.floor(a)" },
  save: [],
  vjp: (g) => mul(g, 0),
  onnx: { type: "Floor", since: 13 },
  samples: null,
});

type Exponent = { readonly exponent: number };

const powOp: OpDef<"x", never, "x", Exponent> = unaryOp({
  name: "pow",
  scalar: { name: "pow_scalar", js: (a, p) => p === 2 ? a * a : Math.pow(a, p) },
  params: (p: Exponent) => [p.exponent],
  save: ["x"],
  // dX = G * n * X^(n-1); 0 for n = 0
  vjp: (g, { x }, p) => p.exponent === 0 ? mul(g, 0) : mul(g, mul(pow(x, p.exponent - 1), p.exponent)),
  samples: { shapes: [[[2, 3]]], domain: [0.2, 3], params: [{ exponent: 2 }, { exponent: -1.5 }, { exponent: 0 }] },
});

type Bounds = { readonly min: number; readonly max: number };

const clampOp: OpDef<"x", never, "x", Bounds> = unaryOp({
  name: "clamp",
  scalar: { name: "clamp", js: (a, min, max) => Math.min(Math.max(a, min), max) },
  params: (p: Bounds) => [p.min, p.max],
  save: ["x"],
  // both bounds belong to the inside
  vjp: (g, { x }, p) => apply(clampGradOp, { g, x }, p),
  samples: { shapes: [[[2, 3]]], domain: [-3, 3], kinks: [-1, 2], params: [{ min: -1, max: 2 }] },
});

const clampGradOp: OpDef<"g" | "x", never, "x", Bounds> = {
  name: "clamp_grad",
  inputs: ["g", "x"],
  save: ["x"],
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (k, { g, x }, out, p) => k.map(insideScalar, [g, x], out, [p.min, p.max]),
  vjp: (g, { x }, p) => ({ g: apply(clampGradOp, { g, x }, p) }),
  onnx: null,
  samples: null,
};

const insideScalar = {
  name: "clamp_grad",
  js: (g: number, a: number, min: number, max: number) => a >= min && a <= max ? g : 0,
};

/** Sum, with broadcasting; `alpha` multiplies `b` first. */
export function add(a: Operand, b: Operand, options: { alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options;
  return applyBinary(addOp, a, alpha === 1 ? b : b instanceof Tensor ? mul(b, alpha) : Number(b) * alpha);
}

/** Difference, with broadcasting; `alpha` multiplies `b` first. */
export function sub(a: Operand, b: Operand, options: { alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options;
  return applyBinary(subOp, a, alpha === 1 ? b : b instanceof Tensor ? mul(b, alpha) : Number(b) * alpha);
}

/** Product, with broadcasting. */
export function mul(a: Operand, b: Operand): Tensor {
  return applyBinary(mulOp, a, b);
}

/** Quotient, with broadcasting; integers are divided in floating point. */
export function div(a: Operand, b: Operand): Tensor {
  return applyBinary(divOp, a, b);
}

/** Larger elements, with broadcasting; NaN wins, ties share the gradient. */
export function maximum(a: Operand, b: Operand): Tensor {
  return applyBinary(maximumOp, a, b);
}

/** Smaller elements, with broadcasting; NaN wins, ties share the gradient. */
export function minimum(a: Operand, b: Operand): Tensor {
  return applyBinary(minimumOp, a, b);
}

/** `base ^ exponent`. */
export function pow(base: Tensor, exponent: Operand): Tensor {
  if (exponent instanceof Tensor) return applyBinary(powTensorOp, base, exponent);
  return apply(powOp, { x: base }, { exponent: Number(exponent) });
}

/** `-x`. */
export function neg(x: Tensor): Tensor {
  return apply(negOp, { x }, null);
}

/** Absolute value; its gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return apply(absOp, { x }, null);
}

/** -1, 0 or 1; 0 for NaN. */
export function sign(x: Tensor): Tensor {
  return apply(signOp, { x }, null);
}

/** `e^x`. */
export function exp(x: Tensor): Tensor {
  return apply(expOp, { x }, null);
}

/** Natural logarithm; -inf at 0, NaN below. */
export function log(x: Tensor): Tensor {
  return apply(logOp, { x }, null);
}

/** Square root; NaN below 0. */
export function sqrt(x: Tensor): Tensor {
  return apply(sqrtOp, { x }, null);
}

/** Nearest integer, ties to the even one; its gradient is 0. */
export function round(x: Tensor): Tensor {
  return apply(roundOp, { x }, null);
}

/** Largest integer not above; its gradient is 0. */
export function floor(x: Tensor): Tensor {
  return apply(floorOp, { x }, null);
}

/** `x` limited to `[min, max]`; either may be left out, `min > max` gives `max`. The gradient passes on the bounds. */
export function clamp(x: Tensor, min: number | null = null, max: number | null = null): Tensor {
  return apply(clampOp, { x }, { min: min ?? -Infinity, max: max ?? Infinity });
}

type Arithmetic = OpDef<"a" | "b", never, never, BinaryParams>;
const inPlace: { readonly [name in "add_" | "sub_" | "mul_" | "div_"]: Arithmetic } = {
  add_: addOp,
  sub_: subOp,
  mul_: mulOp as unknown as Arithmetic,
  div_: divOp as unknown as Arithmetic,
};

/** `x = x op y` in `x`'s own memory. */
export function arithmeticInPlace(name: keyof typeof inPlace, x: Tensor, y: Operand): Tensor {
  const op = inPlace[name];
  const b = y instanceof Tensor ? y : scalarTensor(y, x);
  return applyInPlace(op, x, { a: x, b }, { aShape: x.shape, bShape: b.shape, aType: x.dtype, bType: b.dtype });
}

/** All definitions of this file. */
export const arithmeticOps: readonly AnyOp[] = [
  addOp,
  subOp,
  mulOp,
  divOp,
  maximumOp,
  minimumOp,
  powTensorOp,
  negOp,
  absOp,
  signOp,
  expOp,
  logOp,
  sqrtOp,
  roundOp,
  floorOp,
  powOp,
  clampOp,
  clampGradOp,
];
