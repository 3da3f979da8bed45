/** @file Pooling. */

import { max_pool2d } from "../functional.ts";
import { Module } from "../module.ts";
import { checkKnown } from "../../tensor/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expandSize, showBool, type Size } from "./_factory.ts";

/** Keyword arguments of MaxPool2d. */
export interface MaxPoolOptions {
  /** Step of the window; the window's size by default. */
  stride?: Size;
  /** Cells added at both ends that never win; 0 by default. */
  padding?: Size;
  /** Distance between the window's cells; 1 by default. */
  dilation?: Size;
  /** Lets windows reach beyond the end; false by default. */
  ceil_mode?: boolean;
}

/** Largest element of each window: `[N, C, H, W]` to `[N, C, H', W']`. */
export class MaxPool2d extends Module {
  /** Size of the window. */
  readonly kernel_size: Size;
  /** Step of the window. */
  readonly stride: Size;
  /** Cells added at both ends. */
  readonly padding: Size;
  /** Distance between the window's cells. */
  readonly dilation: Size;
  /** Whether windows may reach beyond the end. */
  readonly ceil_mode: boolean;

  /**
   * Makes the layer.
   *
   * @param stride step of the window, or the options
   * @throws ValueError when a size is out of range
   */
  constructor(kernel_size: Size, stride: Size | MaxPoolOptions = {}, options: MaxPoolOptions = {}) {
    super();
    const numbers = typeof stride === "number" || Array.isArray(stride);
    const given: MaxPoolOptions = { ...(numbers ? { stride: stride as Size } : stride as MaxPoolOptions), ...options };
    checkKnown("MaxPool2d", given, ["stride", "padding", "dilation", "ceil_mode"]);
    this.kernel_size = checkSize("kernel_size", kernel_size, 1);
    this.stride = checkSize("stride", given.stride ?? kernel_size, 1);
    this.padding = checkSize("padding", given.padding ?? 0, 0);
    this.dilation = checkSize("dilation", given.dilation ?? 1, 1);
    this.ceil_mode = given.ceil_mode ?? false;
  }

  /** What the layer computes. */
  override forward(x: Tensor): Tensor {
    return max_pool2d(x, this.kernel_size, this.stride, this.padding, this.dilation, this.ceil_mode);
  }

  /** The arguments, as PyTorch prints them. */
  override extra_repr(): string {
    const sizes = (["kernel_size", "stride", "padding", "dilation"] as const).map((name) => {
      const size = this[name];
      return `${name}=${typeof size === "number" ? size : `(${size.join(", ")})`}`;
    });
    return `${sizes.join(", ")}, ceil_mode=${showBool(this.ceil_mode)}`;
  }
}

function checkSize(name: string, size: Size, least: number): Size {
  expandSize("MaxPool2d", name, size, 2, least);
  return size;
}
