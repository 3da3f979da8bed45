/** @file What elementwise operations share: broadcasting, promotion, plain numbers as operands, and going back to a shape. */

import type { Named } from "../autograd/op.ts";
import { defineOp, type Meta, type OnnxRule, type OpDef, type Samples } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import type { ScalarFunction, View } from "../tensor/device.ts";
import { type DType, get_default_dtype, int64, result_type } from "../tensor/dtype.ts";
import { broadcastShapes, normalizeDims, reducedShape, type Shape } from "../tensor/shape.ts";
import { fromArray, Tensor } from "../tensor/tensor.ts";
import { arrayFrom } from "../tensor/host.ts";

/** A tensor, or a number that stands for one. */
export type Operand = Tensor | number | boolean;

/** The element type of functions that leave the integers, such as `exp`. */
export function floatType(dtype: DType): DType {
  return dtype.is_floating_point ? dtype : get_default_dtype();
}

/** Result of two operands by broadcasting and promotion. */
export function binaryMeta(op: string, a: View, b: View): Meta {
  return { shape: broadcastShapes(op, a.shape, b.shape), dtype: result_type(a, b) };
}

/** A 0-dimensional tensor of a number, on `like`'s device, in the type that the operation computes in. */
export function scalarTensor(value: number | boolean, like: Tensor): Tensor {
  const dtype = result_type(like, value);
  return fromArray(like.device, dtype, [], arrayFrom([value], dtype));
}

/** Makes tensors of both operands; at least one must be one. */
export function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  if (a instanceof Tensor) return [a, b instanceof Tensor ? b : scalarTensor(b, a)];
  if (b instanceof Tensor) return [scalarTensor(a, b), b];
  return [scalar0(a), scalar0(b)];
}

function scalar0(v: number | boolean): Tensor {
  throw new TypeError(`Cannot compute with ${typeof v} ${v} and a number: at least one operand must be a tensor`);
}

type SumParams = { readonly dims: readonly number[]; readonly keepdim: boolean };

/** Sum over dimensions; also what a broadcast goes back through. */
export const sumOp: OpDef<"x", never, "x", SumParams> = defineOp({
  name: "sum",
  inputs: ["x"],
  save: ["x"],
  infer: ({ x }, p: SumParams) => ({
    shape: reducedShape(x.shape, p.dims, p.keepdim),
    dtype: sumType(x.dtype),
  }),
  forward: (k, { x }, out, p) => k.reduce("sum", x, p.dims, keepdims(out, x.shape, p.dims)),
  vjp: (g, { x }, p) => ({ x: expandTo(p.keepdim ? g : unsqueezeAll(g, x.shape, p.dims), x.shape) }),
  onnx: null,
  samples: {
    shapes: [[[2, 3, 4]]],
    domain: [-3, 3],
    params: [{ dims: [1], keepdim: false }, { dims: [0, 2], keepdim: true }, { dims: [0, 1, 2], keepdim: false }],
  },
});

function sumType(dtype: DType): DType {
  return dtype.is_floating_point ? dtype : int64;
}

/** `out` seen with the reduced dimensions at size 1, as reduction kernels want it. */
export function keepdims(out: View, shape: Shape, dims: readonly number[]): View {
  const kept = reducedShape(shape, dims, true);
  const { storage, dtype, offset } = out;
  let step = 1;
  const strides = new Array<number>(kept.length);
  for (let i = kept.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= kept[i];
  }
  return { storage, dtype, offset, shape: kept, strides };
}

/** Puts back reduced dimensions with size 1. */
export function unsqueezeAll(g: Tensor, shape: Shape, dims: readonly number[]): Tensor {
  return apply(reshapeOp, { x: g }, { shape: reducedShape(shape, dims, true) });
}

type ShapeParams = { readonly shape: Shape };

/** The same elements in another shape; a copy where strides do not allow a view. */
export const reshapeOp: OpDef<"x", never, "x", ShapeParams> = defineOp({
  name: "reshape",
  inputs: ["x"],
  save: ["x"],
  infer: ({ x }, p: ShapeParams) => ({ shape: p.shape, dtype: x.dtype }),
  forward: (k, { x }, out) => k.copy(x, { ...viewOf(out), shape: x.shape, strides: rowStrides(x.shape) }),
  vjp: (g, { x }) => ({ x: apply(reshapeOp, { x: g }, { shape: x.shape }) }),
  onnx: { type: "Reshape", since: 5, constants: (p) => [p.shape] },
  samples: { shapes: [[[2, 6]]], domain: [-3, 3], params: [{ shape: [3, 4] }] },
});

function viewOf({ storage, dtype, offset, shape, strides }: View): View {
  return { storage, dtype, offset, shape, strides };
}

function rowStrides(shape: Shape): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((n, s) => n * s, 1));
}

/** Repeats elements along dimensions of size 1 up to `shape`, without a copy. */
export const expandOp: OpDef<"x", never, "x", ShapeParams> = defineOp({
  name: "expand",
  inputs: ["x"],
  save: ["x"],
  infer: ({ x }, p: ShapeParams) => ({ shape: p.shape, dtype: x.dtype }),
  view: ({ x }, p) => {
    const lead = p.shape.length - x.shape.length;
    const strides = p.shape.map((size, i) =>
      i < lead || (x.shape[i - lead] === 1 && size !== 1) ? 0 : x.strides[i - lead]
    );
    return { shape: p.shape, strides, offset: x.offset };
  },
  vjp: (g, { x }) => ({ x: sumTo(g, x.shape) }),
  onnx: { type: "Expand", since: 8, constants: (p) => [p.shape] },
  samples: { shapes: [[[3, 1]]], domain: [-3, 3], params: [{ shape: [2, 3, 4] }] },
});

