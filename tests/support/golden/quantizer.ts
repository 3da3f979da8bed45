/** @file Golden cases of tensor_quantizer.json. */

import { TensorQuantizer } from "../../../quantization/nn/modules/tensor_quantizer.ts";
import { QuantDescriptor } from "../../../quantization/quant_descriptor.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { attempt, decode, type GoldenCase, type Handler, type Json, type Mended, type TensorJson } from "./case.ts";
import { descriptorOptions } from "./quantization.ts";

type Step = { readonly do: string; readonly [key: string]: Json };

function forward(q: TensorQuantizer, step: Step): Json {
  const x: Tensor = decode(step.x);
  if (step.grad) x.requires_grad = true;
  for (const p of q.parameters()) p.grad = null;
  const out = q(x);
  if (step.grad && out.requires_grad) out.backward(decode(step.grad_output));
  return {
    out: out.detach(),
    grad_x: x.grad,
    grad_clip_min: q.clip?.clip_value_min.grad,
    grad_clip_max: q.clip?.clip_value_max.grad,
  };
}

const steps: { readonly [name: string]: (q: TensorQuantizer, step: Step) => Json } = {
  forward,
  call: (q, s) => {
    (Reflect.get(q, s.method) as (...args: Json[]) => void).call(q, ...s.args, decode(s.kwargs));
    return {};
  },
  set: (q, s) => {
    Reflect.set(q, s.attr, decode(s.value));
    return {};
  },
  get: (q, s) => ({ value: copy(Reflect.get(q, s.attr)) }),
  state_dict: (q) => ({ state_dict: Object.fromEntries([...q.state_dict()].map(([k, v]) => [k, copy(v)])) }),
  params: (q) => ({
    params: Object.fromEntries([...q.named_parameters()].map(([k, v]) => [k, copy(v)])),
    requires_grad: Object.fromEntries([...q.named_parameters()].map(([k, v]) => [k, v.requires_grad])),
  }),
  load_state_dict: (q, s) => {
    const { missing_keys, unexpected_keys } = q.load_state_dict(decode(s.state), s.strict);
    return { missing: missing_keys, unexpected: unexpected_keys };
  },
  extra_repr: (q) => ({ extra_repr: q.extra_repr() }),
  train: (q, s) => (q.train(s.mode), {}),
};

/** What later steps cannot change. */
function copy(v: Json): Json {
  return v instanceof Tensor ? decode(json(v)) : v;
}

function run(c: GoldenCase): Json {
  const q = new TensorQuantizer(new QuantDescriptor(descriptorOptions(c.args.desc, c.name)), c.args.ctor);
  return { results: c.args.steps.map((step: Step) => attempt(() => steps[step.do](q, step))) };
}

/** Dynamic ranges over an axis counted from the end: upstream takes one range for the tensor (defect 5). */
function mended(c: GoldenCase): Mended | null {
  const axis: Json = c.args.desc.axis?.tuple;
  const x = c.args.steps[0]?.x;
  if (!axis?.some((a: number) => a < 0) || !c.name.startsWith("dynamic")) return null;
  const positive = axis.map((a: number) => a < 0 ? a + x.shape.length : a);
  const results = run({ ...c, args: { ...c.args, desc: { ...c.args.desc, axis: { tuple: positive } } } }).results;
  const text = (r: Json) => r.extra_repr?.replace(`(${positive},)`, `(${axis},)`);
  const expected = results.map((r: Json) =>
    r.extra_repr ? { extra_repr: text(r) } : Object.fromEntries(
      Object.entries(r).filter(([, v]) => v instanceof Tensor).map(([k, v]) => [k, json(v as Tensor)]),
    )
  );
  return { defect: 5, expected: { results: expected } };
}

function json(v: Tensor): TensorJson {
  return { dtype: v.dtype.name, shape: v.shape, data: Array.from(v.numpy() as Float32Array) };
}

/** Runs tensor_quantizer.json. */
export const tensor_quantizer: Handler = { run, mended };
