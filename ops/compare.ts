/** @file Comparisons and choices. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import { bool, result_type } from "../tensor/dtype.ts";
import { DTypeError } from "../tensor/errors.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import {
  applyBinary,
  binaryOp,
  type BinaryParams,
  cast,
  type Operand,
  operands,
  scalarTensor,
  sumTo,
  unaryOp,
} from "./broadcast.ts";

function comparison(name: string, js: (a: number, b: number) => boolean, gpu: string, onnx: string | null) {
  return binaryOp<never>({
    name,
    scalar: { name, js: (a, b) => js(a, b) ? 1 : 0, gpu: `${gpu} ? 1.0 : 0.0` },
    dtype: () => bool,
    save: [],
    vjp: null,
    onnx: onnx === null ? undefined : { type: onnx, since: 13 },
  });
}

type Comparison = OpDef<"a" | "b", never, never, BinaryParams>;
const eqOp: Comparison = comparison("eq", (a, b) => a === b, "a === b", "Equal");
const neOp: Comparison = comparison("ne", (a, b) => a !== b, "a !== b", null);
const ltOp: Comparison = comparison("lt", (a, b) => a < b, "a < b", "Less");
const leOp: Comparison = comparison("le", (a, b) => a <= b, "a <= b", "LessOrEqual");
const gtOp: Comparison = comparison("gt", (a, b) => a > b, "a > b", "Greater");
const geOp: Comparison = comparison("ge", (a, b) => a >= b, "a >= b", "GreaterOrEqual");

function test(name: string, js: (a: number) => boolean): OpDef<"x", never, never, null> {
  return unaryOp({
    name,
    scalar: { name, js: (a) => js(a) ? 1 : 0 },
    dtype: () => bool,
    save: [],
    vjp: null,
    samples: null,
  });
}

const isnanOp = test("isnan", Number.isNaN);
const isfiniteOp = test("isfinite", Number.isFinite);
const notOp = test("logical_not", (a) => a === 0);

/** `condition ? a : b`. */
export const whereOp: OpDef<"condition" | "a" | "b", never, "condition" | "a" | "b", null> = defineOp({
  name: "where",
  inputs: ["condition", "a", "b"],
  save: ["condition", "a", "b"],
  infer: ({ condition, a, b }) => {
    if (condition.dtype !== bool) {
      throw new DTypeError(`Cannot where with condition of ${condition.dtype.name}: bool is needed`);
    }
    return { shape: broadcastShapes("where", condition.shape, a.shape, b.shape), dtype: result_type(a, b) };
  },
  forward: (k, { condition, a, b }, out) =>
    k.map({ name: "where", js: (c, x, y) => c !== 0 ? x : y, gpu: "a > 0.5 ? b : c" }, [condition, a, b], out, []),
  vjp: (g, { condition, a, b }, _p, needs) => {
    const zero = scalarTensor(0, g);
    return {
      a: needs.a ? sumTo(cast(apply(whereOp, { condition, a: g, b: zero }, null), a.dtype), a.shape) : null,
      b: needs.b ? sumTo(cast(apply(whereOp, { condition, a: zero, b: g }, null), b.dtype), b.shape) : null,
    };
  },
  onnx: { type: "Where", since: 9 },
  samples: null,
});

/** `a == b`, elementwise with broadcasting; a bool tensor. */
export function eq(a: Tensor, b: Operand): Tensor {
  return applyBinary(eqOp, a, b);
}

/** `a != b`; true where either is NaN. */
export function ne(a: Tensor, b: Operand): Tensor {
  return applyBinary(neOp, a, b);
}

/** `a < b`. */
export function lt(a: Tensor, b: Operand): Tensor {
  return applyBinary(ltOp, a, b);
}

/** `a <= b`. */
export function le(a: Tensor, b: Operand): Tensor {
  return applyBinary(leOp, a, b);
}

/** `a > b`. */
export function gt(a: Tensor, b: Operand): Tensor {
  return applyBinary(gtOp, a, b);
}

/** `a >= b`. */
export function ge(a: Tensor, b: Operand): Tensor {
  return applyBinary(geOp, a, b);
}

/** True where an element is NaN. */
export function isnan(x: Tensor): Tensor {
  return apply(isnanOp, { x }, null);
}

/** True where an element is neither NaN nor infinite. */
export function isfinite(x: Tensor): Tensor {
  return apply(isfiniteOp, { x }, null);
}

/** True where an element is 0. */
export function logical_not(x: Tensor): Tensor {
  return apply(notOp, { x }, null);
}

/** Elements of `a` where `condition` is true, of `b` elsewhere; all three broadcast. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const [x, y] = a instanceof Tensor || b instanceof Tensor
    ? operands(a, b)
    : [scalarTensor(a, condition), scalarTensor(b, condition)];
  return apply(whereOp, { condition, a: x, b: y }, null);
}

/** True when both have the same shape and the same elements. */
export function equal(a: Tensor, b: Tensor): boolean {
  if (a.ndim !== b.ndim || a.shape.some((s, i) => s !== b.shape[i])) return false;
  const x = a.numpy(), y = b.numpy();
  return x.every((v: number | bigint, i: number) => v === y[i]);
}

/** All definitions of this file. */
export const compareOps: readonly AnyOp[] = [eqOp, neOp, ltOp, leOp, gtOp, geOp, isnanOp, isfiniteOp, notOp, whereOp];
