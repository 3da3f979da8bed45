/** @file Graphs from hand-made traces, decoded again from their bytes. */

import * as assert from "uvu/assert";
import type { AnyOp, OnnxRule } from "../../autograd/op.ts";
import { buildGraph, type GraphOptions } from "../../onnx/graph.ts";
import { decodeModel, encodeModel, type GraphMessage, type NodeMessage } from "../../onnx/proto.ts";
import type { Trace, TraceStep, TraceValue } from "../../onnx/trace.ts";
import { float32, type TypedArray } from "../../tensor/dtype.ts";
import { OnnxError } from "../../tensor/errors.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

function op(name: string, onnx: OnnxRule<unknown> | null): AnyOp {
  const infer = () => ({ shape: [], dtype: float32 });
  return { name, inputs: ["x"], save: [], infer, vjp: null, onnx, samples: null };
}

function value(shape: number[], key: string | null = null, elements: number[] = []): TraceValue {
  const read = (): TypedArray => Float32Array.from(elements);
  return { dtype: float32, shape, key, read };
}

const relu = op("relu", { type: "Relu", since: 6 });
const gemm = op("linear", { type: "Gemm", since: 11, attributes: () => ({ transB: { int: 1 } }) });
const reshape = op("reshape", { type: "Reshape", since: 5, constants: (_p, _i, out) => [[...out]] });
const quantize = op("fake_tensor_quant", null);
const byte = { num_bits: 8, unsigned: false, narrow_range: false };

const options: GraphOptions = { name: "g", opset: 13, inputNames: [], outputNames: [], dynamicAxes: {} };

function step(op: AnyOp, inputs: (TraceValue | null)[], output: TraceValue, params: unknown = {}): TraceStep {
  return { op, inputs, outputs: [output], params };
}

function graphOf(trace: Trace, changes: Partial<GraphOptions> = {}): GraphMessage {
  const bytes = encodeModel({ graph: buildGraph(trace, { ...options, ...changes }) });
  return decodeModel(bytes).graph!;
}

const line = (n: NodeMessage): string => `${n.output} = ${n.opType}(${n.input})`;

function floats(graph: GraphMessage, name: string): number[] {
  const raw = graph.initializer!.find((t) => t.name === name)!.rawData!;
  return [...new Float32Array(new Uint8Array(raw).buffer)]; // a copy: raw data need not be aligned
}

/** y = relu(linear(q(x), q(w), b)), with quantizers of the given ranges. */
function quantizedLinear(xRange: TraceValue, wRange: TraceValue, params: unknown = byte): Trace {
  const x = value([4, 3]), w = value([2, 3], "fc.weight", [1, 2, 3, 4, 5, 6]), b = value([2], "fc.bias", [7, 8]);
  const xq = value([4, 3]), wq = value([2, 3]), y = value([4, 2]), r = value([4, 2]);
  const steps = [
    step(quantize, [x, xRange], xq, params),
    step(quantize, [w, wRange], wq, params),
    step(gemm, [xq, wq, b], y),
    step(relu, [y], r),
  ];
  return { inputs: [x], outputs: [r], steps };
}

