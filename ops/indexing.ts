/** @file Reading and adding at computed places. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import type { View } from "../tensor/device.ts";
import { DTypeError, ShapeError } from "../tensor/errors.ts";
import { normalizeDim, type Shape, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expandTo, reshapeOp } from "./broadcast.ts";

type GatherParams = { readonly dim: number };
type ScatterParams = { readonly dim: number; readonly shape: Shape };

function checkIndex(op: string, index: View): void {
  if (index.dtype.name !== "int64" && index.dtype.name !== "int32") {
    throw new DTypeError(`Cannot ${op} with index of ${index.dtype.name}: need int32 or int64`);
  }
}

/** Elements at the places that `index` names along a dimension. */
export const gatherOp: OpDef<"x" | "index", never, "x" | "index", GatherParams> = defineOp({
  name: "gather",
  inputs: ["x", "index"],
  save: ["x", "index"],
  infer: ({ x, index }, { dim }: GatherParams) => {
    checkIndex("gather", index);
    if (x.shape.length !== index.shape.length || index.shape.some((s, i) => i !== dim && s > x.shape[i])) {
      throw new ShapeError(
        `Cannot gather from ${showShape(x.shape)} with index ${
          showShape(index.shape)
        }: it must have as many dimensions, none larger but dim ${dim}`,
      );
    }
    return { shape: index.shape, dtype: x.dtype };
  },
  forward: (k, { x, index }, out, p) => k.gather(x, p.dim, index, out),
  vjp: (g, saved, p) => ({
    x: apply(scatterOp, { src: g, index: saved.index as Tensor }, { dim: p.dim, shape: (saved.x as Tensor).shape }),
  }),
  onnx: { type: "GatherElements", since: 13, attributes: (p) => ({ axis: { int: p.dim } }) },
  samples: null,
});

const scatterOp: OpDef<"src" | "index", never, "index", ScatterParams> = defineOp({
  name: "scatter_add",
  inputs: ["src", "index"],
  save: ["index"],
  infer: ({ src }, p: ScatterParams) => ({ shape: p.shape, dtype: src.dtype }),
  forward: (k, { src, index }, out, p) => {
    k.fill(out, 0);
    k.scatterAdd(out, p.dim, index, src);
  },
  vjp: (g, saved, p) => ({ src: apply(gatherOp, { x: g, index: saved.index as Tensor }, { dim: p.dim }) }),
  onnx: null,
  samples: null,
});

/**
 * `out[.., i, ..] = x[.., index[.., i, ..], ..]` along `dim`.
 *
 * @param index int64 or int32, as many dimensions as `x`
 * @throws ShapeError or DTypeError when `index` does not fit
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  return apply(gatherOp, { x, index }, { dim: normalizeDim("gather", dim, x.ndim) });
}

/** The slices of `x` along `dim` that the one-dimensional `index` names, in its order. */
export function index_select(x: Tensor, dim: number, index: Tensor): Tensor {
  const d = normalizeDim("index_select", dim, x.ndim);
  if (index.ndim !== 1) {
    throw new ShapeError(`Cannot index_select with index ${showShape(index.shape)}: one dimension is needed`);
  }
  const lead = x.shape.map((_, i) => i === d ? index.numel() : 1);
  const full = x.shape.map((s, i) => i === d ? index.numel() : s);
  return gather(x, d, expandTo(apply(reshapeOp, { x: index }, { shape: lead }), full));
}

/** All definitions of this file. */
export const indexingOps: readonly AnyOp[] = [gatherOp, scatterOp];
