/** @file A multilayer perceptron trained on the gpu device and on the cpu: the same losses and weights. */

import "../../setup.ts";
import { init } from "../../devices/gpu/init.ts";
import { cross_entropy, linear, relu, tensor } from "../../ops/mod.ts";
import { SGD } from "../../optim/mod.ts";
import { fake_tensor_quant } from "../../quantization/tensor_quant.ts";
import { int64 } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { assertClose } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

function waves(shape: number[], phase: number, device: string): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(Array.from({ length: n }, (_, i) => Math.sin(i * 0.37 + phase))).reshape(shape).to(device);
}

/** Four steps of quantization-aware training; the losses and the weights after them. */
function train(device: string): number[][] {
  const weights = [waves([16, 8], 1, device), waves([16], 2, device), waves([4, 16], 3, device), waves([4], 4, device)];
  for (const w of weights) w.requires_grad = true;
  const [w1, b1, w2, b2] = weights;
  const optimizer = new SGD(weights, { lr: 0.1, momentum: 0.9, weight_decay: 1e-3 });
  const x = waves([10, 8], 5, device);
  const y = tensor([0, 1, 2, 3, 0, 1, 2, 3, 0, 1], { dtype: int64 }).to(device);
  const losses = Array.from({ length: 4 }, () => {
    optimizer.zero_grad();
    const amax = w1.detach().abs().amax(1, true);
    const hidden = relu(linear(x, fake_tensor_quant(w1, amax), b1));
    const loss = cross_entropy(linear(hidden, w2, b2), y);
    loss.backward();
    optimizer.step();
    return loss.item() as number;
  });
  return [losses, ...weights.map((w) => Array.from(w.detach().to("cpu").reshape(-1).tolist() as number[]))];
}

suite("devices/gpu training", (test) => {
  for (const mode of ["cpu", "webasm"] as const) {
    test(`mode ${mode} agrees with the cpu`, async () => {
      await init({ mode });
      const want = train("cpu"), got = train(`gpu:${mode}`);
      want.forEach((values, i) => assertClose(got[i], values, { rtol: 1e-4, atol: 1e-5 }, `part ${i}`));
    });
  }
});
