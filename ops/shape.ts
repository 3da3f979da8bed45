/** @file Other shapes over the same elements, joining and copying. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import { DTypeError, ShapeError } from "../tensor/errors.ts";
import { inferSize, isContiguous, normalizeDim, numelOf, type Shape, showShape, viewStrides } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expandOp, reshapeOp } from "./broadcast.ts";

type ShapeParams = { readonly shape: Shape };

const viewOp: OpDef<"x", never, "x", ShapeParams> = defineOp({
  name: "reshape",
  inputs: ["x"],
  save: ["x"],
  infer: ({ x }, p: ShapeParams) => ({ shape: p.shape, dtype: x.dtype }),
  view: ({ x }, p) => ({ shape: p.shape, strides: viewStrides(x.shape, x.strides, p.shape)!, offset: x.offset }),
  vjp: (g, saved) => ({ x: reshape(g, (saved.x as Tensor).shape) }),
  onnx: { type: "Reshape", since: 5, constants: (p) => [p.shape] },
  samples: { shapes: [[[2, 6]]], domain: [-3, 3], params: [{ shape: [3, 4] }] },
});

type FlattenParams = { readonly start: number; readonly shape: Shape };

/** As `reshape`, but known to ONNX as Flatten, so that exported graphs keep a free batch size. */
const flattenOp: OpDef<"x", never, "x", FlattenParams> = defineOp({
  name: "flatten",
  inputs: ["x"],
  save: ["x"],
  infer: ({ x }, p: FlattenParams) => ({ shape: p.shape, dtype: x.dtype }),
  view: ({ x }, p) => ({ shape: p.shape, strides: viewStrides(x.shape, x.strides, p.shape)!, offset: x.offset }),
  vjp: (g, saved) => ({ x: reshape(g, (saved.x as Tensor).shape) }),
  onnx: { type: "Flatten", since: 13, attributes: (p) => ({ axis: { int: p.start } }) },
  samples: null,
});

type DimsParams = { readonly dims: readonly number[] };

const permuteOp: OpDef<"x", never, never, DimsParams> = defineOp({
  name: "permute",
  inputs: ["x"],
  save: [],
  infer: ({ x }, p: DimsParams) => ({ shape: p.dims.map((d) => x.shape[d]), dtype: x.dtype }),
  view: ({ x }, p) => ({
    shape: p.dims.map((d) => x.shape[d]),
    strides: p.dims.map((d) => x.strides[d]),
    offset: x.offset,
  }),
  vjp: (g, _saved, p) => ({ x: permute(g, p.dims.map((_, i) => p.dims.indexOf(i))) }),
  onnx: { type: "Transpose", since: 13, attributes: (p) => ({ perm: { ints: p.dims } }) },
  samples: { shapes: [[[2, 3, 4]]], domain: [-3, 3], params: [{ dims: [2, 0, 1] }] },
});

type NarrowParams = { readonly dim: number; readonly start: number; readonly length: number };

const narrowOp: OpDef<"x", never, "x", NarrowParams> = defineOp({
  name: "narrow",
  inputs: ["x"],
  save: ["x"],
  infer: ({ x }, p: NarrowParams) => ({ shape: x.shape.map((s, i) => i === p.dim ? p.length : s), dtype: x.dtype }),
  view: ({ x }, p) => ({
    shape: x.shape.map((s, i) => i === p.dim ? p.length : s),
    strides: x.strides,
    offset: x.offset + p.start * x.strides[p.dim],
  }),
  vjp: (g, saved, p) => ({ x: apply(padOp, { x: g }, { ...p, shape: (saved.x as Tensor).shape }) }),
  onnx: null,
  samples: { shapes: [[[2, 5]]], domain: [-3, 3], params: [{ dim: 1, start: 1, length: 3 }] },
});

type PadParams = NarrowParams & ShapeParams;

/** Zeros of the full shape with `x` put back where it was cut out. */
const padOp: OpDef<"x", never, never, PadParams> = defineOp({
  name: "narrow_grad",
  inputs: ["x"],
  save: [],
  infer: ({ x }, p: PadParams) => ({ shape: p.shape, dtype: x.dtype }),
  forward: (k, { x }, out, p) => {
    k.fill(out, 0);
    const { storage, dtype, strides } = out;
    k.copy(x, { storage, dtype, strides, shape: x.shape, offset: out.offset + p.start * strides[p.dim] });
  },
  vjp: (g, _saved, p) => ({ x: narrow(g, p.dim, p.start, p.length) }),
  onnx: null,
  samples: null,
});

