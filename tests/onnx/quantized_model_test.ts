/** @file `onnx.export` of a network of quantized modules. */

import * as assert from "uvu/assert";
import "../../setup.ts";
import { toModel } from "../../onnx/export.ts";
import { Module } from "../../nn/module.ts";
import { flatten, relu, zeros } from "../../ops/mod.ts";
import { QuantConv2d, QuantLinear } from "../../quantization/nn/mod.ts";
import { QuantDescriptor } from "../../quantization/quant_descriptor.ts";
import { OnnxError } from "../../tensor/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

class Network extends Module {
  readonly conv: QuantConv2d;
  readonly fc: QuantLinear;
  constructor(calibrated: boolean) {
    super();
    const amax = calibrated ? { amax: 2 } : {};
    const quant_desc_input = new QuantDescriptor(amax), quant_desc_weight = new QuantDescriptor(amax);
    this.conv = new QuantConv2d(1, 2, 3, { quant_desc_input, quant_desc_weight });
    this.fc = new QuantLinear(8, 3, { quant_desc_input, quant_desc_weight });
  }
  override forward(x: Tensor): Tensor {
    return this.fc(flatten(relu(this.conv(x)), 1));
  }
}

suite("onnx export of quantized modules", (test) => {
  test("writes a pair for each quantizer", () => {
    const { graph } = toModel(new Network(true), zeros(2, 1, 4, 4));
    const types = graph!.node!.map((n) => n.opType);
    const pair = ["QuantizeLinear", "DequantizeLinear"];
    assert.equal(types, [...pair, ...pair, "Conv", "Relu", "Flatten", ...pair, ...pair, "Gemm"]);
    const names = graph!.initializer!.map((t) => t.name);
    for (const key of ["conv.weight", "conv.bias", "fc.weight", "fc.bias"]) assert.ok(names.includes(key), key);
  });

  test("refuses a network that has not been calibrated", () => {
    assertThrows(
      () => toModel(new Network(false), zeros(2, 1, 4, 4)),
      OnnxError,
      /conv\._input_quantizer: it has not been calibrated/,
    );
  });
});
