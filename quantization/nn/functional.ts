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

type Part = "below" | "inside" | "above";

const parts: { readonly [P in Part]: ScalarFunction } = {
  below: { name: "where_below", js: (g, x, low) => x <= low ? g : 0 },
  inside: { name: "where_between", js: (g, x, low, high) => x > low && x < high ? g : 0 },
  above: { name: "where_above", js: (g, x, _, high) => x >= high ? g : 0 },
};

function single(bound: View): boolean {
  return bound.shape.every((s) => s === 1);
}

/** `g` where `x` lies in a part of the range. */
const select: OpDef<"g" | "x" | "low" | "high", never, "x" | "low" | "high", Part> = defineOp({
  name: "clip_grad",
  inputs: ["g", "x", "low", "high"],
  save: ["x", "low", "high"],
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (k, { g, x, low, high }, out, part: Part) => k.map(parts[part], [g, x, low, high], out, []),
  vjp: (g, { x, low, high }, part) => ({ g: apply(select, { g, x, low, high }, part) }),
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
    const part = (p: Part) => apply(select, { g, x, low, high }, p);
    return {
      x: needs.x ? part("inside") : null,
      low: needs.low ? sum(part("below")).viewAs(low.shape, low.strides) : null,
      high: needs.high ? sum(part("above")).viewAs(high.shape, high.strides) : null,
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