const cloneOp: OpDef<"x", never, never, null> = defineOp({
  name: "clone",
  inputs: ["x"],
  save: [],
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (k, { x }, out) => k.copy(x, out),
  vjp: (g) => ({ x: g }),
  onnx: { type: "Identity", since: 13 },
  samples: { shapes: [[[2, 3]]], domain: [-3, 3], params: [null] },
});

type CatParams = { readonly dim: number; readonly shape: Shape; readonly aSize: number };

const catOp: OpDef<"a" | "b", never, never, CatParams> = defineOp({
  name: "cat",
  inputs: ["a", "b"],
  save: [],
  infer: ({ a, b }, p: CatParams) => {
    if (a.dtype !== b.dtype) {
      throw new DTypeError(`Cannot cat ${a.dtype.name} and ${b.dtype.name}: convert one with .to(dtype)`);
    }
    return { shape: p.shape, dtype: a.dtype };
  },
  forward: (k, { a, b }, out, p) => {
    const { storage, dtype, strides, offset } = out;
    k.copy(a, { storage, dtype, strides, offset, shape: a.shape });
    k.copy(b, { storage, dtype, strides, shape: b.shape, offset: offset + p.aSize * strides[p.dim] });
  },
  vjp: (g, _saved, p) => ({
    a: narrow(g, p.dim, 0, p.aSize),
    b: narrow(g, p.dim, p.aSize, p.shape[p.dim] - p.aSize),
  }),
  onnx: { type: "Concat", since: 13, attributes: (p) => ({ axis: { int: p.dim } }) },
  samples: null,
});

/** The same elements in another shape; one size may be -1. A view where the strides allow it, else a copy. */
export function reshape(x: Tensor, ...size: readonly (number | Shape)[]): Tensor {
  const shape = inferSize("reshape", size.flat() as number[], x.numel());
  return apply(viewStrides(x.shape, x.strides, shape) ? viewOp : reshapeOp, { x }, { shape });
}

/**
 * As `reshape`, but never a copy.
 *
 * @throws ShapeError when the strides do not allow it
 */
export function view(x: Tensor, ...size: readonly (number | Shape)[]): Tensor {
  const shape = inferSize("view", size.flat() as number[], x.numel());
  if (!viewStrides(x.shape, x.strides, shape)) {
    throw new ShapeError(
      `Cannot view x ${showShape(x.shape)} as ${showShape(shape)}: its elements do not lie in order: use reshape()`,
    );
  }
  return apply(viewOp, { x }, { shape });
}

/** Merges the dimensions from `start_dim` to `end_dim` into one. */
export function flatten(x: Tensor, start_dim = 0, end_dim = -1): Tensor {
  if (x.ndim === 0) return reshape(x, 1);
  const start = normalizeDim("flatten", start_dim, x.ndim), end = normalizeDim("flatten", end_dim, x.ndim);
  if (start > end) {
    throw new ShapeError(`Cannot flatten from dim ${start_dim} to ${end_dim}: start_dim must not be behind end_dim`);
  }
  const shape = [...x.shape.slice(0, start), numelOf(x.shape.slice(start, end + 1)), ...x.shape.slice(end + 1)];
  const known = start === 1 && end === x.ndim - 1 && viewStrides(x.shape, x.strides, shape) !== null;
  return known ? apply(flattenOp, { x }, { start, shape }) : reshape(x, shape);
}

/** The dimensions in another order. */
export function permute(x: Tensor, ...dims: readonly (number | readonly number[])[]): Tensor {
  const list = (dims.flat() as number[]).map((d) => normalizeDim("permute", d, x.ndim));
  if (list.length !== x.ndim || new Set(list).size !== x.ndim) {
    throw new ShapeError(`Cannot permute x ${showShape(x.shape)} to ${showShape(list)}: give each dimension once`);
  }
  return apply(permuteOp, { x }, { dims: list });
}

