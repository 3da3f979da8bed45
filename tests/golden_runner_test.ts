/** @file The golden runner itself: planted mistakes must fail, and each way out is counted where it belongs. */

import "../setup.ts";
import * as assert from "uvu/assert";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { decode, type GoldenCase, type Handler, type Json, parseCases, Skip } from "./support/golden/case.ts";
import { generate } from "./support/golden/det.ts";
import { describeTally, runCases, type Tally } from "./support/golden/runner.ts";
import { suite } from "./support/suite.ts";

const vector = { dtype: "float32", shape: [3], data: [0.1, "nan", -2] };

function one(expected: Json, tol = { rtol: 0, atol: 0 }): GoldenCase {
  return { name: "one", inputs: {}, args: {}, expected, tol };
}

async function outcome(expected: Json, run: Handler["run"], tol?: GoldenCase["tol"]): Promise<Tally> {
  return await runCases("planted", [one(expected, tol)], { run });
}

suite("golden runner", (test) => {
  test("equal results pass: tensors, tuples, specials, nothing", async () => {
    const expected = { out: vector, pair: { tuple: [1, "inf"] }, grad: null, text: "a" };
    const tally = await outcome(expected, () => ({ out: decode(vector), pair: [1, Infinity], text: "a" }));
    assert.equal([tally.passed, tally.failed], [1, []]);
  });

  const mistakes: readonly [string, Json, Json][] = [
    ["one element", vector, { ...vector, data: [0.1, "nan", -2.0000002] }],
    ["a NaN in the place of a number", vector, { ...vector, data: ["nan", "nan", -2] }],
    ["a number in the place of a NaN", vector, { ...vector, data: [0.1, 0, -2] }],
    ["the dtype", vector, { ...vector, dtype: "float64" }],
    ["the shape", vector, { ...vector, shape: [1, 3] }],
    ["an entry too few", [1, 2], [1]],
    ["a missing result", { a: 1 }, {}],
    ["a text", "axis", "axes"],
    ["a truth value", true, false],
    ["something where nothing is expected", null, 1],
  ];
  for (const [what, expected, got] of mistakes) {
    test(`a planted mistake fails: ${what}`, async () => {
      const tally = await outcome(expected, () => decode(got));
      assert.equal([tally.passed, tally.failed.length], [0, 1]);
      assert.match(describeTally(tally), /planted: 0 passed, 1 failed, 0 mended, 0 skipped/);
    });
  }

  test("the case's tolerance decides", async () => {
    const near = { ...vector, data: [0.1001, "nan", -2] };
    assert.is((await outcome(vector, () => decode(near), { rtol: 0, atol: 2e-4 })).passed, 1);
    assert.is((await outcome(vector, () => decode(near), { rtol: 0, atol: 5e-5 })).passed, 0);
  });

  test("int64 beyond 2^53 is compared exactly", async () => {
    const text =
      `[{"name":"a","inputs":{},"args":{},"expected":{"dtype":"int64","shape":[1],"data":[9007199254740993]}}]`;
    const cases = parseCases(text);
    const off = { ...cases[0].expected, data: [9007199254740992] };
    assert.is((await runCases("a", cases, { run: (c) => decode(c.expected) })).passed, 1);
    assert.is((await runCases("a", cases, { run: () => decode(off) })).failed.length, 1);
  });

  test("an expected error needs one of the project's classes that stands for it", async () => {
    const raise = (error: Error) => (): never => {
      throw error;
    };
    const expected = { error: "ValueError" };
    assert.is((await outcome(expected, raise(new ValueError("x")))).passed, 1);
    assert.is((await outcome(expected, raise(new RangeError("x")))).passed, 0);
    assert.is((await outcome({ error: "TypeError" }, raise(new ShapeError("x")))).passed, 0);
    assert.is((await outcome(expected, () => 1)).passed, 0);
    assert.is((await outcome(vector, raise(new ValueError("x")))).passed, 0);
  });

  test("skipped cases are counted by reason, mended ones by defect and only with the mended values", async () => {
    const skip = (): never => {
      throw new Skip("no such module");
    };
    const skipped = await runCases("a", [one(1), one(2)], { run: skip });
    assert.equal([...skipped.skipped], [["no such module", 2]]);
    assert.equal([...(await runCases("a", [one(1)])).skipped], [["no handler for a yet", 1]]);
    const mended = (): { defect: number; expected: Json } => ({ defect: 7, expected: 2 });
    assert.equal([...(await runCases("a", [one(1)], { run: () => 2, mended })).mended], [[7, 1]]);
    assert.is((await runCases("a", [one(1)], { run: () => 1, mended })).failed.length, 1);
  });

  test("generated inputs check themselves", () => {
    const wrong = { det: "uniform", seed: 1, n: 3, scale: 1, head: { data: [0.5] } };
    assert.throws(() => generate(wrong), /Element 0 of det uniform/);
    assert.throws(() => generate({ ...wrong, head: undefined, sum_f64: 9 }), /The sum of det uniform/);
    assert.equal([...generate({ ...wrong, head: undefined, n: 1, scale: 2 })], [Math.fround(2 * 1015568748 / 2 ** 32)]);
  });
});
