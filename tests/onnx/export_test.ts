/** @file `onnx.export` of small models: what is in the file, and what is refused. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import "../../setup.ts";
import { type Exportable, exportModel, toModel } from "../../onnx/export.ts";
import { decodeModel } from "../../onnx/proto.ts";
import { flatten, linear, relu, sum, tensor, zeros } from "../../ops/mod.ts";
import { fake_tensor_quant, tensor_quant } from "../../quantization/tensor_quant.ts";
import { OnnxError } from "../../tensor/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

interface Parts {
  forward(x: Tensor): unknown;
  parameters?: Record<string, Tensor>;
  buffers?: Record<string, Tensor>;
}

function model({ forward, parameters = {}, buffers = {} }: Parts): Exportable {
  const self: Exportable = {
    training: true,
    forward,
    modules: () => [self],
    named_parameters: () => Object.entries(parameters),
    named_buffers: () => Object.entries(buffers),
  };
  return self;
}

const fakeQuant = (x: Tensor, amax: Tensor): Tensor => fake_tensor_quant(x, amax, 8, false, false);

const weight = tensor([[1, -2, 3, 4], [0.5, 0.25, 0, 1]]), bias = tensor([1, 2]);
const amax = tensor(2), amaxes = tensor([[4], [1]]);

function quantized(): Exportable {
  const forward = (x: Tensor): Tensor => {
    const flat = flatten(x, 1);
    return relu(linear(fakeQuant(flat, amax), fakeQuant(weight, amaxes), bias));
  };
  return model({ forward, parameters: { "fc.weight": weight, "fc.bias": bias }, buffers: { "q._amax": amax } });
}

suite("onnx export", (test) => {
  const folder = mkdtempSync(join(tmpdir(), "stegosaur-onnx-"));
  test.after(() => rmSync(folder, { recursive: true }));

  test("writes a quantized model and leaves its mode alone", () => {
    const path = join(folder, "quantized.onnx"), m = quantized();
    exportModel(m, zeros(3, 2, 2), path, { input_names: ["x"], output_names: ["y"], dynamic_axes: { x: [0], y: [0] } });
    assert.is(m.training, true);
    const file = decodeModel(readFileSync(path));
    assert.is(Number(file.opsetImport![0].version), 13);
    const types = file.graph!.node!.map((n) => n.opType);
    const pair = ["QuantizeLinear", "DequantizeLinear"];
    assert.equal(types, ["Flatten", ...pair, ...pair, "Gemm", "Relu"]);
    const names = file.graph!.initializer!.map((t) => t.name);
    assert.ok(names.includes("fc.weight") && names.includes("fc.bias"), `${names}`);
    assert.not.ok(names.includes("q._amax"));
  });

  test("runs the model in evaluation mode, and restores the mode after an error", () => {
    const m = model({
      forward: () => {
        assert.is(m.training, false);
        throw new Error("inside");
      },
    });
    assertThrows(() => toModel(m, zeros(1)), Error, /inside/);
    assert.is(m.training, true);
  });

  test("sees through detach, and writes an unnamed constant", () => {
    const one = tensor([1, 1]);
    const m = model({ forward: (x) => relu(relu(x).detach()).add(one) });
    const { graph } = toModel(m, zeros(2));
    assert.equal(graph!.node!.map((n) => n.opType), ["Relu", "Relu", "Add"]);
    assert.equal(graph!.node![1].input, graph!.node![0].output);
  });

  test("refuses quantizers without calibration", () => {
    const dynamic = model({ forward: (x) => fakeQuant(x, x.abs().amax()) });
    assertThrows(() => toModel(dynamic, zeros(2)), OnnxError, /input_0: it has not been calibrated/);
    const ofWeight = model({
      forward: (x) => linear(x, fakeQuant(weight, weight.abs().amax()), bias),
      parameters: { "fc.weight": weight },
    });
    assertThrows(() => toModel(ofWeight, zeros(1, 4)), OnnxError, /fc\.weight: it has not been calibrated/);
    const nan = model({ forward: (x) => fakeQuant(x, tensor(NaN)) });
    assertThrows(() => toModel(nan, zeros(2)), OnnxError, /amax NaN/);
  });

  test("refuses codes as a result", () => {
    const m = model({ forward: (x) => tensor_quant(x, amax, 8, false, false)[0] });
    assertThrows(() => toModel(m, zeros(2)), OnnxError, /codes/);
  });

  test("refuses changes in place, unknown results and options that do not fit", () => {
    const inPlace = model({
      forward: (x) => {
        const y = relu(x);
        y.add_(1);
        return relu(y);
      },
    });
    assertThrows(() => toModel(inPlace, zeros(2)), OnnxError, /changed in place/);
    assertThrows(() => toModel(model({ forward: () => 3 }), zeros(2)), OnnxError, /result of type number/);
    const m = model({ forward: (x) => relu(x) }), x = zeros(2);
    assertThrows(() => toModel(m, x, { opset_version: 9 }), OnnxError, /opset_version 9/);
    assertThrows(() => toModel(m, x, { input_names: ["a", "b"] }), OnnxError, /input_names/);
    assertThrows(() => toModel(m, x, { dynamic_axes: { z: [0] } }), OnnxError, /"z"/);
    assertThrows(() => toModel(m, x, { dynamic_axes: { input_0: [1] } }), OnnxError, /dimension 1/);
    assertThrows(() => toModel(m, x, { opset: 13 } as Record<string, number>), OnnxError, /option "opset"/);
  });

  test("leaves nothing behind when the export fails", () => {
    const m = model({ forward: (x) => sum(x) });
    const before = readdirSync(folder);
    assertThrows(() => exportModel(m, zeros(2), join(folder, "no", "model.onnx")), Error, /./);
    assert.equal(readdirSync(folder), before);
  });
});
