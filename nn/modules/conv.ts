/** @file Convolutions. */

import { conv2d } from "../functional.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { ValueError } from "../../tensor/errors.ts";
import { checkKnown } from "../../tensor/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  checkCount,
  emptyParameter,
  expandSize,
  type FactoryOptions,
  resetWeightAndBias,
  showTuple,
  type Size,
} from "./_factory.ts";

/** Keyword arguments of convolutions. */
export interface ConvOptions extends FactoryOptions {
  /** Step of the kernel; 1 by default. */
  stride?: Size;
  /** Zeros added at both ends, `"valid"` for none, `"same"` for as many as keep the size; 0 by default. */
  padding?: Size | "valid" | "same";
  /** Distance between the kernel's elements; 1 by default. */
  dilation?: Size;
  /** Number of groups of channels that do not see each other; 1 by default. */
  groups?: number;
  /** Adds a learned number to each output channel; true by default. */
  bias?: boolean;
  /** What is beyond the edge; zeros only. */
  padding_mode?: "zeros";
}

const known = ["stride", "padding", "dilation", "groups", "bias", "padding_mode", "device", "dtype"] as const;

/** What convolutions of every number of dimensions share. */
export abstract class _ConvNd extends Module {
  /** Channels of the input. */
  readonly in_channels: number;
  /** Channels of the output. */
  readonly out_channels: number;
  /** Size of the kernel. */
  readonly kernel_size: readonly number[];
  /** Step of the kernel. */
  readonly stride: readonly number[];
  /** Cells added at both ends. */
  readonly padding: readonly number[];
  /** Distance between the kernel's elements. */
  readonly dilation: readonly number[];
  /** Groups of channels that do not see each other. */
  readonly groups: number;
  /** What is beyond the edge. */
  readonly padding_mode: string = "zeros";
  /** `[out_channels, in_channels / groups, ...kernel_size]` */
  weight: Parameter;
  /** `[out_channels]` */
  bias: Parameter | null;

  /**
   * Makes the layer with fresh parameters.
   *
   * @throws ValueError when a size is out of range, or the groups do not divide the channels
   */
  constructor(rank: number, in_channels: number, out_channels: number, kernel_size: Size, options: ConvOptions) {
    super();
    const op = `Conv${rank}d`;
    checkKnown(op, options, known);
    const { groups = 1, bias = true, padding_mode = "zeros" } = options;
    checkCount(op, "in_channels", in_channels);
    checkCount(op, "out_channels", out_channels);
    checkCount(op, "groups", groups);
    if (in_channels % groups !== 0 || out_channels % groups !== 0) {
      throw new ValueError(
        `Cannot ${op} with ${in_channels} and ${out_channels} channels in ${groups} groups: groups must divide both`,
      );
    }
    if (padding_mode !== "zeros") {
      throw new ValueError(`Cannot ${op} with padding_mode ${padding_mode}: only zeros is implemented`);
    }
    this.in_channels = in_channels;
    this.out_channels = out_channels;
    this.kernel_size = expandSize(op, "kernel_size", kernel_size, rank, 1);
    this.stride = expandSize(op, "stride", options.stride ?? 1, rank, 1);
    this.dilation = expandSize(op, "dilation", options.dilation ?? 1, rank, 1);
    this.padding = this.#padding(op, options.padding ?? 0);
    this.groups = groups;
    this.weight = emptyParameter([out_channels, in_channels / groups, ...this.kernel_size], options);
    this.bias = bias ? emptyParameter([out_channels], options) : null;
    this.reset_parameters();
  }

  #padding(op: string, padding: Size | "valid" | "same"): number[] {
    const rank = this.kernel_size.length;
    if (padding === "valid") return new Array<number>(rank).fill(0);
    if (padding !== "same") return expandSize(op, "padding", padding, rank, 0);
    const total = this.kernel_size.map((k, i) => (k - 1) * this.dilation[i]);
    if (this.stride.some((s) => s !== 1) || total.some((t) => t % 2 !== 0)) {
      throw new ValueError(
        `Cannot ${op} with padding same, kernel_size ${showTuple(this.kernel_size)} and stride ` +
          `${showTuple(this.stride)}: stride 1 and as much padding at both ends are needed`,
      );
    }
    return total.map((t) => t / 2);
  }

  /** Draws new values, as PyTorch: both uniform within one over the root of the number of inputs of an output. */
  reset_parameters(): void {
    resetWeightAndBias(this.weight, this.bias);
  }

  /** The arguments, as PyTorch prints them. */
  override extra_repr(): string {
    const { kernel_size, stride, padding, dilation, groups, bias } = this;
    const parts = [
      `${this.in_channels}, ${this.out_channels}`,
      `kernel_size=${showTuple(kernel_size)}`,
      `stride=${showTuple(stride)}`,
    ];
    if (padding.some((p) => p !== 0)) parts.push(`padding=${showTuple(padding)}`);
    if (dilation.some((d) => d !== 1)) parts.push(`dilation=${showTuple(dilation)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (!bias) parts.push("bias=False");
    return parts.join(", ");
  }
}

/** Cross-correlation over two dimensions: `[N, in_channels, H, W]` to `[N, out_channels, H', W']`. */
export class Conv2d extends _ConvNd {
  /**
   * Makes the layer with fresh parameters.
   *
   * @param stride step of the kernel, or the options
   * @param padding zeros added at both ends, or the options
   */
  constructor(
    in_channels: number,
    out_channels: number,
    kernel_size: Size,
    stride: Size | ConvOptions = {},
    padding: Size | ConvOptions = {},
    options: ConvOptions = {},
  ) {
    super(2, in_channels, out_channels, kernel_size, {
      ...asOption("stride", stride),
      ...asOption("padding", padding),
      ...options,
    });
  }

  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.stride, this.padding, this.dilation, this.groups);
  }
}

function asOption(name: "stride" | "padding", value: Size | ConvOptions): ConvOptions {
  return typeof value === "number" || Array.isArray(value) ? { [name]: value } : value as ConvOptions;
}