/** Two dimensions exchanged. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  const a = normalizeDim("transpose", dim0, x.ndim), b = normalizeDim("transpose", dim1, x.ndim);
  return permute(x, x.shape.map((_, i) => i === a ? b : i === b ? a : i));
}

/** Rows and columns exchanged; tensors of fewer dimensions stay as they are. */
export function t(x: Tensor): Tensor {
  if (x.ndim > 2) throw new ShapeError(`Cannot t x ${showShape(x.shape)}: at most two dimensions are needed`);
  return x.ndim < 2 ? x : transpose(x, 0, 1);
}

/** Leaves out dimensions of size 1: all, or `dim` if it is one. */
export function squeeze(x: Tensor, dim: number | null = null): Tensor {
  const d = dim === null ? null : normalizeDim("squeeze", dim, x.ndim);
  return reshape(x, x.shape.filter((s, i) => s !== 1 || (d !== null && i !== d)));
}

/** Adds a dimension of size 1 at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  const d = normalizeDim("unsqueeze", dim, x.ndim + 1);
  return reshape(x, [...x.shape.slice(0, d), 1, ...x.shape.slice(d)]);
}

/** Repeats dimensions of size 1 up to `size` without a copy; -1 leaves a size as it is. */
export function expand(x: Tensor, ...size: readonly (number | Shape)[]): Tensor {
  const wanted = size.flat() as number[];
  const lead = wanted.length - x.ndim;
  const shape = wanted.map((s, i) => s === -1 && i >= lead ? x.shape[i - lead] : s);
  if (lead < 0 || shape.some((s, i) => s < 0 || (i >= lead && x.shape[i - lead] !== 1 && x.shape[i - lead] !== s))) {
    throw new ShapeError(`Cannot expand x ${showShape(x.shape)} to ${showShape(wanted)}: only sizes of 1 can grow`);
  }
  return apply(expandOp, { x }, { shape });
}

/** `length` slices of `x` along `dim`, from `start`; a view. */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const d = normalizeDim("narrow", dim, x.ndim);
  const from = start < 0 ? start + x.shape[d] : start;
  if (from < 0 || length < 0 || from + length > x.shape[d]) {
    throw new ShapeError(
      `Cannot narrow x ${showShape(x.shape)} to ${length} from ${start} along dim ${dim}: there are ${x.shape[d]}`,
    );
  }
  return apply(narrowOp, { x }, { dim: d, start: from, length });
}

/** One slice along `dim`, without that dimension; a view. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  const d = normalizeDim("select", dim, x.ndim);
  const at = index < 0 ? index + x.shape[d] : index;
  if (!(at >= 0 && at < x.shape[d])) {
    throw new ShapeError(
      `Cannot select index ${index} of x ${showShape(x.shape)} along dim ${dim}: there are ${x.shape[d]}`,
    );
  }
  return reshape(narrow(x, d, at, 1), x.shape.filter((_, i) => i !== d));
}

/** A fresh tensor with the same elements; gradients flow through it. */
export function clone(x: Tensor): Tensor {
  return apply(cloneOp, { x }, null);
}

/** `x` itself when its elements lie row by row, else a copy that does. */
export function contiguous(x: Tensor): Tensor {
  return isContiguous(x.shape, x.strides) ? x : clone(x);
}

/** Joins tensors along an existing dimension; all other sizes must be equal. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  if (tensors.length === 0) throw new ShapeError("Cannot cat no tensors: at least one is needed");
  const d = normalizeDim("cat", dim, tensors[0].ndim);
  return tensors.reduce((a, b) => {
    if (a.ndim !== b.ndim || a.shape.some((s, i) => i !== d && s !== b.shape[i])) {
      throw new ShapeError(
        `Cannot cat ${showShape(a.shape)} and ${showShape(b.shape)}: sizes must be equal but in dim ${dim}`,
      );
    }
    const shape = a.shape.map((s, i) => i === d ? s + b.shape[i] : s);
    return apply(catOp, { a, b }, { dim: d, shape, aSize: a.shape[d] });
  });
}

/** Joins tensors of equal shape along a new dimension. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  if (tensors.length === 0) throw new ShapeError("Cannot stack no tensors: at least one is needed");
  return cat(tensors.map((x) => unsqueeze(x, dim)), dim);
}

/** All definitions of this file. */
export const shapeOps: readonly AnyOp[] = [
  viewOp,
  flattenOp,
  permuteOp,
  narrowOp,
  padOp,
  cloneOp,
  catOp,
  expandOp,
  reshapeOp,
];
