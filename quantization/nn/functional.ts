/** @file Clipping with bounds that can be trained. */

import { defineOp, type OpDef } from "../../autograd/op.ts";
import { apply } from "../../autograd/tape.ts";
import type { ScalarFunction, View } from "../../tensor/device.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { sum } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";

const clipped: ScalarFunction = {
  name: "clip",
  js: (x, low, high) => Math.max(Math.min(x, high), low),
  gpu: "max(min(a, c), b)",
};

type Side = "at_or_below" | "below" | "above" | "at_or_above";

const sides: { readonly [S in Side]: ScalarFunction } = {
  at_or_below: { name: "where_le", js: (g, x, bound) => x <= bound ? g : 0, gpu: "b <= c ? a : 0.0" },
  below: { name: "where_lt", js: (g, x, bound) => x < bound ? g : 0, gpu: "b < c ? a : 0.0" },
  above: { name: "where_gt", js: (g, x, bound) => x > bound ? g : 0, gpu: "b > c ? a : 0.0" },
  at_or_above: { name: "where_ge", js: (g, x, bound) => x >= bound ? g : 0, gpu: "b >= c ? a : 0.0" },
};

function single(bound: View): boolean {
  return bound.shape.every((s) => s === 1);
}

/** `g` where `x` lies on one side of a bound. */
const select: OpDef<"g" | "x" | "bound", never, "x" | "bound", Side> = defineOp({
  name: "clip_grad",
  inputs: ["g", "x", "bound"],
  save: ["x", "bound"],
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (k, { g, x, bound }, out, side: Side) => k.map(sides[side], [g, x, bound], out, []),
  vjp: (g, { x, bound }, side) => ({ g: apply(select, { g, x, bound }, side) }),
  onnx: null,
  samples: null,
});

const clipOp: OpDef<"x" | "low" | "high", never, "x" | "low" | "high", null> = defineOp({
  name: "clip",
  inputs: ["x", "low", "high"],
  save: ["x", "low", "high"],
  infer: ({ x, low, high }) => {
    if (!single(low) || !single(high)) {
      throw new ShapeError(`Cannot clip to bounds of shapes [${low.shape}] and [${high.shape}]: numbers are needed`);
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  forward: (k, { x, low, high }, out) => k.map(clipped, [x, low, high], out, []),
  vjp: (g, { x, low, high }, _, needs) => {
    const part = (grad: Tensor, bound: Tensor, side: Side) => apply(select, { g: grad, x, bound }, side);
    return {
      x: needs.x ? part(part(g, low, "above"), high, "below") : null,
      low: needs.low ? sum(part(g, low, "at_or_below")).viewAs(low.shape, low.strides) : null,
      high: needs.high ? sum(part(g, high, "at_or_above")).viewAs(high.shape, high.strides) : null,
    };
  },
  onnx: null,
  samples: null,
});

/**
 * `x` between two bounds. Gradients pass strictly inside; each bound gets the sum of those at and beyond it (PACT).
 *
 * @param clip_value_min tensor of one element
 * @param clip_value_max tensor of one element
 * @throws ShapeError when a bound has more than one element
 * @see pytorch_quantization.nn.functional.clip
 */
export function clip(x: Tensor, clip_value_min: Tensor, clip_value_max: Tensor): Tensor {
  return apply(clipOp, { x, low: clip_value_min, high: clip_value_max }, null);
}
