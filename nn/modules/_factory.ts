/** @file What layers share when they are constructed: new parameters, and sizes given once or for each dimension. */

import { kaiming_uniform_, uniform_ } from "../init.ts";
import { _calculate_fan_in_and_fan_out } from "../init.ts";
import { Parameter } from "../parameter.ts";
import { device as findDevice, type DeviceLike, get_default_device } from "../../tensor/device.ts";
import { type DType, get_default_dtype } from "../../tensor/dtype.ts";
import { ValueError } from "../../tensor/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import { allocate } from "../../tensor/tensor.ts";

/** Where a layer's parameters are made. */
export interface FactoryOptions {
  /** Where the parameters are made. */
  device?: DeviceLike;
  /** Their element type. */
  dtype?: DType;
}

/** A number, or one for each spatial dimension. */
export type Size = number | readonly number[];

/** A parameter whose elements are undefined. */
export function emptyParameter(shape: Shape, { device, dtype }: FactoryOptions): Parameter {
  const place = device === undefined ? get_default_device() : findDevice(device);
  return new Parameter(allocate(place, dtype ?? get_default_dtype(), shape));
}

/** Default values of linear layers and convolutions: weight, then bias, uniform within one over the root of the fan-in. */
export function resetWeightAndBias(weight: Parameter, bias: Parameter | null): void {
  kaiming_uniform_(weight, { a: Math.sqrt(5) });
  if (!bias) return;
  const [fanIn] = _calculate_fan_in_and_fan_out(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, -bound, bound);
}

/**
 * A positive whole number.
 *
 * @throws ValueError with the argument's name
 */
export function checkCount(op: string, name: string, value: number, least = 1): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ValueError(`Cannot ${op} with ${name} ${value}: a whole number of at least ${least} is needed`);
}

/**
 * One number for each of `rank` dimensions.
 *
 * @throws ValueError unless they are whole numbers of at least `least`
 */
export function expandSize(op: string, name: string, size: Size, rank: number, least: number): number[] {
  const list = typeof size === "number" ? new Array<number>(rank).fill(size) : [...size];
  if (list.length !== rank) {
    throw new ValueError(`Cannot ${op} with ${name} of ${list.length} numbers: ${rank} are needed`);
  }
  for (const n of list) checkCount(op, name, n, least);
  return list;
}

/** `(5, 5)`, as Python prints a tuple. */
export function showTuple(values: readonly number[]): string {
  return values.length === 1 ? `(${values[0]},)` : `(${values.join(", ")})`;
}

/** `True` or `False`, as Python prints them. */
export function showBool(value: boolean): string {
  return value ? "True" : "False";
}
