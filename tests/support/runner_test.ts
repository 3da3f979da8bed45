/** @file Proves that the runner counts every kind of failure, by planting suites in a temporary folder. */
import * as assert from "uvu/assert";
import { assertClose, assertThrows } from "./assert.ts";
import { suite } from "./suite.ts";

const SUITE = `import { suite } from ${JSON.stringify(import.meta.resolve("./suite.ts"))};\n`;

/** Runs the runner on planted files; returns its exit code and its output's last line. */
function runPlanted(files: Record<string, string>, ...args: string[]): { code: number; last: string } {
  const root = Deno.makeTempDirSync();
  try {
    for (const [name, source] of Object.entries(files)) Deno.writeTextFileSync(`${root}/${name}`, source);
    const runner = import.meta.resolve("../run.ts");
    const { code, stdout } = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", runner, `--root=${root}`, ...args],
      stdout: "piped",
      stderr: "piped",
    }).outputSync();
    return { code, last: new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) ?? "" };
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const PASSING = `${SUITE}suite("good", (test) => { test("one", () => {}); test("two", () => {}); });`;

suite("tests/run.ts", (test) => {
  test("passing suites end with exit code 0, even with a live worker thread", () => {
    const worker = `new Worker("data:application/javascript,setInterval(() => {}, 1000)", { type: "module" });\n`;
    assert.equal(runPlanted({ "a_test.ts": worker + PASSING }), { code: 0, last: "2 passed, 0 failed" });
  });

  const planted: Record<string, [source: string, failed: number]> = {
    "a failing test": [`${SUITE}suite("bad", (test) => { test("x", () => { throw new Error("planted"); }); });`, 1],
    "a throwing before()": [
      `${SUITE}suite("bad", (test) => { test.before(() => { throw new Error("planted"); }); test("x", () => {}); });`,
      1,
    ],
    "a throwing after()": [
      `${SUITE}suite("bad", (test) => { test.after(() => { throw new Error("planted"); }); test("x", () => {}); });`,
      1,
    ],
    "a failed import": [`import "./missing.ts";`, 1],
    "no suite": [`export {};`, 1],
    "no test": [`${SUITE}suite("empty", () => {});`, 1],
  };
  test("every kind of failure is counted", () => {
    const files: Record<string, string> = { "good_test.ts": PASSING };
    let failed = 0;
    for (const [name, [source, count]] of Object.entries(planted)) {
      files[`${name.replace(/\W+/g, "_")}_test.ts`] = source;
      failed += count;
    }
    assert.equal(runPlanted(files, "--jobs=1"), { code: 1, last: `2 passed, ${failed} failed` });
    assert.equal(runPlanted(files, "--jobs=2"), { code: 1, last: `2 passed, ${failed} failed` });
  });

  for (const [name, [source]] of Object.entries(planted)) {
    test(`${name} alone gives exit code 1`, () => {
      assert.equal(runPlanted({ "bad_test.ts": source }), { code: 1, last: "0 passed, 1 failed" });
    });
  }

  test("a pattern without a match fails", () => {
    assert.equal(runPlanted({ "good_test.ts": PASSING }, "nothing"), { code: 1, last: "0 passed, 1 failed" });
  });
});

suite("tests/support/assert.ts", (test) => {
  test("assertClose accepts what is within the tolerance", () => {
    assertClose(new Float32Array([1, NaN, Infinity]), [1 + 1e-7, NaN, Infinity]);
    assertClose([[1, 2], [3, 4]], [1, 2, 3, 4]);
  });
  test("assertClose refuses another count, a far value, NaN and a wrong infinity", () => {
    assertThrows(() => assertClose([1], [1, 2]), Error, /1 elements, expected 2/);
    assertThrows(() => assertClose([1, 2.1], [1, 2], {}, "y"), Error, /y: 1 of 2 .*\[1\] is 2.1/);
    assertThrows(() => assertClose(NaN, 0), Error, /NaN/);
    assertThrows(() => assertClose(Infinity, -Infinity, { atol: 1e9 }), Error, /Infinity/);
    assertThrows(() => assertClose(0, Infinity), Error, /Infinity/);
  });
  test("assertThrows refuses silence, another class and another text", () => {
    assertThrows(() => assertThrows(() => 0, Error), Error, /nothing was thrown/);
    assertThrows(
      () =>
        assertThrows(() => {
          throw new Error("a");
        }, RangeError),
      Error,
      /expected RangeError/,
    );
    assertThrows(
      () =>
        assertThrows(
          () => {
            throw new Error("a");
          },
          Error,
          /b/,
        ),
      Error,
      /does not match/,
    );
  });
});
