/** @file SGD and CosineAnnealingLR: figures by hand, checkpoints, refusals. */
import * as assert from "uvu/assert";
import "../../setup.ts";
import { nn } from "../../nn/mod.ts";
import { tensor } from "../../ops/mod.ts";
import { lr_scheduler, SGD, type SGDOptions } from "../../optim/mod.ts";
import { GradError, StateError, ValueError } from "../../tensor/errors.ts";
import { scope } from "../../tensor/storage.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { assertClose, assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

const parameter = (...values: number[]): nn.Parameter => new nn.Parameter(tensor(values));

function steps(p: Tensor, optimizer: SGD, n: number): void {
  for (let i = 0; i < n; i++) {
    using _ = scope();
    optimizer.zero_grad();
    p.mul(p).sum().backward(); // gradient 2p
    optimizer.step();
  }
}

type Formula = Required<Omit<SGDOptions, "foreach" | "differentiable">>;

/** PyTorch's formula on one number whose gradient is twice the number. */
function byHand(x: number, n: number, o: Formula): number {
  let b: number | null = null;
  for (let i = 0; i < n; i++) {
    let d = (o.maximize ? -2 : 2) * x + o.weight_decay * x;
    if (o.momentum !== 0) {
      b = b === null ? d : o.momentum * b + (1 - o.dampening) * d;
      d = o.nesterov ? d + o.momentum * b : b;
    }
    x -= o.lr * d;
  }
  return x;
}

const plain = { lr: 0.1, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false, maximize: false };

suite("SGD", (test) => {
  const cases: SGDOptions[] = [
    {},
    { momentum: 0.9 },
    { momentum: 0.9, nesterov: true },
    { momentum: 0.5, dampening: 0.1, weight_decay: 0.3 },
    { maximize: true, weight_decay: 0.1 },
  ];
  for (const options of cases) {
    test(`follows the formula with ${JSON.stringify(options)}`, () => {
      const full: Formula = { ...plain, ...options };
      const p = parameter(1, -2);
      steps(p, new SGD([p], full), 5);
      assertClose(p, [byHand(1, 5, full), byHand(-2, 5, full)]);
    });
  }

  test("groups have settings of their own, parameters without gradient stay", () => {
    const [p, q, r] = [parameter(1), parameter(1), parameter(1)];
    const optimizer = new SGD([{ params: [p, r] }, { params: [q], lr: 0.5 }], { lr: 0.1 });
    p.add(q).sum().backward();
    optimizer.step();
    assertClose([p.item(), q.item(), r.item()], [0.9, 0.5, 1]);
  });

  test("parameters and gradients that are not packed", () => {
    const p = new nn.Parameter(tensor([[1, 2, 3], [4, 5, 6]]).t());
    const optimizer = new SGD([p], { lr: 1 });
    p.mul(tensor([[1, 2], [3, 4], [5, 6]])).sum().backward();
    optimizer.step();
    assert.equal(p.tolist(), [[0, 2], [-1, 1], [-2, 0]]);
  });

  test("a checkpoint continues bit for bit", () => {
    const [p, q] = [parameter(1, 2), parameter(0, 0)];
    const first = new SGD([p], { lr: 0.1, momentum: 0.9 });
    steps(p, first, 3);
    const second = new SGD([q], { lr: 0.5, momentum: 0.1 });
    second.load_state_dict(first.state_dict());
    q.setData(tensor(p.tolist() as number[]));
    steps(p, first, 3);
    steps(q, second, 3);
    assert.equal(q.tolist(), p.tolist());
    const other = new SGD([p, q], { lr: 0.1 });
    assertThrows(() => other.load_state_dict(first.state_dict()), StateError, /1 parameters in group 0/);
  });

  test("settings and parameters that make no sense are refused", () => {
    const p = parameter(1);
    const refused: SGDOptions[] = [{}, { lr: -1 }, { lr: 1, momentum: -1 }, { lr: 1, weight_decay: -1 }];
    refused.push(
      { lr: 1, nesterov: true },
      { lr: 1, differentiable: true },
      { lr: NaN },
      { lr: 1, momentun: 0.9 } as SGDOptions,
    );
    for (const options of refused) assertThrows(() => new SGD([p], options), ValueError, /Cannot SGD/);
    assertThrows(() => new SGD([], 0.1), ValueError, /empty/);
    assertThrows(() => new SGD([p, p], 0.1), ValueError, /twice/);
    assertThrows(() => new SGD([p.mul(2)], 0.1), GradError, /result of an operation/);
    assertThrows(() => new SGD(p as unknown as Tensor[], 0.1), TypeError, /single tensor/);
  });
});

suite("CosineAnnealingLR", (test) => {
  test("goes down to eta_min in T_max steps and up again", () => {
    const optimizer = new SGD([parameter(1)], 0.1);
    const scheduler = new lr_scheduler.CosineAnnealingLR(optimizer, 5, { eta_min: 0.01 });
    const rates = [scheduler.get_last_lr()[0]];
    for (let i = 0; i < 10; i++) {
      scheduler.step();
      rates.push(optimizer.param_groups[0].lr);
    }
    const want = rates.map((_, i) => 0.01 + 0.09 * (1 + Math.cos(Math.PI * i / 5)) / 2);
    assertClose(rates, want, { rtol: 1e-12 });
  });

  test("a checkpoint continues, a foreign one is refused", () => {
    const make = (): [SGD, lr_scheduler.CosineAnnealingLR] => {
      const optimizer = new SGD([parameter(1)], 0.1);
      return [optimizer, new lr_scheduler.CosineAnnealingLR(optimizer, 9)];
    };
    const [[o1, s1], [o2, s2]] = [make(), make()];
    for (let i = 0; i < 4; i++) s1.step();
    o2.load_state_dict(o1.state_dict());
    s2.load_state_dict(JSON.parse(JSON.stringify(s1.state_dict())));
    s1.step();
    s2.step();
    assert.is(o1.param_groups[0].lr, o2.param_groups[0].lr);
    assertThrows(() => s2.load_state_dict({ ...s1.state_dict(), gamma: 1 }), StateError, /gamma/);
    assertThrows(() => new lr_scheduler.CosineAnnealingLR(o1, 0), ValueError, /T_max 0/);
  });
});
