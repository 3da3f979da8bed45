/** @file A module that clips to bounds which can be trained. */

import { Module } from "../../../nn/module.ts";
import { Parameter } from "../../../nn/parameter.ts";
import { get_default_device } from "../../../tensor/device.ts";
import { float32 } from "../../../tensor/dtype.ts";
import { ValueError } from "../../../tensor/errors.ts";
import { fromArray, type Tensor } from "../../../tensor/tensor.ts";
import { clip } from "../functional.ts";

/** Which bounds are parameters. */
export interface ClipOptions {
  readonly learn_min?: boolean;
  readonly learn_max?: boolean;
}

/** Clips to `[clip_value_min, clip_value_max]`. */
export class Clip extends Module {
  /** The lower bound. */
  clip_value_min: Parameter;
  /** The upper bound. */
  clip_value_max: Parameter;

  /**
   * Takes both bounds.
   *
   * @throws ValueError unless both bounds are numbers
   */
  constructor(clip_value_min: number, clip_value_max: number, options: ClipOptions = {}) {
    super();
    const bound = (name: string, value: number, learn = false): Parameter => {
      if (typeof value !== "number") {
        throw new ValueError(`Cannot make Clip of ${name} of type ${typeof value}: a number is needed`);
      }
      return new Parameter(fromArray(get_default_device(), float32, [], Float32Array.of(value)), learn);
    };
    this.clip_value_min = bound("clip_value_min", clip_value_min, options.learn_min);
    this.clip_value_max = bound("clip_value_max", clip_value_max, options.learn_max);
  }

  /** `x` between the bounds. */
  override forward(x: Tensor): Tensor {
    return clip(x, this.clip_value_min, this.clip_value_max);
  }
}
