/** @file Properties of fake quantization for 2 to 16 bits, in both arithmetics. */
import "../../setup.ts";
import * as fc from "fast-check";
import * as assert from "uvu/assert";
import { fake_tensor_quant, quantize, tensor_quant } from "../../quantization/tensor_quant.ts";
import { roundE4M3 } from "../../quantization/utils/scalar_quant.ts";
import { DTypeError, ShapeError, ValueError } from "../../tensor/errors.ts";
import { tensor } from "../../ops/mod.ts";
import { tidy } from "../../tensor/tensor.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

const grid = fc.integer({ min: -3000, max: 3000 }).map((i) => i / 1000);
const values = fc.array(grid, { minLength: 1, maxLength: 40 });
const range = fc.integer({ min: 1, max: 3000 }).map((i) => i / 1000);
const settings = fc.record({
  num_bits: fc.integer({ min: 2, max: 16 }),
  unsigned: fc.constant(false),
  narrow_range: fc.boolean(),
  mode: fc.constantFrom("scale" as const, "step" as const),
});
type Settings = { num_bits: number; unsigned: boolean; narrow_range: boolean; mode: "scale" | "step" };

const run = (x: readonly number[], amax: number, s: Settings): Float32Array =>
  tidy(() => quantize(tensor([...x]), tensor(amax), s, "value")).numpy() as Float32Array;
const f = Math.fround;
const ulp = (v: number): number => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(v), 2 ** -126))) - 23);

suite("fake quantization", (test) => {
  test("is idempotent", () => {
    fc.assert(fc.property(values, range, settings, (x, amax, s) => {
      const once = run(x, amax, s);
      assert.equal(run([...once], amax, s), once);
    }));
  });

  test("is monotone", () => {
    fc.assert(fc.property(values, range, settings, (x, amax, s) => {
      const y = run(x.toSorted((a, b) => a - b), amax, s);
      assert.ok(y.every((v, i) => i === 0 || y[i - 1] <= v));
    }));
  });

  test("stays within half a step (plus 2 ulp) inside the range", () => {
    fc.assert(fc.property(values, range, settings, (x, amax, s) => {
      const half = amax / (2 ** (s.num_bits - 1) - 1) / 2;
      run(x, amax, s).forEach((y, i) => {
        const v = f(x[i]);
        if (Math.abs(v) <= f(amax)) assert.ok(Math.abs(y - v) <= half + 2 * ulp(amax), `${v} became ${y}`);
      });
    }));
  });

  test("is odd within the range, and beyond it with narrow range", () => {
    fc.assert(fc.property(values, range, settings, (x, amax, s) => {
      const inside = s.narrow_range ? x : x.filter((v) => Math.abs(f(v)) <= f(amax));
      const y = run(inside, amax, s), z = run(inside.map((v) => -v), amax, s);
      y.forEach((v, i) => assert.ok(v === -z[i]));
    }));
  });

  test("commutes with permutations of channels", () => {
    const rows = fc.array(fc.tuple(fc.tuple(grid, grid, grid), range), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(rows, settings, (r, s) => {
      const all = (list: typeof r) =>
        tidy(() => quantize(tensor(list.map((e) => e[0])), tensor(list.map((e) => [e[1]])), s, "value")).tolist();
      assert.equal(all(r.toReversed()), (all(r) as number[][]).toReversed());
    }));
  });

  test("gradients pass where |x| <= amax", () => {
    fc.assert(
      fc.property(values, range, fc.integer({ min: 2, max: 16 }), (list, amax, bits) => {
        const x = tensor([...list, amax, -amax], { requires_grad: true });
        const g = [...list, amax, -amax].map((_, i) => i + 1);
        fake_tensor_quant(x, tensor(amax), bits).backward(tensor(g));
        const want = [...list, amax, -amax].map((v, i) => Math.abs(f(v)) <= f(amax) ? g[i] : 0);
        assert.equal(x.grad!.tolist(), want);
      }),
      { numRuns: 30 },
    );
  });

  test("codes divided by the scale are the values", () => {
    fc.assert(fc.property(values, range, fc.integer({ min: 2, max: 16 }), (x, amax, bits) => {
      const [codes, scale] = tensor_quant(tensor(x), amax, bits);
      const y = fake_tensor_quant(tensor(x), amax, bits).numpy();
      const [c, s] = [codes.numpy() as Float32Array, scale.item()];
      assert.equal(c.map((v) => v / s), y);
      assert.ok(c.every(Number.isInteger));
    }));
  });

  test("steps and scales differ, and both are what they say (A.14, 1)", () => {
    // 0.5 lies between two codes in one arithmetic and beside the middle in the other
    let different = 0;
    for (let i = 1; i < 3000; i++) {
      const amax = f(i / 1000), x = f(amax * 0.5);
      const step = f(amax / 127), scale = f(127 / amax);
      const even = (v: number) => v % 1 === 0.5 ? 2 * Math.round(v / 2) : Math.round(v);
      const s = { num_bits: 8, unsigned: false, narrow_range: false };
      const [a] = run([x], amax, { ...s, mode: "scale" }), [b] = run([x], amax, { ...s, mode: "step" });
      assert.is(a, f(even(f(x * scale)) / scale));
      assert.is(b, f(even(f(x / step)) * step));
      if (Math.abs(a - b) > step / 2) different++;
    }
    assert.ok(different > 0);
  });

  test("tiny ranges give zeros", () => {
    for (const mode of ["scale", "step"] as const) {
      const s = { num_bits: 8, unsigned: false, narrow_range: true, mode };
      assert.ok(run([1, -1, 1e-9], 2 ** -24, s).every((v) => v === 0));
      assert.ok(run([1], 2 ** -23, s)[0] > 0);
    }
  });

  test("E4M3 rounds to the nearest of its numbers", () => {
    const numbers = [0];
    for (let e = -6; e <= 8; e++) for (let m = 0; m < 8; m++) numbers.push(2 ** e * (1 + m / 8));
    for (let m = 1; m < 8; m++) numbers.push(m * 2 ** -9);
    const all = numbers.filter((v) => v <= 448);
    fc.assert(fc.property(fc.integer({ min: 0, max: 448000 }), (i) => {
      const v = i / 1000;
      const nearest = Math.min(...all.map((n) => Math.abs(n - v)));
      assert.is(Math.abs(roundE4M3(v) - v), nearest);
      assert.ok(all.includes(roundE4M3(v)));
    }));
  });

  test("wrong arguments are refused", () => {
    const x = tensor([-1, 2]);
    assertThrows(() => fake_tensor_quant(x, tensor(1), 8, true), DTypeError, /negative values/);
    assertThrows(() => fake_tensor_quant(x, tensor(-1)), ValueError, /amax with negative/);
    assertThrows(() => fake_tensor_quant(x, tensor([1, 1, 1])), ShapeError, /broadcasts to \[2\]/);
    assertThrows(() => fake_tensor_quant(x, tensor(1), 2.5), DTypeError, /num_bits 2.5/);
  });
});