/** Broadcasts to `shape`, which must be reachable. */
export function expandTo(x: Tensor, shape: Shape): Tensor {
  return x.shape.length === shape.length && x.shape.every((s, i) => s === shape[i])
    ? x
    : apply(expandOp, { x }, { shape });
}

/** Sums a gradient back to the shape that had been broadcast. */
export function sumTo(g: Tensor, shape: Shape): Tensor {
  const lead = g.ndim - shape.length;
  const dims = g.shape.flatMap((s, i) => i < lead || (shape[i - lead] === 1 && s !== 1) ? [i] : []);
  if (dims.length === 0) return g;
  const sum = apply(sumOp, { x: g }, { dims, keepdim: true });
  return lead === 0 ? sum : apply(reshapeOp, { x: sum }, { shape });
}

/** An elementwise function of one tensor. */
export function unaryOp<S extends "x" | "out", P>(def: {
  name: string;
  scalar: ScalarFunction;
  params?: (p: P) => readonly number[];
  dtype?: (d: DType) => DType;
  save: readonly S[];
  vjp: ((g: Tensor, saved: { readonly [K in S]: Tensor }, p: P) => Tensor) | null;
  onnx?: OnnxRule<P>;
  samples: Samples<P> | null;
}): OpDef<"x", never, S, P> {
  const { vjp } = def;
  return defineOp<"x", S, P>({
    name: def.name,
    inputs: ["x"],
    save: def.save,
    infer: ({ x }) => ({ shape: x.shape, dtype: (def.dtype ?? ((d: DType) => d))(x.dtype) }),
    forward: (k, { x }, out, p) => k.map(def.scalar, [x], out, rounded(def.params?.(p) ?? [], x.dtype)),
    vjp: vjp && ((g, saved, p) => ({ x: vjp(g, saved as { readonly [K in S]: Tensor }, p) })),
    onnx: def.onnx ?? null,
    samples: def.samples,
  });
}

/** Parameters as PyTorch uses them: in the precision that the elements are computed in. */
function rounded(params: readonly number[], dtype: DType): readonly number[] {
  return dtype.name === "float64" || !dtype.is_floating_point ? params : params.map(Math.fround);
}

/** An elementwise function of two tensors with broadcasting; `vjp` gives gradients of the broadcast shape. */
export function binaryOp<S extends "a" | "b" | "out">(def: {
  name: string;
  scalar: ScalarFunction;
  dtype?: (promoted: DType) => DType;
  save: readonly S[];
  vjp:
    | ((
      g: Tensor,
      saved: { readonly [K in S]: Tensor },
      needs: { readonly a: boolean; readonly b: boolean },
    ) => { a?: Tensor; b?: Tensor })
    | null;
  onnx?: OnnxRule<BinaryParams>;
  domain?: readonly [number, number];
  kinks?: readonly number[];
}): OpDef<"a" | "b", never, S, BinaryParams> {
  const { vjp } = def;
  return defineOp<"a" | "b", S, BinaryParams>({
    name: def.name,
    inputs: ["a", "b"],
    save: def.save,
    infer: ({ a, b }) => {
      const meta = binaryMeta(def.name, a, b);
      return { shape: meta.shape, dtype: (def.dtype ?? ((d: DType) => d))(meta.dtype) };
    },
    forward: (k, { a, b }, out) => k.map(def.scalar, [a, b], out, []),
    vjp: vjp && ((g, saved, p, needs) => {
      const { a, b } = vjp(g, saved as { readonly [K in S]: Tensor }, needs);
      return { a: a && sumTo(cast(a, p.aType), p.aShape), b: b && sumTo(cast(b, p.bType), p.bShape) };
    }),
    onnx: def.onnx ?? null,
    samples: null,
  });
}

/** What the gradient of a binary operation must know of its operands. */
export interface BinaryParams {
  readonly aShape: Shape;
  readonly bShape: Shape;
  readonly aType: DType;
  readonly bType: DType;
}

/** Applies a binary operation to tensors or numbers. */
export function applyBinary<S extends "a" | "b" | "out">(
  op: OpDef<"a" | "b", never, S, BinaryParams>,
  x: Operand,
  y: Operand,
): Tensor {
  const [a, b] = operands(x, y);
  return apply(op, { a, b } as Named<"a" | "b", never, Tensor>, {
    aShape: a.shape,
    bShape: b.shape,
    aType: a.dtype,
    bType: b.dtype,
  });
}

type CastParams = { readonly dtype: DType; readonly from: DType };

/** Conversion to another element type. */
export const castOp: OpDef<"x", never, never, CastParams> = defineOp({
  name: "to",
  inputs: ["x"],
  save: [],
  infer: ({ x }, p: CastParams) => ({ shape: x.shape, dtype: p.dtype }),
  forward: (k, { x }, out) => k.copy(x, out),
  vjp: (g, _saved, p) => ({ x: cast(g, p.from) }),
  onnx: null,
  samples: null,
});

/** `x` in another element type; `x` itself when it already has it. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(castOp, { x }, { dtype, from: x.dtype });
}

/** Dimensions of a reduction, for messages and kernels. */
export function reductionDims(op: string, x: Tensor, dims: number | readonly number[] | null | undefined): number[] {
  return normalizeDims(op, dims, x.ndim);
}