suite("onnx graph", (test) => {
  test("writes nodes in order and names initializers by their keys", () => {
    const graph = graphOf(quantizedLinear(value([], "q._amax", [254]), value([2, 1], "w._amax", [127, 0])), {
      inputNames: ["image"],
      outputNames: ["scores"],
      dynamicAxes: { image: { 0: "batch" }, scores: { 0: "batch" } },
    });
    assert.equal(graph.node!.map(line), [
      "image_codes = QuantizeLinear(image,image_scale,image_zero_point)",
      "image_dequantized = DequantizeLinear(image_codes,image_scale,image_zero_point)",
      "fc.weight_codes = QuantizeLinear(fc.weight,fc.weight_scale,fc.weight_zero_point)",
      "fc.weight_dequantized = DequantizeLinear(fc.weight_codes,fc.weight_scale,fc.weight_zero_point)",
      "linear_out = Gemm(image_dequantized,fc.weight_dequantized,fc.bias)",
      "scores = Relu(linear_out)",
    ]);
    assert.equal(floats(graph, "fc.weight"), [1, 2, 3, 4, 5, 6]);
    assert.equal(floats(graph, "image_scale"), [2]);
    assert.equal(floats(graph, "fc.weight_scale"), [1, 1]); // the step of an all-zero channel is 1
    const axis = graph.node!.map((n) => n.attribute!.find((a) => a.name === "axis")?.i);
    assert.equal(axis.map((a) => a === undefined ? null : Number(a)), [null, null, 0, 0, null, null]);
    const dims = graph.input![0].type!.tensorType!.shape!.dim!;
    assert.equal(dims.map((d) => d.dimParam || Number(d.dimValue)), ["batch", 3]);
  });

  test("leaves out what no output needs", () => {
    const x = value([2]), y = value([2]), unused = value([2]);
    const graph = graphOf({
      inputs: [x],
      outputs: [y],
      steps: [step(relu, [x], y), step(op("odd", null), [y], unused)],
    });
    assert.equal(graph.node!.map(line), ["output_0 = Relu(input_0)"]);
  });

  test("gives an input that is also an output, and a value given twice, names of their own", () => {
    const x = value([2]), y = value([2]);
    const graph = graphOf({ inputs: [x], outputs: [y, y, x], steps: [step(relu, [x], y)] });
    assert.equal(graph.node!.map(line), [
      "output_0 = Relu(input_0)",
      "output_1 = Identity(output_0)",
      "output_2 = Identity(input_0)",
    ]);
  });

  test("lets the first size of a reshape follow a dynamic input", () => {
    const x = value([4, 2, 3]), y = value([4, 6]), z = value([24]);
    const dynamicAxes = { input_0: { 0: "batch" } };
    const graph = graphOf({ inputs: [x], outputs: [y], steps: [step(reshape, [x], y)] }, { dynamicAxes });
    const raw = new Uint8Array(graph.initializer![0].rawData!);
    assert.equal([...new BigInt64Array(raw.buffer)], [0n, 6n]);
    const flat = { inputs: [x], outputs: [z], steps: [step(reshape, [x], z)] };
    assertThrows(() => graphOf(flat, { dynamicAxes }), OnnxError, /reshape .*dynamic_axes/);
    assert.is(graphOf(flat).node!.length, 1);
  });

  test("refuses what ONNX cannot express", () => {
    const x = value([2]), y = value([2]);
    const odd: Trace = { inputs: [x], outputs: [y], steps: [step(op("odd", null), [x], y)] };
    assertThrows(() => graphOf(odd), OnnxError, /Cannot export odd: it has no ONNX operator/);
    const range = value([], "q._amax", [1]), perChannel = value([2, 1], "w._amax", [1, 1]);
    assertThrows(() => graphOf(quantizedLinear(range, perChannel), { opset: 12 }), OnnxError, /opset 12.*opset 13/);
    const narrow = quantizedLinear(range, range, { ...byte, narrow_range: true });
    assertThrows(() => graphOf(narrow), OnnxError, /narrow_range/);
    assertThrows(() => graphOf(quantizedLinear(range, range, { ...byte, num_bits: 4 })), OnnxError, /4 bits/);
    assertThrows(() => graphOf(quantizedLinear(range, value([], "q", [NaN]))), OnnxError, /amax NaN/);
    assertThrows(() => graphOf(quantizedLinear(range, value([2, 3], "q", [1, 1, 1]))), OnnxError, /one dimension/);
  });

  test("refuses a range that is computed from what it quantizes", () => {
    const x = value([4]), range = value([]), y = value([4]);
    const steps = [step(relu, [x], range), step(quantize, [x, range], y, byte)];
    assertThrows(() => graphOf({ inputs: [x], outputs: [y], steps }), OnnxError, /not been calibrated/);
  });
});
