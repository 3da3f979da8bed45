/** @file Proves with planted mistakes that the checks of files and layers find what they are for. */
import * as assert from "uvu/assert";
import { findProblems } from "../../tools/check_files.ts";
import { findCycles, findImports, findLayerProblems } from "../../tools/check_layers.ts";
import { suite } from "../support/suite.ts";

const imports = (from: string, source: string): string[] => findImports(from, source).map((found) => found.to);

suite("tools/check_files.ts", (test) => {
  // Put together from parts, so that this file passes its own check.
  const folder = "/" + "home";
  const registry = "registry" + ".example" + ".org";
  test("finds absolute paths and registry hosts", () => {
    assert.equal(findProblems("a.ts", `x\nopen("${folder}/me/x");`), ["a.ts:2: holds an absolute path"]);
    assert.equal(findProblems("a.ts", `const data = "${folder}";`), ["a.ts:1: holds an absolute path"]);
    assert.equal(findProblems("a.md", `https://${registry}/x`), ["a.md:1: names a registry's host"]);
  });
  test("finds a lock made under a custom registry, and long files", () => {
    assert.is(findProblems("deno.lock", `"tarball": "x"`).length, 1);
    assert.is(findProblems("a.ts", "x\n".repeat(501)).length, 1);
  });
  test("passes what is right", () => {
    assert.equal(findProblems("a.ts", "x\n".repeat(500)), []);
    assert.equal(findProblems("a.ts", `import "./home/x.ts"; const half = a/home;`), []);
    assert.equal(findProblems("devices/cpu/kernels_module.ts", "x\n".repeat(900)), []);
  });
});

suite("tools/check_layers.ts", (test) => {
  test("reads run-time imports and leaves out those of types", () => {
    assert.equal(imports("ops/a.ts", `import { x } from "./b.ts";\nexport * from "../tensor/c.ts";`), [
      "ops/b.ts",
      "tensor/c.ts",
    ]);
    assert.equal(imports("ops/a.ts", `import {\n  type T,\n  x,\n} from "./b.ts";\nimport "./c.ts";`), [
      "ops/b.ts",
      "ops/c.ts",
    ]);
    assert.equal(imports("ops/a.ts", `import type { T } from "./b.ts";\nexport type { U } from "./c.ts";`), []);
    assert.equal(imports("ops/a.ts", `import { type T, type U } from "./b.ts";\n// import "./c.ts";`), []);
    assert.equal(imports("nn/a.ts", `const later = await import("../onnx/b.ts");`), ["onnx/b.ts"]);
  });
  test("finds imports that go up, across, or to a forbidden part", () => {
    const problems = (from: string, to: string): number => findLayerProblems([{ from, to, dynamic: false }]).length;
    assert.is(problems("tensor/a.ts", "autograd/b.ts"), 1);
    assert.is(problems("devices/cpu/a.ts", "autograd/b.ts"), 1);
    assert.is(problems("ops/a.ts", "devices/cpu/b.ts"), 1);
    assert.is(problems("unknown/a.ts", "tensor/b.ts"), 1);
    assert.is(problems("ops/a.ts", "tensor/b.ts"), 0);
    assert.is(problems("setup.ts", "devices/cpu/b.ts"), 0);
    assert.is(problems("tests/a.ts", "examples/b.ts"), 0);
  });
  test("finds circles", () => {
    const circle = [["a.ts", "b.ts"], ["b.ts", "c.ts"], ["c.ts", "b.ts"]]
      .map(([from, to]) => ({ from, to, dynamic: false }));
    assert.equal(findCycles(circle), ["imports in a circle: b.ts -> c.ts -> b.ts"]);
    assert.equal(findCycles(circle.slice(0, 2)), []);
  });
});
