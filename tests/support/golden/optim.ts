/** @file Golden cases of optim.json: traces of optimizers and of learning-rate schedulers. */

import { matmul, tensor } from "../../../ops/mod.ts";
import { lr_scheduler, type Optimizer, type ParamGroup, SGD, type SGDOptions } from "../../../optim/mod.ts";
import { Parameter } from "../../../nn/mod.ts";
import { scope } from "../../../tensor/storage.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { decode, type GoldenCase, type Handler, type Json, Skip } from "./case.ts";

function makeScheduler(name: string, optimizer: Optimizer<ParamGroup>, kwargs: Json): lr_scheduler.LRScheduler {
  if (name !== "CosineAnnealingLR") throw new Skip(`scheduler ${name} is not written yet`);
  return new lr_scheduler.CosineAnnealingLR(optimizer, kwargs.T_max, { eta_min: kwargs.eta_min ?? 0 });
}

function ratesOf(optimizer: Optimizer<ParamGroup>): number[] {
  return optimizer.param_groups.map((g) => g.lr);
}

/** Rates after construction and after each step. */
function schedulerTrace({ args }: GoldenCase): Json {
  const { base_lr, second_group_lr, steps, explicit_epochs, momentum, kwargs } = args;
  const groups = [base_lr, ...(second_group_lr === null ? [] : [second_group_lr])].map((lr: number) => {
    return { params: [new Parameter(tensor([0]))], lr };
  });
  const optimizer = new SGD(groups, { lr: base_lr, momentum });
  const scheduler = makeScheduler(args.scheduler, optimizer, kwargs);
  const lr = [ratesOf(optimizer)];
  for (let i = 0; i < steps; i++) {
    scheduler.step(explicit_epochs?.[i]);
    lr.push(ratesOf(optimizer));
  }
  return { lr, get_last_lr: scheduler.get_last_lr() };
}

/** Losses before and parameters after each step of a linear regression, and the state at the end. */
function optimizerTrace({ args, inputs }: GoldenCase): Json {
  if (args.optimizer !== "SGD") throw new Skip(`optimizer ${args.optimizer} is not written yet`);
  const { A, y, W, b } = decode(inputs) as Record<string, Tensor>;
  const [w, c] = [new Parameter(W), new Parameter(b)];
  const apart = args.param_groups !== "[W,b]";
  const groups = apart ? [{ params: [w] }, { params: [c], lr: 0.05, weight_decay: 0 }] : [{ params: [w, c] }];
  const optimizer = new SGD(groups, args.kwargs as SGDOptions);
  const scheduler = args.scheduler && makeScheduler(args.scheduler[0], optimizer, args.scheduler[1]);
  const trace: Json = { loss: [], lr: [], params_W_then_b: [] };
  for (let i = 0; i < args.steps; i++) {
    using _ = scope();
    optimizer.zero_grad();
    const loss = matmul(A, w).add(c).sub(y).pow(2).mean();
    loss.backward();
    trace.loss.push(loss.item());
    trace.lr.push(ratesOf(optimizer));
    optimizer.step();
    scheduler?.step();
    trace.params_W_then_b.push([...w.numpy(), ...c.numpy()]);
  }
  return finish(trace, optimizer);
}

function finish(trace: Json, optimizer: SGD): Json {
  const { state, param_groups } = optimizer.state_dict();
  const flat = (values: Json): Tensor => tensor(values);
  return {
    loss: trace.loss,
    lr: trace.lr,
    params_W_then_b: trace.params_W_then_b.map(flat),
    final_state: state,
    state_param_groups: param_groups,
  };
}

/** Runs the cases of what exists; the others say what they need. */
export const optim: Handler = {
  run(c: GoldenCase): unknown {
    if (c.name.startsWith("opt_")) return optimizerTrace(c);
    if (typeof c.args.scheduler === "string") return schedulerTrace(c);
    throw new Skip(
      `needs ${c.name.replace(/_[\d.]+.*|_(dynamic|fixed|lstm|overlap).*/, "")}, which is not written yet`,
    );
  },
};
