/** @file The options of `onnx.export`, checked. */

import { OnnxError } from "../tensor/errors.ts";
import type { GraphOptions } from "./graph.ts";

/** Sizes that differ from run to run: dimensions, or dimensions with a name for each. */
export type DynamicAxes = { readonly [name: string]: readonly number[] | { readonly [dim: number]: string } };

/** Options of `onnx.export`, spelled as PyTorch's. */
export interface ExportOptions {
  /** Version of the ONNX operator set, 10 to 17; 13 unless given. Ranges for each channel need 13. */
  readonly opset_version?: number;
  /** Names of the inputs, in their order. */
  readonly input_names?: readonly string[];
  /** Names of the outputs, in their order. */
  readonly output_names?: readonly string[];
  /** By input or output name: the dimensions whose size is not fixed. */
  readonly dynamic_axes?: DynamicAxes;
  /** Prints the graph's nodes. */
  readonly verbose?: boolean;
}

const known: readonly (keyof ExportOptions)[] = [
  "opset_version",
  "input_names",
  "output_names",
  "dynamic_axes",
  "verbose",
];

/** First and last operator set whose forms of the operators are written. */
export const opsetRange: readonly [number, number] = [10, 17];

/** A graph's input or output, as far as options refer to it. */
interface End {
  readonly shape: readonly number[];
}

/** The oldest file version that `opset` may be in. */
export function irVersion(opset: number): number {
  return opset <= 10 ? 5 : opset === 11 ? 6 : opset <= 14 ? 7 : 8;
}

/**
 * The options that are known before the run.
 *
 * @throws OnnxError for an unknown option and an opset out of range
 */
export function checkOptions(options: ExportOptions): void {
  const odd = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (odd !== undefined) {
    throw new OnnxError(`Cannot export with option "${odd}": the options are ${known.join(", ")}`);
  }
  const { opset_version: opset = 13 } = options;
  const [first, last] = opsetRange;
  if (!Number.isInteger(opset) || opset < first || opset > last) {
    throw new OnnxError(`Cannot export opset_version ${opset}: an integer from ${first} to ${last} is needed`);
  }
}

/**
 * How the graph is to be written, when its inputs and outputs are known.
 *
 * @throws OnnxError for more names than values, and for names and dimensions in `dynamic_axes` that do not exist
 */
export function graphOptions(
  name: string,
  options: ExportOptions,
  inputs: readonly End[],
  outputs: readonly End[],
): GraphOptions {
  const { input_names: inputNames = [], output_names: outputNames = [], dynamic_axes = {} } = options;
  checkCount("input_names", inputNames, inputs);
  checkCount("output_names", outputNames, outputs);
  const ends = new Map<string, End>();
  inputs.forEach((v, i) => ends.set(inputNames[i] ?? `input_${i}`, v));
  outputs.forEach((v, i) => ends.set(outputNames[i] ?? `output_${i}`, v));
  const dynamicAxes: Record<string, { readonly [dim: number]: string }> = {};
  for (const [end, axes] of Object.entries(dynamic_axes)) {
    const value = ends.get(end);
    if (!value) {
      throw new OnnxError(`Cannot export dynamic_axes of "${end}": the names are ${[...ends.keys()].join(", ")}`);
    }
    dynamicAxes[end] = namedAxes(end, axes, value.shape.length);
  }
  return { name, opset: options.opset_version ?? 13, inputNames, outputNames, dynamicAxes };
}

function checkCount(option: string, names: readonly string[], values: readonly End[]): void {
  if (names.length <= values.length) return;
  throw new OnnxError(`Cannot export ${option} [${names.join(", ")}]: there are only ${values.length} values`);
}

function namedAxes(end: string, axes: DynamicAxes[string], rank: number): { readonly [dim: number]: string } {
  const pairs: [number, string][] = isList(axes)
    ? axes.map((d) => [d, `${end}_dynamic_${d}`])
    : Object.entries(axes).map(([d, name]) => [Number(d), name]);
  for (const [d] of pairs) {
    if (Number.isInteger(d) && d >= 0 && d < rank) continue;
    throw new OnnxError(`Cannot export dynamic_axes of "${end}" with dimension ${d}: it has ${rank} dimensions`);
  }
  return Object.fromEntries(pairs);
}

function isList(axes: DynamicAxes[string]): axes is readonly number[] {
  return Array.isArray(axes);
}
