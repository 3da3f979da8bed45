/** @file Pooling. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply, applyAll } from "../autograd/tape.ts";
import type { PoolParams } from "../tensor/device.ts";
import { int32, int64 } from "../tensor/dtype.ts";
import { ShapeError } from "../tensor/errors.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cast } from "./broadcast.ts";
import { gather } from "./indexing.ts";
import { reshape } from "./shape.ts";

type Params = PoolParams & { readonly ceil: boolean };

/** Windows along one dimension; with `ceil` a last one may hang over, but must start inside. */
function windows(size: number, i: number, p: Params): number {
  const reach = p.dilation[i] * (p.kernel[i] - 1) + 1;
  const room = size + 2 * p.padding[i] - reach;
  const count = (p.ceil ? Math.ceil(room / p.stride[i]) : Math.floor(room / p.stride[i])) + 1;
  return p.ceil && (count - 1) * p.stride[i] >= size + p.padding[i] ? count - 1 : count;
}

/** Largest elements of windows, and their places; the places are freed with the gradient. */
export const maxPoolOp: OpDef<"x", never, "x" | "aux", Params> = defineOp({
  name: "max_pool",
  inputs: ["x"],
  save: ["x", "aux"],
  infer: ({ x }, p: Params) => {
    if (x.shape.length !== p.kernel.length + 2) {
      throw new ShapeError(`Cannot max_pool x ${showShape(x.shape)}: ${p.kernel.length + 2} dimensions are needed`);
    }
    if (p.padding.some((v, i) => v * 2 > p.kernel[i])) {
      throw new ShapeError(
        `Cannot max_pool with padding ${showShape(p.padding)}: at most half of kernel ${showShape(p.kernel)} is needed`,
      );
    }
    const shape = [...x.shape.slice(0, 2), ...x.shape.slice(2).map((s, i) => windows(s, i, p))];
    if (shape.slice(2).some((s) => s < 1)) {
      throw new ShapeError(
        `Cannot max_pool x ${showShape(x.shape)} with kernel ${
          showShape(p.kernel)
        }: the window is larger than the padded input`,
      );
    }
    return [{ shape, dtype: x.dtype }, { shape, dtype: int32 }];
  },
  forward: (k, { x }, out, p, outs) => k.maxPool(x, out, outs[1], p),
  ownsAux: true,
  vjp: (g, saved) => ({
    x: apply(maxPoolGradOp, { g, indices: saved.aux as Tensor }, { shape: (saved.x as Tensor).shape }),
  }),
  onnx: {
    type: "MaxPool",
    since: 12,
    inputs: [0],
    attributes: (p) => ({
      ceil_mode: { int: p.ceil ? 1 : 0 },
      dilations: { ints: p.dilation },
      kernel_shape: { ints: p.kernel },
      pads: { ints: [...p.padding, ...p.padding] },
      strides: { ints: p.stride },
    }),
  },
  samples: {
    shapes: [[[2, 2, 4, 4]], [[1, 2, 5, 6]]],
    domain: [-3, 3],
    params: [
      { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceil: false },
      { kernel: [3, 2], stride: [1, 2], padding: [1, 0], dilation: [1, 1], ceil: true },
    ],
  },
});

const maxPoolGradOp: OpDef<"g" | "indices", never, "indices" | "g", { readonly shape: Shape }> = defineOp({
  name: "max_pool_grad",
  inputs: ["g", "indices"],
  save: ["indices", "g"],
  infer: ({ g }, p: { readonly shape: Shape }) => ({ shape: p.shape, dtype: g.dtype }),
  forward: (k, { g, indices }, out) => k.maxPoolGrad(g, indices, out),
  vjp: (gg, saved) => {
    const indices = saved.indices as Tensor, g = saved.g as Tensor;
    const flat = (x: Tensor) => reshape(x, x.shape[0], x.shape[1], -1);
    return { g: reshape(gather(flat(gg), 2, flat(indices)), g.shape) };
  },
  onnx: null,
  samples: null,
});

function pair(name: string, v: number | readonly number[], least: number): readonly number[] {
  const list = typeof v === "number" ? [v, v] : v;
  if (list.length !== 2 || list.some((n) => !Number.isInteger(n) || n < least)) {
    throw new ShapeError(
      `Cannot max_pool2d with ${name} ${showShape(list)}: one or two integers of at least ${least} are needed`,
    );
  }
  return list;
}

/** One number for both spatial dimensions, or one for each. */
export type Pair = number | readonly number[];

function poolParams(kernel: Pair, stride: Pair | null, padding: Pair, dilation: Pair, ceil: boolean): Params {
  return {
    kernel: pair("kernel_size", kernel, 1),
    stride: pair("stride", stride ?? kernel, 1),
    padding: pair("padding", padding, 0),
    dilation: pair("dilation", dilation, 1),
    ceil,
  };
}

/**
 * Largest element of each window of `x` [N, C, H, W] (or [C, H, W]). The first of equals gets the gradient; NaN wins.
 *
 * @param stride the kernel's size unless given
 * @see torch.nn.functional.max_pool2d
 */
export function max_pool2d(
  x: Tensor,
  kernel_size: Pair,
  stride: Pair | null = null,
  padding: Pair = 0,
  dilation: Pair = 1,
  ceil_mode = false,
): Tensor {
  const p = poolParams(kernel_size, stride, padding, dilation, ceil_mode);
  if (x.ndim !== 3) return apply(maxPoolOp, { x }, p);
  const out = apply(maxPoolOp, { x: reshape(x, 1, ...x.shape) }, p);
  return reshape(out, out.shape.slice(1));
}

/** As `max_pool2d` of a batch, with the places of the maxima (int64, in the flattened plane) as the second result. */
export function max_pool2d_with_indices(
  x: Tensor,
  kernel_size: Pair,
  stride: Pair | null = null,
  padding: Pair = 0,
  dilation: Pair = 1,
  ceil_mode = false,
): [Tensor, Tensor] {
  const p = poolParams(kernel_size, stride, padding, dilation, ceil_mode);
  const [out, places] = applyAll({ ...maxPoolOp, ownsAux: false }, { x }, p);
  return [out, cast(places, int64)];
}

/** All definitions of this file. */
export const poolOps: readonly AnyOp[] = [maxPoolOp, maxPoolGradOp];
