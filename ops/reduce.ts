/** @file Reductions. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import { bool, type DType, int64 } from "../tensor/dtype.ts";
import { ShapeError } from "../tensor/errors.ts";
import { normalizeDim, reducedShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./arithmetic.ts";
import { cast, expandTo, floatType, keepdims, reductionDims, reshapeOp, sumOp, unsqueezeAll } from "./broadcast.ts";
import { eq } from "./compare.ts";
import { gather } from "./indexing.ts";

/** Dimensions of a reduction: one, several, or all of them (null). */
export type Dims = number | readonly number[] | null;
type Params = { readonly dims: readonly number[]; readonly keepdim: boolean };

const sampleParams: readonly Params[] = [{ dims: [1], keepdim: false }, { dims: [0, 2], keepdim: true }];

function extremum(name: "amax" | "amin"): OpDef<"x", never, "x" | "out", Params> {
  return defineOp({
    name,
    inputs: ["x"],
    save: ["x", "out"],
    infer: ({ x }, p: Params) => {
      if (p.dims.some((d) => x.shape[d] === 0)) {
        throw new ShapeError(`Cannot ${name} over a dimension of size 0: there is no element`);
      }
      return { shape: reducedShape(x.shape, p.dims, p.keepdim), dtype: x.dtype };
    },
    forward: (k, { x }, out, p) => k.reduce(name, x, p.dims, keepdims(out, x.shape, p.dims)),
    // ties share the gradient evenly
    vjp: (g, saved, p) => {
      const x = saved.x as Tensor;
      const up = (t: Tensor) => expandTo(p.keepdim ? t : unsqueezeAll(t, x.shape, p.dims), x.shape);
      const mask = cast(eq(x, up(saved.out as Tensor)), x.dtype);
      return { x: div(mul(up(g), mask), up(sum(mask, p.dims, p.keepdim))) };
    },
    onnx: null,
    samples: { shapes: [[[2, 3, 4]]], domain: [-3, 3], params: sampleParams },
  });
}

const amaxOp: OpDef<"x", never, "x" | "out", Params> = extremum("amax");
const aminOp: OpDef<"x", never, "x" | "out", Params> = extremum("amin");

function logical(name: "any" | "all"): OpDef<"x", never, never, Params> {
  return defineOp({
    name,
    inputs: ["x"],
    save: [],
    infer: ({ x }, p: Params) => ({ shape: reducedShape(x.shape, p.dims, p.keepdim), dtype: bool }),
    forward: (k, { x }, out, p) => k.reduce(name, x, p.dims, keepdims(out, x.shape, p.dims)),
    vjp: null,
    onnx: null,
    samples: null,
  });
}

const anyOp: OpDef<"x", never, never, Params> = logical("any");
const allOp: OpDef<"x", never, never, Params> = logical("all");

type DimParams = { readonly dim: number };

function argExtremum(name: "argmax" | "argmin"): OpDef<"x", never, never, DimParams> {
  return defineOp({
    name,
    inputs: ["x"],
    save: [],
    infer: ({ x }, p: DimParams) => {
      if (x.shape[p.dim] === 0) throw new ShapeError(`Cannot ${name} over a dimension of size 0: there is no element`);
      return { shape: reducedShape(x.shape, [p.dim], true), dtype: int64 };
    },
    forward: (k, { x }, out, p) => k.argReduce(name, x, p.dim, out),
    vjp: null,
    onnx: null,
    samples: null,
  });
}

const argmaxOp: OpDef<"x", never, never, DimParams> = argExtremum("argmax");
const argminOp: OpDef<"x", never, never, DimParams> = argExtremum("argmin");

/**
 * Sum of all elements, or over `dim` (one or several). Integers and bools are summed in int64.
 *
 * @param keepdim keep the summed dimensions with size 1
 */
export function sum(x: Tensor, dim: Dims = null, keepdim = false, options: { dtype?: DType } = {}): Tensor {
  const from = options.dtype ? cast(x, options.dtype) : x;
  return apply(sumOp, { x: from }, { dims: reductionDims("sum", x, dim), keepdim });
}

