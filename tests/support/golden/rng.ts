/** @file Golden cases of rng.json: streams of random numbers, and the parameters of fresh modules. */

import * as random from "../../../ops/random.ts";
import { type DType, dtypes, float32 } from "../../../tensor/dtype.ts";
import { arrayFrom } from "../../../tensor/host.ts";
import { get_default_device } from "../../../tensor/device.ts";
import { numelOf } from "../../../tensor/shape.ts";
import { fromArray, type Tensor } from "../../../tensor/tensor.ts";
import { type GoldenCase, type Handler, type Json, Skip } from "./case.ts";
import { need } from "./optional.ts";

type Call = { readonly fn: string; readonly [name: string]: Json };

function zeros(size: readonly number[], dtype: DType = float32): Tensor {
  return fromArray(get_default_device(), dtype, size, arrayFrom(new Float64Array(numelOf(size)), dtype));
}

function ones(size: readonly number[]): Tensor {
  return fromArray(get_default_device(), float32, size, new Float32Array(numelOf(size)).fill(1));
}

function vector(values: readonly number[]): Tensor {
  return fromArray(get_default_device(), float32, [values.length], Float32Array.from(values));
}

function typeOf(c: Call): DType {
  return dtypes[(c.dtype ?? "float32") as keyof typeof dtypes];
}

/** Calls that are one function of ops/random.ts. */
const direct: { readonly [fn: string]: (c: Call) => unknown } = {
  manual_seed: (c) => void random.manual_seed(c.seed),
  rand: (c) => random.rand(c.size, { dtype: typeOf(c) }),
  randn: (c) => random.randn(c.size, { dtype: typeOf(c) }),
  randint: (c) => random.randint(c.low, c.high, c.size),
  randint_float: (c) => random.randint(c.low, c.high, c.size, { dtype: float32 }),
  random_: (c) => random.random_(zeros(c.size, typeOf(c)), ...(c.range ?? []) as [number?, number?]),
  randperm: (c) => random.randperm(c.n),
  normal_: (c) => random.normal_(zeros(c.size), c.mean, c.std),
  normal_tensor: (c) => random.normal(vector(c.mean), vector(c.std)),
  uniform_: (c) => random.uniform_(zeros(c.size, typeOf(c)), c.a, c.b),
  bernoulli_: (c) => random.bernoulli_(zeros(c.size), c.p),
  bernoulli: (c) => random.bernoulli(vector(c.p)),
  exponential_: (c) => random.exponential_(zeros(c.size), c.lambd),
  multinomial: (c) => random.multinomial(vector(c.weights), c.n, c.replacement),
  randn_t_normal_: ({ size: [rows, columns] }) => {
    return random.normal_(zeros([rows, columns]).viewAs([columns, rows], [1, columns]));
  },
};

/** Calls of functions in other parts of the library. */
const indirect: { readonly [fn: string]: (c: Call) => Promise<unknown> } = {
  dropout: async (c) => (await need("nn/functional.ts", "dropout"))(ones(c.size), c.p, true),
  dataloader_shuffle: dataLoaderOrder,
  random_split: async (c) => {
    const split = await need("data/mod.ts", "random_split");
    return split(counting(c.lengths[0] + c.lengths[1]), c.lengths).map((s: Json) => s.indices);
  },
};

/** A dataset whose labels are the samples' numbers. */
function counting(length: number): object {
  const read = (index: number, into: Float32Array, at: number): number => into[at] = index;
  return { length, sampleShape: [1], read };
}

async function dataLoaderOrder(c: Call): Promise<unknown> {
  const DataLoader = await need("data/mod.ts", "DataLoader");
  const options = { batch_size: c.batch_size, shuffle: true, drop_last: c.drop_last ?? false };
  const loader = new DataLoader(counting(c.n), options);
  return Array.from({ length: c.epochs }, () => Array.from(loader, ([, y]: Json) => y.tolist()));
}

/** Calls of nn.init, whose arguments are positional or options as in PyTorch. */
async function init(c: Call): Promise<unknown> {
  const f = await need("nn/init.ts", c.fn);
  const { fn, size, ...options } = c;
  const x = zeros(size);
  if (fn === "trunc_normal_") return f(x, c.mean, c.std, c.a, c.b);
  return fn.startsWith("xavier") ? f(x, c.gain) : f(x, options);
}

async function call(c: Call): Promise<unknown> {
  if (c.fn in direct) return direct[c.fn](c);
  if (c.fn in indirect) return await indirect[c.fn](c);
  return await init(c);
}

async function freshModule(c: GoldenCase): Promise<unknown> {
  const { module, args, kwargs } = c.args;
  const quant = /^Quant(.*)$/.exec(module);
  const Module = quant ? await need("quantization/nn/mod.ts", module) : await need("nn/mod.ts", "nn", module);
  random.manual_seed(c.inputs.seed);
  const built = new Module(...args, kwargs);
  return { params: Object.fromEntries(built.state_dict()), next_rand3: random.rand(3) };
}

async function run(c: GoldenCase): Promise<unknown> {
  if (c.args.module) return await freshModule(c);
  if (!c.args.calls) throw new Skip("an unknown kind of case");
  random.manual_seed(c.inputs.seed);
  const results: unknown[] = [];
  for (const one of c.args.calls) results.push(await call(one));
  return { results };
}

/** Runs rng.json. */
export const rng: Handler = { run };
