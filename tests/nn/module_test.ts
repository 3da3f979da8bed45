/** @file Modules: finding parts, state dictionaries, printing, lifetimes. */
import * as assert from "uvu/assert";
import "../../setup.ts";
import { nn } from "../../nn/mod.ts";
import { LeNet } from "../../models/mod.ts";
import { full, ones, tensor, zeros } from "../../ops/mod.ts";
import { float64 } from "../../tensor/dtype.ts";
import { StateError, ValueError } from "../../tensor/errors.ts";
import { scope } from "../../tensor/storage.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

class Norm extends nn.Module {
  readonly weight: nn.Parameter = new nn.Parameter(ones(2));
  declare mean: Tensor;
  declare scratch: Tensor;
  constructor() {
    super();
    this.register_buffer("mean", zeros(2));
    this.register_buffer("scratch", zeros(2), { persistent: false });
    this.register_buffer("nothing", null);
  }
  override forward(x: Tensor, shift = 0): Tensor {
    return x.mul(this.weight).add(shift);
  }
}

class Pair extends nn.Module {
  readonly a: Norm = new Norm();
  readonly b: nn.Linear = new nn.Linear(2, 3);
  readonly again: Norm = this.a;
  override forward(x: Tensor): Tensor {
    return this.b(this.a(x));
  }
}

suite("nn.Module", (test) => {
  test("is called like a function, and is an instance of its class", () => {
    const norm = new Norm();
    assert.equal(norm(tensor([1, 2]), 3).tolist(), [4, 5]);
    assert.ok(norm instanceof Norm && norm instanceof nn.Module);
    // @ts-expect-error the arguments are those of forward
    const wrong = (): Tensor => norm("x");
    assert.type(wrong, "function");
  });

  test("finds parameters, buffers and modules once each, in order", () => {
    const pair = new Pair();
    assert.equal([...pair.named_parameters()].map(([n]) => n), ["a.weight", "b.weight", "b.bias"]);
    assert.equal([...pair.named_buffers()].map(([n]) => n), ["a.mean", "a.scratch"]);
    assert.equal([...pair.named_modules()].map(([n]) => n), ["", "a", "b"]);
    assert.equal([...pair.named_children()].map(([n]) => n), ["a", "b"]);
    assert.is([...pair.parameters(false)].length, 0);
    assert.ok(pair.get_submodule("a") === pair.a);
    assertThrows(() => pair.get_submodule("a.c"), ValueError, /no module "c"/);
  });

  test("state_dict shares elements and leaves non-persistent buffers out", () => {
    const pair = new Pair();
    const state = pair.state_dict();
    const names = ["a.weight", "a.mean", "b.weight", "b.bias", "again.weight", "again.mean"];
    assert.equal([...state.keys()], names);
    assert.ok(state.get("b.weight")!.storage === pair.b.weight.storage);
    assert.not(state.get("b.weight")!.requires_grad);
  });

  test("load_state_dict takes a Map or a plain object", () => {
    const [from, to, third] = [new LeNet(), new LeNet(), new LeNet()];
    assert.equal(to.load_state_dict(from.state_dict()), { missing_keys: [], unexpected_keys: [] });
    third.load_state_dict(Object.fromEntries(from.state_dict()));
    for (const [name, p] of from.named_parameters()) {
      assert.equal(to.state_dict().get(name)!.tolist(), p.tolist());
      assert.equal(third.state_dict().get(name)!.tolist(), p.tolist());
    }
  });

  test("load_state_dict changes nothing when anything does not fit", () => {
    const layer = new nn.Linear(2, 2);
    const before = layer.weight.tolist();
    const weight = zeros(2, 2);
    const refused: [Record<string, Tensor>, RegExp][] = [
      [{ weight }, /missing: bias/],
      [{ weight, bias: zeros(2), more: zeros(1) }, /unexpected: more/],
      [{ weight, bias: zeros(3) }, /bias has shape \[3\], the module's is \[2\]/],
    ];
    for (const [state, text] of refused) assertThrows(() => layer.load_state_dict(state), StateError, text);
    assertThrows(() => layer.load_state_dict({ weight, bias: zeros(3) }, { strict: false }), StateError, /shape/);
    assertThrows(() => layer.load_state_dict({ weight: 1 as unknown as Tensor }), TypeError, /a tensor is needed/);
    assert.equal(layer.weight.tolist(), before);
    const result = layer.load_state_dict({ weight, more: zeros(1) }, false);
    assert.equal(result, { missing_keys: ["bias"], unexpected_keys: ["more"] });
    assert.equal(layer.weight.tolist(), [[0, 0], [0, 0]]);
  });

  test("train, eval, apply, requires_grad_ and zero_grad reach all modules", () => {
    const pair = new Pair();
    pair.eval();
    assert.not(pair.a.training);
    pair.train();
    assert.ok(pair.b.training);
    const seen: string[] = [];
    pair.apply((m) => void seen.push(m.constructor.name));
    assert.equal(seen, ["Norm", "Linear", "Pair"]);
    pair(ones(1, 2)).sum().backward();
    assert.ok(pair.b.weight.grad);
    pair.zero_grad(false);
    assert.equal(pair.b.bias!.grad!.tolist(), [0, 0, 0]);
    pair.zero_grad();
    assert.is(pair.b.weight.grad, null);
    pair.requires_grad_(false);
    assert.not([...pair.parameters()].some((p) => p.requires_grad));
  });

  test("to converts floating-point parts and keeps the parameters", () => {
    const pair = new Pair();
    const { weight } = pair.b;
    const values = weight.tolist();
    pair.to(float64);
    assert.ok(pair.b.weight === weight && weight.dtype === float64 && pair.a.mean.dtype === float64);
    assert.equal(weight.tolist(), values);
    assert.is(pair.double().float().b.weight.dtype.name, "float32");
  });

  test("parameters and buffers outlive the scope they are made in", () => {
    const block = scope();
    const pair = new Pair();
    pair.a.mean = full([2], 3);
    const gone = ones(2);
    block.end();
    assert.equal(pair.a.mean.tolist(), [3, 3]);
    assert.is(pair(ones(1, 2)).numel(), 3);
    assertThrows(() => gone.tolist(), Error, /freed/);
  });

  test("prints as PyTorch", () => {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 20, 5, 2, { padding: [1, 2], bias: false }),
      new nn.Sequential({ pool: new nn.MaxPool2d(2), flat: new nn.Flatten() }),
      new nn.Dropout(0.1),
      new nn.CrossEntropyLoss(),
    );
    assert.is(
      String(model),
      `Sequential(
  (0): Conv2d(1, 20, kernel_size=(5, 5), stride=(2, 2), padding=(1, 2), bias=False)
  (1): Sequential(
    (pool): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    (flat): Flatten(start_dim=1, end_dim=-1)
  )
  (2): Dropout(p=0.1, inplace=False)
  (3): CrossEntropyLoss()
)`,
    );
  });

  test("names that cannot be fields are refused", () => {
    const norm = new Norm();
    for (const name of ["", "a.b", "name", "length"]) {
      assertThrows(() => norm.register_buffer(name, null), ValueError, /Cannot register_buffer/);
    }
  });
});
