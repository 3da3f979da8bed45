/** @file Random numbers beside the golden streams: states, seeds, views, options and bad arguments. */

import "../../setup.ts";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { no_grad } from "../../autograd/grad_mode.ts";
import * as random from "../../ops/random.ts";
import { get_default_device } from "../../tensor/device.ts";
import * as dtype from "../../tensor/dtype.ts";
import { DTypeError, GradError, ShapeError, ValueError } from "../../tensor/errors.ts";
import { Generator, permutation } from "../../tensor/random.ts";
import { fromArray, type Tensor } from "../../tensor/tensor.ts";
import { assertClose, assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

function zeros(...shape: number[]): Tensor {
  return fromArray(get_default_device(), dtype.float32, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
}

const seeds = fc.integer({ min: -3000, max: 3000 });
const draws = fc.array(fc.constantFrom("random", "normal", "uniform53", "random64"), { maxLength: 700 });

suite("generator", (test) => {
  test("a state continues the stream, also with a kept normal number", () => {
    fc.assert(fc.property(seeds, draws, (seed, before) => {
      const g = new Generator().manual_seed(seed);
      for (const f of before) g[f as "random"]();
      const other = new Generator().set_state(g.get_state());
      assert.equal(other.get_state(), g.get_state());
      for (let i = 0; i < 5; i++) assert.is(other.normal(), g.normal());
      assert.is(other.random(), g.random());
      assert.is(other.initial_seed(), g.initial_seed());
    }));
  });

  test("seeds: the low 32 bits count, negative ones wrap, others are refused", () => {
    const first = (seed: number | bigint): number => new Generator().manual_seed(seed).random();
    assert.is(first(2 ** 40 + 7), first(7));
    assert.is(first(-1), first(0xffffffff));
    assert.is.not(first(7), first(8));
    assert.is(new Generator().manual_seed(-1).initial_seed(), 2n ** 64n - 1n);
    assert.is(new Generator().initial_seed(), 67280421310721);
    for (const bad of [0.5, NaN, 2n ** 64n, -(2n ** 63n) - 1n]) {
      assertThrows(() => new Generator().manual_seed(bad), ValueError, /Cannot manual_seed/);
    }
  });

  test("a foreign state is refused and changes nothing", () => {
    const g = new Generator().manual_seed(3);
    const state = g.get_state();
    const bad = state.slice();
    bad[16] = 200; // the position
    assertThrows(() => g.set_state(new Uint8Array(7)), ValueError, /5056 bytes/);
    assertThrows(() => g.set_state(bad), ValueError, /positions/);
    assert.equal(g.get_state(), state);
  });

  test("seed() gives a fresh stream and tells its seed", () => {
    const g = new Generator();
    const seed = g.seed();
    assert.is(g.random(), new Generator().manual_seed(seed).random());
  });

  test("a permutation holds each number once", () => {
    fc.assert(fc.property(seeds, fc.integer({ min: 0, max: 50 }), (seed, n) => {
      const order = permutation(n, new Generator().manual_seed(seed));
      assert.equal([...order].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
    }));
  });
});

suite("random tensors", (test) => {
  test("the documented example", () => {
    random.manual_seed(12345);
    const want = [0.9817, 0.8796, 0.9921, 0.4611, 0.0832, 0.1784, 0.3674, 0.5676, 0.3376, 0.2119];
    assertClose(random.rand(10), want, { rtol: 0, atol: 5e-5 });
  });

  test("sizes one by one or as a list, options behind them", () => {
    const generator = new Generator().manual_seed(1);
    const a = random.rand(2, 3, { dtype: dtype.float64, requires_grad: true, generator });
    assert.equal([a.shape, a.dtype, a.requires_grad], [[2, 3], dtype.float64, true]);
    generator.manual_seed(1);
    assert.equal(random.rand([2, 3], { dtype: dtype.float64, generator }).numpy(), a.numpy());
    assert.equal(random.randn().shape, []);
    assert.equal(random.randn_like(a).dtype, dtype.float64);
    assert.equal(random.randint(5, [4]).dtype, dtype.int64);
    assert.equal(random.randperm(4, { dtype: dtype.int32 }).dtype, dtype.int32);
  });

  test("every dtype can be filled", () => {
    for (const type of Object.values(dtype.dtypes)) {
      const x = random.randint(0, 2, [40], { dtype: type });
      assert.ok([...x.numpy()].every((v) => Number(v) === 0 || Number(v) === 1), type.name);
      if (!type.is_floating_point) continue;
      const u = [...random.rand(200, { dtype: type }).numpy() as Float32Array];
      assert.ok(u.every((v) => v >= 0 && v < 1) && Math.max(...u) > 0.8, type.name);
      assert.ok([...random.randn(40, { dtype: type }).numpy() as Float32Array].every(Number.isFinite), type.name);
    }
  });

  test("a view is filled in the order of memory, and nothing beside it", () => {
    const whole = zeros(4, 6);
    const column = whole.viewAs([3, 4], [1, 6], 2); // columns 2 to 4, transposed
    random.uniform_(column, 1, 2, new Generator().manual_seed(5));
    const rows = random.uniform_(zeros(4, 3), 1, 2, new Generator().manual_seed(5)).tolist() as number[][];
    assert.equal(whole.tolist(), rows.map((row) => [0, 0, ...row, 0]));
    assert.is(whole._version, 1);
  });

  test("a part that lies row by row is filled as a tensor of its own", () => {
    const whole = zeros(3, 20);
    random.normal_(whole.viewAs([20], [1], 20), 0, 1, { generator: new Generator().manual_seed(5) });
    const own = random.normal_(zeros(20), 0, 1, new Generator().manual_seed(5)).tolist();
    assert.equal((whole.tolist() as number[][])[1], own);
  });

  test("bad arguments are refused, and nothing is drawn", () => {
    const x = zeros(3);
    const ints = random.randint(0, 5, [3]);
    const before = random.get_rng_state();
    assertThrows(() => random.rand(2, { dtype: dtype.int64 }), DTypeError, /Cannot rand .*floating-point/);
    assertThrows(() => random.rand(-1), ShapeError);
    assertThrows(() => random.randint(5, 5, [2]), ValueError, /low < high/);
    assertThrows(() => random.randint(0, 2.5, [2]), ValueError, /integer/);
    assertThrows(() => random.randperm(-1), ValueError, /Cannot randperm/);
    assertThrows(() => random.normal_(x, 0, -1), ValueError, /std -1/);
    assertThrows(() => random.uniform_(x, 1, 0), ValueError, /from <= to/);
    assertThrows(() => random.uniform_(ints), DTypeError, /int64/);
    assertThrows(() => random.bernoulli_(x, 1.5), ValueError, /\[0, 1\]/);
    assertThrows(() => random.bernoulli_(x, zeros(4)), ShapeError, /equal shapes/);
    assertThrows(() => random.exponential_(x, 0), ValueError, /above 0/);
    assertThrows(() => random.random_(x, 3, 3), ValueError, /from < to/);
    assertThrows(() => random.uniform_(x.viewAs([2, 3], [0, 1])), ShapeError, /expanded/);
    assertThrows(() => random.multinomial(x, 1), ValueError, /Cannot multinomial/);
    assert.equal(random.get_rng_state(), before);
    assert.equal(x.tolist(), [0, 0, 0]);
  });

  test("a leaf that requires gradients is filled under no_grad only", () => {
    const x = zeros(2).requires_grad_();
    assertThrows(() => random.uniform_(x), GradError, /no_grad/);
    no_grad(() => random.uniform_(x, 1, 2));
    assert.ok((x.tolist() as number[]).every((v) => v >= 1));
  });
});
