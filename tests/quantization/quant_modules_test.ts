/** @file Quantized modules, quantizers in them, calibration and automatic replacement. */
import "../../setup.ts";
import * as fc from "fast-check";
import * as assert from "uvu/assert";
import { nn } from "../../nn/mod.ts";
import { tensor } from "../../ops/mod.ts";
import { manual_seed, randn } from "../../ops/random.ts";
import { HistogramCalibrator } from "../../quantization/calib/histogram.ts";
import { MaxCalibrator } from "../../quantization/calib/max.ts";
import { QuantConv2d, QuantLinear, TensorQuantizer } from "../../quantization/nn/mod.ts";
import { QuantDescriptor } from "../../quantization/quant_descriptor.ts";
import { deactivate, enable_onnx_export, initialize } from "../../quantization/quant_modules.ts";
import { StateError, ValueError } from "../../tensor/errors.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

const { Conv2d, Linear } = nn;

suite("quantized modules", (test) => {
  test("initialize replaces, any number of times, and one deactivate restores (A.14, 7)", () => {
    initialize();
    initialize(["Linear"]);
    assert.is(nn.Conv2d as unknown, QuantConv2d);
    assert.is(nn.Linear, Linear);
    initialize();
    assert.is(nn.Linear as unknown, QuantLinear);
    deactivate();
    deactivate();
    assert.is(nn.Conv2d, Conv2d);
    assert.is(nn.Linear, Linear);
    assertThrows(() => initialize(["Nothing"]), ValueError, /Nothing/);
    assertThrows(() => initialize(null, [[nn, "Nothing", QuantLinear]]), ValueError, /Nothing/);
    assert.is(nn.Conv2d, Conv2d);
  });

  test("a quantized module has the weights of its float twin, and quantizes input and weight", () => {
    manual_seed(3);
    const float = new Linear(6, 4);
    manual_seed(3);
    const quantized = new QuantLinear(6, 4);
    assert.equal(quantized.weight.tolist(), float.weight.tolist());
    const x = randn(5, 6);
    const [a, b] = [float(x).numpy(), quantized(x).numpy()] as Float32Array[];
    assert.ok(a.some((v, i) => v !== b[i]));
    assert.ok(a.every((v, i) => Math.abs(v - b[i]) < 0.05));
    quantized.input_quantizer.disable();
    quantized.weight_quantizer.disable();
    assert.equal(quantized(x).tolist(), float(x).tolist());
  });

  test("Conv2d trains through its quantizers", () => {
    manual_seed(4);
    const conv = new QuantConv2d(2, 3, 3, { padding: 1, bias: false });
    const x = randn(2, 2, 5, 5).requires_grad_();
    conv(x).sum().backward();
    assert.equal(conv.weight.grad!.shape, conv.weight.shape);
    assert.ok((x.grad!.numpy() as Float32Array).some((v) => v !== 0));
    assert.equal([...conv.named_modules()].map(([name]) => name), ["", "_input_quantizer", "_weight_quantizer"]);
  });

  test("state goes from a calibrated module to a fresh one", () => {
    manual_seed(5);
    const a = new QuantLinear(6, 4), b = new QuantLinear(6, 4);
    for (const q of [a.input_quantizer, a.weight_quantizer]) {
      q.enable_calib();
      q.disable_quant();
    }
    const x = randn(5, 6);
    a(x);
    for (const q of [a.input_quantizer, a.weight_quantizer]) {
      q.load_calib_amax();
      q.disable_calib();
      q.enable_quant();
    }
    b.load_state_dict(a.state_dict());
    assert.equal(b.weight_quantizer.amax!.shape, [4, 1]);
    assert.equal(b(x).tolist(), a(x).tolist());
  });

  test("integers are refused in modules, export before calibration too, and its switch goes back (A.14, 8)", () => {
    const quant_desc_input = new QuantDescriptor({ fake_quant: false });
    assertThrows(() => new QuantLinear(2, 2, { quant_desc_input }), ValueError, /fake_quant/);
    const q = new TensorQuantizer();
    assertThrows(() => enable_onnx_export(() => q(tensor([1, 2]))), StateError, /not been calibrated/);
    assert.is(TensorQuantizer._enable_onnx_export, false);
  });

  test("an axis counted from the end keeps its ranges (A.14, 5)", () => {
    const x = tensor([[1, 100], [2, 50]]);
    const [a, b] = [-1, 1].map((axis) => new TensorQuantizer(new QuantDescriptor({ axis, num_bits: 3 }))(x).tolist());
    assert.equal(a, b);
  });
});

suite("calibration", (test) => {
  const grid = fc.integer({ min: -3000, max: 3000 }).map((i) => i / 1000);
  const data = fc.array(grid, { minLength: 2, maxLength: 30 });

  test("max does not depend on how batches are split", () => {
    fc.assert(fc.property(data, fc.nat(28), (x, at) => {
      const cut = 1 + at % (x.length - 1);
      const [whole, parts] = [0, 1].map(() => new MaxCalibrator(8, null, false));
      whole.collect(tensor(x));
      parts.collect(tensor(x.slice(0, cut)));
      parts.collect(tensor(x.slice(cut)));
      assert.is(parts.compute_amax()!.item(), whole.compute_amax()!.item());
    }));
  });

  test("a histogram keeps every element, whatever comes first", () => {
    fc.assert(fc.property(data.filter((x) => x.some((v) => Math.abs(v) > 0.1)), data, (x, y) => {
      const c = new HistogramCalibrator(8, null, false, { num_bins: 16 });
      c.collect(tensor(x));
      c.collect(tensor(y));
      assert.is(Number(c._calib_hist!.reduce((a, b) => a + b, 0n)), x.length + y.length);
    }));
  });

  test("data that is not finite is refused and changes nothing", () => {
    for (const c of [new MaxCalibrator(8, null, false), new HistogramCalibrator(8, null, false)]) {
      for (const bad of [NaN, Infinity, -Infinity]) {
        assertThrows(() => c.collect(tensor([1, bad])), ValueError, /finite/);
      }
      assert.is(c.compute_amax("percentile"), null);
    }
  });

  test("nothing collected: an error, or NaN without strict", () => {
    const q = new TensorQuantizer();
    assertThrows(() => q.load_calib_amax(), StateError, /before any data/);
    q.load_calib_amax({ strict: false });
    assert.ok(Number.isNaN(q.amax!.item()));
  });
});
