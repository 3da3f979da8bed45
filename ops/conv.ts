/** @file Convolution. Letters: N batch, C and O channels in and out, H and W height and width. */

import { type AnyOp, defineOp, type OpDef } from "../autograd/op.ts";
import { apply } from "../autograd/tape.ts";
import type { ConvParams, View } from "../tensor/device.ts";
import { DTypeError, ShapeError } from "../tensor/errors.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sum } from "./reduce.ts";

function outputShape(x: View, weight: View, p: ConvParams): number[] {
  const spatial = x.shape.slice(2).map((size, i) => {
    const reach = p.dilation[i] * (weight.shape[2 + i] - 1) + 1;
    return Math.floor((size + 2 * p.padding[i] - reach) / p.stride[i]) + 1;
  });
  if (spatial.some((s) => s < 1)) {
    throw new ShapeError(
      `Cannot conv x ${showShape(x.shape)} with weight ${
        showShape(weight.shape)
      }: the kernel is larger than the padded input`,
    );
  }
  return [x.shape[0], weight.shape[0], ...spatial];
}

function check(x: View, weight: View, bias: View | null, p: ConvParams): void {
  const rank = p.stride.length + 2;
  if (x.dtype !== weight.dtype) {
    throw new DTypeError(
      `Cannot conv x of ${x.dtype.name} with weight of ${weight.dtype.name}: convert one with .to(dtype)`,
    );
  }
  if (x.shape.length !== rank || weight.shape.length !== rank || x.shape[1] !== weight.shape[1] * p.groups) {
    throw new ShapeError(
      `Cannot conv x ${showShape(x.shape)} with weight ${showShape(weight.shape)} in ${p.groups} groups: ` +
        `x must have ${rank} dimensions and ${weight.shape[1] * p.groups} channels`,
    );
  }
  if (weight.shape[0] % p.groups !== 0) {
    throw new ShapeError(
      `Cannot conv with weight ${showShape(weight.shape)} in ${p.groups} groups: its first size must be a multiple`,
    );
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new ShapeError(`Cannot conv with bias ${showShape(bias.shape)}: shape [${weight.shape[0]}] is needed`);
  }
}

/** Convolution in one to three spatial dimensions. */
export const convOp: OpDef<"x" | "weight" | "bias", "bias", "x" | "weight", ConvParams> = defineOp<
  "x" | "weight" | "bias",
  "x" | "weight",
  ConvParams,
  "bias"
>({
  name: "conv",
  inputs: ["x", "weight", "bias"],
  optional: ["bias"],
  save: ["x", "weight"],
  infer: ({ x, weight, bias }, p) => {
    check(x, weight, bias, p);
    return { shape: outputShape(x, weight, p), dtype: x.dtype };
  },
  forward: (k, { x, weight, bias }, out, p) => k.conv(x, weight, bias, out, p),
  vjp: (g, { x, weight }, p, needs) => ({
    x: needs.x ? apply(inputGradOp, { g, weight }, { ...p, shape: x.shape }) : null,
    weight: needs.weight ? apply(weightGradOp, { g, x }, { ...p, shape: weight.shape }) : null,
    bias: needs.bias ? sum(g, g.shape.flatMap((_, i) => i === 1 ? [] : [i])) : null,
  }),
  onnx: {
    type: "Conv",
    since: 11,
    attributes: (p, [, weight]) => ({
      dilations: { ints: p.dilation },
      group: { int: p.groups },
      kernel_shape: { ints: weight!.slice(2) },
      pads: { ints: [...p.padding, ...p.padding] },
      strides: { ints: p.stride },
    }),
  },
  samples: {
    shapes: [[[2, 2, 5, 5], [4, 2, 3, 3], [4]], [[1, 2, 6, 5], [2, 2, 3, 2], null]],
    domain: [-2, 2],
    params: [
      { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 },
      { stride: [2, 1], padding: [0, 2], dilation: [1, 2], groups: 1 },
    ],
  },
});

type GradParams = ConvParams & { readonly shape: Shape };

const inputGradOp: OpDef<"g" | "weight", never, "g" | "weight", GradParams> = defineOp({
  name: "conv_input_grad",
  inputs: ["g", "weight"],
  save: ["g", "weight"],
  infer: ({ g }, p: GradParams) => ({ shape: p.shape, dtype: g.dtype }),
  forward: (k, { g, weight }, out, p) => k.convInputGrad(g, weight, out, p),
  vjp: (gg, saved, p, needs) => ({
    g: needs.g ? apply(convOp, { x: gg, weight: saved.weight as Tensor, bias: null }, p) : null,
    weight: needs.weight
      ? apply(weightGradOp, { g: saved.g as Tensor, x: gg }, { ...p, shape: (saved.weight as Tensor).shape })
      : null,
  }),
  onnx: null,
  samples: null,
});

const weightGradOp: OpDef<"g" | "x", never, "g" | "x", GradParams> = defineOp({
  name: "conv_weight_grad",
  inputs: ["g", "x"],
  save: ["g", "x"],
  infer: ({ g }, p: GradParams) => ({ shape: p.shape, dtype: g.dtype }),
  forward: (k, { g, x }, out, p) => k.convWeightGrad(g, x, out, p),
  vjp: (gw, saved, p, needs) => ({
    g: needs.g ? apply(convOp, { x: saved.x as Tensor, weight: gw, bias: null }, p) : null,
    x: needs.x
      ? apply(inputGradOp, { g: saved.g as Tensor, weight: gw }, { ...p, shape: (saved.x as Tensor).shape })
      : null,
  }),
  onnx: null,
  samples: null,
});

function sizes(name: string, value: number | readonly number[], rank: number, least: number): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  if (list.length !== rank || list.some((v) => !Number.isInteger(v) || v < least)) {
    throw new ShapeError(
      `Cannot conv with ${name} ${showShape(list)}: ${rank} integers of at least ${least} are needed`,
    );
  }
  return list;
}

/**
 * Two-dimensional convolution (cross-correlation).
 *
 * @param x [N, C, H, W]
 * @param weight [O, C / groups, kH, kW]
 * @param bias [O]
 * @param stride one number, or one for each spatial dimension; so `padding` (zeros at both ends) and `dilation`
 * @returns [N, O, H', W']
 * @throws ShapeError or DTypeError when they do not fit
 * @see torch.nn.functional.conv2d
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  stride: number | readonly number[] = 1,
  padding: number | readonly number[] = 0,
  dilation: number | readonly number[] = 1,
  groups = 1,
): Tensor {
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ShapeError(`Cannot conv in ${groups} groups: an integer of at least 1 is needed`);
  }
  return apply(convOp, { x, weight, bias }, {
    stride: sizes("stride", stride, 2, 1),
    padding: sizes("padding", padding, 2, 0),
    dilation: sizes("dilation", dilation, 2, 1),
    groups,
  });
}

/** All definitions of this file. */
export const convOps: readonly AnyOp[] = [convOp, inputGradOp, weightGradOp];
