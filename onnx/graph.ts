/** @file From a traced run to an ONNX graph. */

import type { OnnxAttributes, OnnxRule } from "../autograd/op.ts";
import { type DType, int64, type TypedArray } from "../tensor/dtype.ts";
import { OnnxError } from "../tensor/errors.ts";
import { numelOf, type Shape } from "../tensor/shape.ts";
import {
  type Dim,
  type GraphMessage,
  type NodeMessage,
  nodeMessage,
  type TensorMessage,
  tensorMessage,
  valueInfoMessage,
} from "./proto.ts";
import { QUANTIZER, writeQuantizer } from "./quantizers.ts";
import type { Trace, TraceStep, TraceValue } from "./trace.ts";

/** How a graph is written. */
export interface GraphOptions {
  /** The graph's name. */
  readonly name: string;
  /** Version of the operator set. */
  readonly opset: number;
  /** Names of the inputs, in their order; `input_0`, ... where left out. */
  readonly inputNames: readonly string[];
  /** Names of the outputs, in their order; `output_0`, ... where left out. */
  readonly outputNames: readonly string[];
  /** Sizes that differ from run to run: by input or output name and dimension, the size's name. */
  readonly dynamicAxes: { readonly [name: string]: { readonly [dim: number]: string } };
}

/** Writes nodes and initializers, and keeps their names apart. */
export class GraphWriter {
  readonly nodes: NodeMessage[] = [];
  readonly initializers: TensorMessage[] = [];
  readonly #names: Map<TraceValue, string> = new Map();
  readonly #taken: Set<string> = new Set();
  readonly #produced: Map<TraceValue, TraceStep> = new Map();
  readonly #fromInput: Set<TraceValue> = new Set();

  constructor(readonly trace: Trace, readonly options: GraphOptions) {
    this.#nameEnds();
    for (const step of trace.steps) {
      const live = step.inputs.some((v) => v && this.#fromInput.has(v));
      for (const value of step.outputs) {
        this.#produced.set(value, step);
        if (live) this.#fromInput.add(value);
      }
    }
  }

  #nameEnds(): void {
    const { inputs, outputs } = this.trace;
    inputs.forEach((value, i) => {
      this.#names.set(value, this.claim(this.options.inputNames[i] ?? `input_${i}`));
      this.#fromInput.add(value);
    });
    outputs.forEach((_, i) => this.#taken.add(this.outputName(i)));
    if (this.#taken.size < inputs.length + outputs.length) {
      throw new OnnxError("Cannot export inputs and outputs of the same name: all names must differ");
    }
  }

  /** The name of output `i` of the graph. */
  outputName(i: number): string {
    return this.options.outputNames[i] ?? `output_${i}`;
  }

  /** `wanted`, with a number behind it when it is taken. */
  claim(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }

  /** The step that computed a value; undefined for inputs and constants. */
  producer(value: TraceValue): TraceStep | undefined {
    return this.#produced.get(value);
  }

  /** True when a value depends on the graph's inputs. */
  dependsOnInput(value: TraceValue): boolean {
    return this.#fromInput.has(value);
  }

  /** The name of a value that a node reads; a constant becomes an initializer the first time. */
  nameOf(value: TraceValue): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const step = this.#produced.get(value);
    if (step) {
      throw new OnnxError(`Cannot export the second result of ${step.op.name}: ONNX has no operator that gives it`);
    }
    const name = this.addConstant(value.key ?? "constant", value.dtype, value.shape, value.read());
    this.#names.set(value, name);
    return name;
  }

  /** Adds an initializer and returns its name. */
  addConstant(wanted: string, dtype: DType, shape: Shape, array: TypedArray): string {
    const name = this.claim(wanted);
    this.initializers.push(tensorMessage(name, dtype, shape, array));
    return name;
  }

  /** Adds a node with one output, and returns the output's name. */
  addNode(type: string, inputs: readonly string[], wanted: string, attributes?: OnnxAttributes): string {
    return this.#push(type, inputs, this.claim(wanted), attributes);
  }

  /** Adds the node that gives `value`; its output has the name of the graph's output when `value` is one. */
  addResult(
    value: TraceValue,
    type: string,
    inputs: readonly string[],
    wanted: string,
    attributes?: OnnxAttributes,
  ): void {
    const i = this.trace.outputs.indexOf(value);
    this.#names.set(value, this.#push(type, inputs, i < 0 ? this.claim(wanted) : this.outputName(i), attributes));
  }

  #push(type: string, inputs: readonly string[], output: string, attributes?: OnnxAttributes): string {
    this.nodes.push(nodeMessage(type, `${output}/${type}`, inputs, [output], attributes));
    return output;
  }
}

