/** @file Matrix products. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import type { View } from "../tensor/device.ts";
import { promote_types } from "../tensor/dtype.ts";
import { DTypeError, ShapeError } from "../tensor/errors.ts";
import { broadcastShapes, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sumTo } from "./broadcast.ts";
import { sum } from "./reduce.ts";
import { reshape, transpose } from "./shape.ts";

function sameType(op: string, a: View, b: View): void {
  if (a.dtype !== b.dtype) {
    throw new DTypeError(
      `Cannot ${op} ${a.dtype.name} and ${b.dtype.name}: convert one with .to(torch.${
        promote_types(a.dtype, b.dtype).name
      })`,
    );
  }
}

/** Product of matrices with at least two dimensions each. */
export const matmulOp: OpDef<"a" | "b", never, "a" | "b", null> = defineOp({
  name: "matmul",
  inputs: ["a", "b"],
  save: ["a", "b"],
  infer: ({ a, b }) => {
    sameType("matmul", a, b);
    const [m, k] = a.shape.slice(-2), [k2, n] = b.shape.slice(-2);
    if (k !== k2) {
      throw new ShapeError(
        `Cannot matmul a ${showShape(a.shape)} with b ${showShape(b.shape)}: inner sizes ${k} and ${k2} must be equal`,
      );
    }
    return { shape: [...broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n], dtype: a.dtype };
  },
  forward: (k, { a, b }, out) => k.matmul(a, b, null, out),
  // dA = G Bᵀ, dB = Aᵀ G
  vjp: (g, saved, _p, needs) => {
    const a = saved.a as Tensor, b = saved.b as Tensor;
    return {
      a: needs.a ? sumTo(apply(matmulOp, { a: g, b: transpose(b, -1, -2) }, null), a.shape) : null,
      b: needs.b ? sumTo(apply(matmulOp, { a: transpose(a, -1, -2), b: g }, null), b.shape) : null,
    };
  },
  onnx: { type: "MatMul", since: 13 },
  samples: { shapes: [[[2, 3], [3, 4]], [[2, 2, 3], [3, 4]]], domain: [-3, 3], params: [null] },
});

/** `x weightᵀ + bias`, the layer of two-dimensional inputs. */
export const linearOp: OpDef<"x" | "weight" | "bias", "bias", "x" | "weight", null> = defineOp<
  "x" | "weight" | "bias",
  "x" | "weight",
  null,
  "bias"
>({
  name: "linear",
  inputs: ["x", "weight", "bias"],
  optional: ["bias"],
  save: ["x", "weight"],
  infer: ({ x, weight, bias }) => {
    sameType("linear", x, weight);
    if (x.shape.length !== 2 || weight.shape.length !== 2 || x.shape[1] !== weight.shape[1]) {
      throw new ShapeError(
        `Cannot linear x ${showShape(x.shape)} with weight ${showShape(weight.shape)}: the last sizes must be equal`,
      );
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== weight.shape[0])) {
      throw new ShapeError(`Cannot linear with bias ${showShape(bias.shape)}: shape [${weight.shape[0]}] is needed`);
    }
    return { shape: [x.shape[0], weight.shape[0]], dtype: x.dtype };
  },
  forward: (k, { x, weight, bias }, out) => k.matmul(x, transposed(weight), bias, out),
  // dX = G W, dW = Gᵀ X, db = column sums of G
  vjp: (g, { x, weight }, _p, needs) => ({
    x: needs.x ? apply(matmulOp, { a: g, b: weight }, null) : null,
    weight: needs.weight ? apply(matmulOp, { a: transpose(g, 0, 1), b: x }, null) : null,
    bias: needs.bias ? sum(g, 0) : null,
  }),
  onnx: { type: "Gemm", since: 13, attributes: () => ({ transB: { int: 1 } }) },
  samples: { shapes: [[[2, 3], [4, 3], [4]], [[2, 3], [4, 3], null]], domain: [-3, 3], params: [null] },
});

function transposed({ storage, dtype, shape, strides, offset }: View): View {
  return { storage, dtype, offset, shape: [shape[1], shape[0]], strides: [strides[1], strides[0]] };
}

/**
 * Matrix product with PyTorch's rules: vectors are rows on the left and columns on the right, leading dimensions broadcast.
 *
 * @throws ShapeError when the inner sizes differ; DTypeError when the dtypes do
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 0 || b.ndim === 0) {
    throw new ShapeError(
      `Cannot matmul a ${showShape(a.shape)} with b ${showShape(b.shape)}: both need at least one dimension`,
    );
  }
  const left = a.ndim === 1 ? reshape(a, 1, a.numel()) : a;
  const right = b.ndim === 1 ? reshape(b, b.numel(), 1) : b;
  const out = apply(matmulOp, { a: left, b: right }, null);
  const drop = new Set([...(a.ndim === 1 ? [out.ndim - 2] : []), ...(b.ndim === 1 ? [out.ndim - 1] : [])]);
  return drop.size === 0 ? out : reshape(out, out.shape.filter((_, i) => !drop.has(i)));
}

/** Product of two matrices. */
export function mm(a: Tensor, b: Tensor): Tensor {
  if (a.ndim !== 2 || b.ndim !== 2) {
    throw new ShapeError(
      `Cannot mm a ${showShape(a.shape)} with b ${showShape(b.shape)}: two dimensions each are needed`,
    );
  }
  return apply(matmulOp, { a, b }, null);
}

/** `x weightᵀ + bias`: `x` [..., in], `weight` [out, in], `bias` [out]; gives [..., out]. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (x.ndim === 2) return apply(linearOp, { x, weight, bias }, null);
  const inner = x.shape[x.ndim - 1] ?? 1;
  const out = apply(linearOp, { x: reshape(x, x.numel() / inner, inner), weight, bias }, null);
  return reshape(out, [...x.shape.slice(0, -1), weight.shape[0]]);
}

/** All definitions of this file. */
export const linalgOps: readonly AnyOp[] = [matmulOp, linearOp];
