/** @file Layers: sizes, initial values, what they refuse, and that `nn` can be patched. */
import * as assert from "uvu/assert";
import "../../setup.ts";
import { nn } from "../../nn/mod.ts";
import { LeNet, MLP, mlp } from "../../models/mod.ts";
import { ones, tensor, zeros } from "../../ops/mod.ts";
import { manual_seed, rand, randn } from "../../ops/random.ts";
import { int64 } from "../../tensor/dtype.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { assertClose, assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

suite("layers", (test) => {
  test("Linear draws PyTorch's weights, and leaves the generator where PyTorch's is", () => {
    manual_seed(20); // figures: golden case init_Linear_0
    const layer = new nn.Linear(4, 3);
    assertClose(layer.weight.numpy().slice(0, 3), [0.061483562, -0.32260358, 0.31471342], { rtol: 2e-6, atol: 2e-7 });
    assertClose(layer.bias!, [0.44231987, -0.24639189, 0.23880243], { rtol: 2e-6, atol: 2e-7 });
    assertClose(rand(3), [0.5403722, 0.43557513, 0.44297945], { rtol: 0, atol: 1e-7 });
  });

  test("models have their shapes", () => {
    assert.equal(new LeNet()(randn(2, 1, 28, 28)).shape, [2, 10]);
    assert.equal(new LeNet({ in_channels: 3, image_size: 32 })(randn(2, 3, 32, 32)).shape, [2, 10]);
    assert.equal(new LeNet({ channels: [6, 12], hidden: 32, padding: 0 }).fc1.weight.shape, [32, 192]);
    assert.equal(mlp({ in_features: 6, hidden: [5], num_classes: 3 })(randn(2, 2, 3)).shape, [2, 3]);
    assert.is([...new MLP().parameters()].length, 6);
  });

  test("models make their layers through nn", () => {
    class Doubled extends nn.Linear {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(2);
      }
    }
    const before = nn.Linear;
    nn.Linear = Doubled;
    try {
      const model = new LeNet();
      assert.ok(model.fc1 instanceof Doubled && model.fc2 instanceof Doubled);
    } finally {
      nn.Linear = before;
    }
    assert.not(new LeNet().fc1 instanceof Doubled);
  });

  test("Sequential runs its modules in order and can be indexed", () => {
    const [a, b] = [new nn.Linear(3, 2), new nn.ReLU()];
    const both = new nn.Sequential(a, b);
    const x = randn(4, 3);
    assert.equal(both(x).tolist(), b(a(x)).tolist());
    assert.ok(both[1] === b && both.length === 2 && [...both].length === 2);
    assertThrows(() => new nn.Sequential(a, 1 as unknown as nn.Module), TypeError, /argument 1/);
    assertThrows(() => new nn.ModuleList([a])(), TypeError, /Cannot call a ModuleList/);
  });

  test("Dropout zeroes and scales in training only", () => {
    manual_seed(1);
    const layer = new nn.Dropout(0.25);
    const y = layer(ones(1000)).numpy();
    const kept = y.filter((v) => v !== 0);
    assert.ok(kept.length > 680 && kept.length < 820, `${kept.length} of 1000 kept`);
    assertClose(kept, new Array(kept.length).fill(4 / 3));
    assert.equal(layer.eval()(ones(3)).tolist(), [1, 1, 1]);
    assert.equal(new nn.Dropout(1)(ones(2)).tolist(), [0, 0]);
  });

  test("CrossEntropyLoss averages minus the log-probabilities", () => {
    const target = tensor([0, 1], { dtype: int64 });
    const x = tensor([[0, 0], [0, Math.log(3)]]);
    assertClose(new nn.CrossEntropyLoss()(x, target), [(Math.log(2) + Math.log(4 / 3)) / 2]);
    assertClose(new nn.CrossEntropyLoss({ reduction: "none" })(x, target), [Math.log(2), Math.log(4 / 3)]);
    assertClose(new nn.NLLLoss()(zeros(2, 2), target), [0]);
    assertClose(new nn.MSELoss()(x, zeros(2, 2)), [Math.log(3) ** 2 / 4]);
  });

  test("sizes and options that make no sense are refused", () => {
    const refused: [() => unknown, RegExp][] = [
      [() => new nn.Linear(0, 3), /in_features 0/],
      [() => new nn.Linear(2, 3, { biass: true } as object), /option biass/],
      [() => new nn.Conv2d(3, 4, 3, { groups: 2 }), /groups must divide both/],
      [() => new nn.Conv2d(3, 4, [3, 3, 3]), /kernel_size of 3 numbers/],
      [() => new nn.Conv2d(3, 4, 2, { padding: "same" }), /padding same/],
      [() => new nn.MaxPool2d(0), /kernel_size 0/],
      [() => new nn.Dropout(1.5), /p 1.5/],
      [() => new nn.CrossEntropyLoss({ label_smoothing: 2 }), /label_smoothing 2/],
      [() => new LeNet({ image_size: 8, padding: 0 }), /nothing would be left/],
      [() => nn.init.calculate_gain("gelu" as "relu"), /nonlinearity gelu/],
    ];
    for (const [make, text] of refused) assertThrows(make, ValueError, text);
    assertThrows(() => nn.init.kaiming_uniform_(zeros(3)), ShapeError, /two dimensions/);
  });
});