/**
 * The ONNX graph of a traced run. Steps and constants that no output needs are left out.
 *
 * @throws OnnxError for operations that ONNX, or this opset, has no operator for, and for quantizers without a range
 */
export function buildGraph(trace: Trace, options: GraphOptions): GraphMessage {
  const writer = new GraphWriter(trace, options);
  for (const step of neededSteps(trace)) {
    if (step.op.name === QUANTIZER) writeQuantizer(writer, step);
    else writeStep(writer, step);
  }
  trace.outputs.forEach((value, i) => nameOutput(writer, value, i));
  const dims = (name: string, shape: Shape): Dim[] => shape.map((size, d) => options.dynamicAxes[name]?.[d] ?? size);
  return {
    name: options.name,
    node: writer.nodes,
    initializer: writer.initializers,
    input: trace.inputs.map((v) => {
      const name = writer.nameOf(v);
      return valueInfoMessage(name, v.dtype, dims(name, v.shape));
    }),
    output: trace.outputs.map((v, i) => {
      const name = writer.outputName(i);
      return valueInfoMessage(name, v.dtype, dims(name, v.shape));
    }),
  };
}

function neededSteps(trace: Trace): TraceStep[] {
  const wanted = new Set<TraceValue>(trace.outputs);
  const needed: TraceStep[] = [];
  for (const step of trace.steps.toReversed()) {
    if (!step.outputs.some((v) => wanted.has(v))) continue;
    needed.push(step);
    // a quantizer's range is written as a number, so what computed it is not needed
    const read = step.op.name === QUANTIZER ? step.inputs.slice(0, 1) : step.inputs;
    for (const v of read) if (v) wanted.add(v);
  }
  return needed.reverse();
}

function writeStep(writer: GraphWriter, step: TraceStep): void {
  const { op, inputs, outputs, params } = step;
  const rule = op.onnx as OnnxRule<unknown> | null;
  if (!rule) throw new OnnxError(`Cannot export ${op.name}: it has no ONNX operator`);
  const { opset } = writer.options;
  if (opset < rule.since) {
    throw new OnnxError(`Cannot export ${op.name} with opset ${opset}: ${rule.type} needs opset ${rule.since}`);
  }
  const shapes = inputs.map((v) => v && v.shape);
  const read = rule.inputs ? rule.inputs.map((i) => inputs[i]) : inputs;
  checkRanks(rule.type, op.name, read);
  const names = read.map((v) => v ? writer.nameOf(v) : "");
  const constants = rule.constants?.(params, shapes, outputs[0].shape) ?? [];
  const label = op.name;
  for (const numbers of fitDynamic(writer, step, rule.type, constants)) {
    names.push(writer.addConstant(`${label}_const`, int64, [numbers.length], BigInt64Array.from(numbers, BigInt)));
  }
  while (names.at(-1) === "") names.pop();
  const attributes = rule.attributes?.(params, shapes);
  writer.addResult(outputs[0], rule.type, names, `${label}_out`, attributes);
}

function checkRanks(type: string, op: string, read: readonly (TraceValue | null)[]): void {
  if (type !== "Gemm" || read[0]?.shape.length === 2) return;
  throw new OnnxError(
    `Cannot export ${op} of an input with ${read[0]?.shape.length} dimensions: Gemm needs 2, flatten it first`,
  );
}

/** Takes the first size, usually the batch, out of target shapes: 0 copies it in Reshape, 1 keeps it in Expand. */
function fitDynamic(
  writer: GraphWriter,
  step: TraceStep,
  type: string,
  constants: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  const input = step.inputs[0];
  const isDynamic = Object.keys(writer.options.dynamicAxes).length > 0;
  if (!isDynamic || !input || !writer.dependsOnInput(input) || (type !== "Reshape" && type !== "Expand")) {
    return constants;
  }
  const target = step.outputs[0].shape;
  if (type === "Expand") {
    const added = target.length - input.shape.length;
    return [target.map((size, d) => d >= added && input.shape[d - added] === size ? 1 : size)];
  }
  if (numelOf(input.shape) > 0 && target[0] === input.shape[0]) return [[0, ...target.slice(1)]];
  throw new OnnxError(
    `Cannot export ${step.op.name} from [${input.shape.join(", ")}] to [${target.join(", ")}] with dynamic_axes: ` +
      "only a reshape that keeps the first dimension can follow a size that changes",
  );
}

// an input, a constant or a value given twice gets its output's name by a node of its own
function nameOutput(writer: GraphWriter, value: TraceValue, i: number): void {
  const name = writer.outputName(i);
  if (writer.nameOf(value) !== name) {
    writer.nodes.push(nodeMessage("Identity", `${name}/Identity`, [writer.nameOf(value)], [name]));
  }
}