/** Mean of all elements, or over `dim`; floating point only, NaN for no elements. */
export function mean(x: Tensor, dim: Dims = null, keepdim = false): Tensor {
  const dims = reductionDims("mean", x, dim);
  const count = dims.reduce((n, d) => n * x.shape[d], 1);
  return div(apply(sumOp, { x: cast(x, floatType(x.dtype)) }, { dims, keepdim }), count);
}

/** Largest elements; NaN wins, ties share the gradient. */
export function amax(x: Tensor, dim: Dims = null, keepdim = false): Tensor {
  return apply(amaxOp, { x }, { dims: reductionDims("amax", x, dim), keepdim });
}

/** Smallest elements; NaN wins, ties share the gradient. */
export function amin(x: Tensor, dim: Dims = null, keepdim = false): Tensor {
  return apply(aminOp, { x }, { dims: reductionDims("amin", x, dim), keepdim });
}

/** True where any element is not 0. */
export function any(x: Tensor, dim: Dims = null, keepdim = false): Tensor {
  return apply(anyOp, { x }, { dims: reductionDims("any", x, dim), keepdim });
}

/** True where no element is 0. */
export function all(x: Tensor, dim: Dims = null, keepdim = false): Tensor {
  return apply(allOp, { x }, { dims: reductionDims("all", x, dim), keepdim });
}

function arg(op: typeof argmaxOp, x: Tensor, dim: number | null, keepdim: boolean): Tensor {
  const flat = dim === null ? apply(reshapeOp, { x }, { shape: [x.numel()] }) : x;
  const d = dim === null ? 0 : normalizeDim(op.name, dim, x.ndim);
  const out = apply(op, { x: flat }, { dim: d });
  return keepdim && dim !== null ? out : apply(reshapeOp, { x: out }, { shape: reducedShape(flat.shape, [d], false) });
}

/** Index of the first largest element, in the flattened tensor or along `dim`. */
export function argmax(x: Tensor, dim: number | null = null, keepdim = false): Tensor {
  return arg(argmaxOp, x, dim, keepdim);
}

/** Index of the first smallest element, in the flattened tensor or along `dim`. */
export function argmin(x: Tensor, dim: number | null = null, keepdim = false): Tensor {
  return arg(argminOp, x, dim, keepdim);
}

/** The largest or smallest elements along a dimension, and where they are. */
export interface ValuesAndIndices {
  /** The elements. */
  readonly values: Tensor;
  /** Their int64 indices along the dimension. */
  readonly indices: Tensor;
}

function along(find: typeof argmax, x: Tensor, dim: number, keepdim: boolean): ValuesAndIndices {
  const d = normalizeDim("max", dim, x.ndim);
  const kept = find(x, d, true);
  const values = gather(x, d, kept);
  const shape = reducedShape(x.shape, [d], keepdim);
  return {
    values: apply(reshapeOp, { x: values }, { shape }),
    indices: apply(reshapeOp, { x: kept }, { shape }),
  };
}

/** The largest element (ties share the gradient), or along `dim` the largest and their indices (the first gets it). */
export function max(x: Tensor): Tensor;
/** The largest along `dim` and their indices. */
export function max(x: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
export function max(x: Tensor, dim?: number, keepdim = false): Tensor | ValuesAndIndices {
  return dim === undefined ? amax(x) : along(argmax, x, dim, keepdim);
}

/** The smallest element (ties share the gradient), or along `dim` the smallest and their indices (the first gets it). */
export function min(x: Tensor): Tensor;
/** The smallest along `dim` and their indices. */
export function min(x: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
export function min(x: Tensor, dim?: number, keepdim = false): Tensor | ValuesAndIndices {
  return dim === undefined ? amin(x) : along(argmin, x, dim, keepdim);
}

/** All definitions of this file. */
export const reduceOps: readonly AnyOp[] = [sumOp, amaxOp, aminOp, anyOp, allOp, argmaxOp, argminOp];
