/** @file Fake quantization as operations of the tape, with straight-through gradients. */

import { defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import type { QuantParams, ScalarFunction, View } from "../tensor/device.ts";
import { DTypeError } from "../tensor/errors.ts";
import { ShapeError } from "../tensor/errors.ts";
import { showShape } from "../tensor/shape.ts";
import { roundE4M3, roundHalfEven, TINY_AMAX } from "./utils/scalar_quant.ts";

/** Parameters of the quantization operations; the first three are what an exporter needs. */
export interface FakeQuantParams extends QuantParams {
  readonly num_bits: number;
  readonly unsigned: boolean;
  readonly narrow_range: boolean;
}

function checkRange(op: string, x: View, amax: View): void {
  if (!x.dtype.is_floating_point || !amax.dtype.is_floating_point) {
    const [name, v] = x.dtype.is_floating_point ? ["amax", amax] : ["inputs", x];
    throw new DTypeError(`Cannot ${op} ${name} of ${v.dtype.name}: a floating-point dtype is needed`);
  }
  const extra = x.shape.length - amax.shape.length;
  if (extra < 0 || amax.shape.some((s, i) => s !== 1 && s !== x.shape[i + extra])) {
    throw new ShapeError(
      `Cannot ${op} amax of shape ${showShape(amax.shape)}: one that broadcasts to ${showShape(x.shape)} is needed`,
    );
  }
}

/** `g` where `|x| <= amax`: quantization is taken for the identity inside its range, for a constant outside. */
const straightThrough: OpDef<"g" | "x" | "amax", never, "x" | "amax", null> = defineOp({
  name: "fake_tensor_quant_grad",
  inputs: ["g", "x", "amax"],
  save: ["x", "amax"],
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (k, { g, x, amax }, out) => k.fakeQuantGrad(g, x, amax, out),
  vjp: (g, { x, amax }) => ({ g: apply(straightThrough, { g, x, amax }, null) }),
  onnx: null,
  samples: null,
});

/** Values or codes of `x` in the range that `amax` spans. The exporter writes it as a QuantizeLinear/DequantizeLinear pair. */
export const fakeQuantOp: OpDef<"x" | "amax", never, "x" | "amax", FakeQuantParams> = defineOp({
  name: "fake_tensor_quant",
  inputs: ["x", "amax"],
  save: ["x", "amax"],
  infer: ({ x, amax }) => {
    checkRange("fake_tensor_quant", x, amax);
    return { shape: x.shape, dtype: x.dtype };
  },
  forward: (k, { x, amax }, out, p: FakeQuantParams) => k.fakeQuant(x, amax, out, p),
  vjp: (g, { x, amax }) => ({ x: apply(straightThrough, { g, x, amax }, null) }),
  onnx: null,
  samples: null,
});

const e4m3: ScalarFunction = {
  name: "scaled_e4m3",
  js: (x, amax) => {
    const scale = Math.fround(448 / amax);
    return Math.abs(x) < TINY_AMAX ? 0 : roundE4M3(Math.fround(x * scale)) / scale;
  },
};

/** `x`, scaled so that `amax` becomes 448, rounded to E4M3 and scaled back. */
export const scaledE4M3Op: OpDef<"x" | "amax", never, "x" | "amax", null> = defineOp({
  name: "scaled_e4m3",
  inputs: ["x", "amax"],
  save: ["x", "amax"],
  infer: ({ x, amax }) => {
    checkRange("scaled_e4m3", x, amax);
    return { shape: x.shape, dtype: x.dtype };
  },
  forward: (k, { x, amax }, out) => k.map(e4m3, [x, amax], out, []),
  vjp: (g, { x, amax }) => ({ x: apply(straightThrough, { g, x, amax }, null) }),
  onnx: null,
  samples: null,
});

/** Parameters of affine quantization: the range, the width of a step, and the number of steps from code 0 to value 0. */
export interface AffineParams {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly zero: number;
  /** The smallest code is `-bound`, the largest `bound - 1`. */
  readonly bound: number;
}

const affine: ScalarFunction = {
  name: "fake_affine_tensor_quant",
  js: (x, step, zero, bound) => {
    const q = roundHalfEven(Math.fround(x / step)) - zero;
    return (Math.min(bound - 1, Math.max(-bound, q)) + zero) * step;
  },
};

const inside: ScalarFunction = {
  name: "where_inside",
  js: (g, x, min, max) => x >= min && x <= max ? g : 0,
  gpu: "b >= p && b <= q ? a : 0",
};

const affineGrad: OpDef<"g" | "x", never, "x", AffineParams> = defineOp({
  name: "fake_affine_tensor_quant_grad",
  inputs: ["g", "x"],
  save: ["x"],
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (k, { g, x }, out, p: AffineParams) => k.map(inside, [g, x], out, [p.min, p.max]),
  vjp: (g, { x }, p) => ({ g: apply(affineGrad, { g, x }, p) }),
  onnx: null,
  samples: null,
});

/** Quantization to steps between two ends, gradients pass between them, both included. */
export const affineOp: OpDef<"x", never, "x", AffineParams> = defineOp({
  name: "fake_affine_tensor_quant",
  inputs: ["x"],
  save: ["x"],
  infer: ({ x }) => {
    checkRange("fake_affine_tensor_quant", x, x);
    return { shape: x.shape, dtype: x.dtype };
  },
  forward: (k, { x }, out, p: AffineParams) => k.map(affine, [x], out, [p.step, p.zero, p.bound]),
  vjp: (g, { x }, p) => ({ x: apply(affineGrad, { g, x }, p) }),
  onnx: null,
  samples: null,
});
