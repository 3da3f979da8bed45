/** @file safetensors files: round trips, replacing, and files that are not what they should be. */
import * as assert from "uvu/assert";
import "../../setup.ts";
import { arange, tensor } from "../../ops/mod.ts";
import { loadSafetensors, parseSafetensors, saveSafetensors, writeFileAtomic } from "../../serialization/mod.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { FormatError, ValueError } from "../../tensor/errors.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

function inFolder(f: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    f(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A file of the given header and elements. */
function file(header: unknown, bytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + bytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  return out;
}

suite("safetensors", (test) => {
  test("every dtype, views and single values come back, in order", () =>
    inFolder((folder) => {
      const tensors = new Map(Object.values(dtypes).map((dtype) => [`x.${dtype.name}`, tensor([0, 1, 1], { dtype })]));
      tensors.set("view", arange(6).reshape(2, 3).t());
      tensors.set("single", tensor(2.5));
      saveSafetensors(`${folder}/a.safetensors`, tensors, { epoch: "3" });
      const back = loadSafetensors(`${folder}/a.safetensors`);
      assert.equal([...back.tensors.keys()], [...tensors.keys()]);
      assert.equal(back.metadata, { epoch: "3" });
      for (const [name, x] of tensors) {
        const y = back.tensors.get(name)!;
        assert.ok(y.dtype === x.dtype, name);
        assert.equal([y.shape, y.tolist()], [x.shape, x.tolist()], name);
      }
    }));

  test("a write that fails leaves the old file and nothing else", () =>
    inFolder((folder) => {
      const path = `${folder}/a.safetensors`;
      saveSafetensors(path, { x: tensor([1]) });
      const before = Deno.readFileSync(path);
      const broken = new Proxy(new Uint8Array(4), {
        get: () => {
          throw new Error("planted");
        },
      });
      assertThrows(() => writeFileAtomic(path, new Uint8Array(9), broken), Error, /planted/);
      assertThrows(() => saveSafetensors(path, { __metadata__: tensor([1]) }), ValueError, /reserved/);
      assert.equal(Deno.readFileSync(path), before);
      assert.equal([...Deno.readDirSync(folder)].map((e) => e.name), ["a.safetensors"]);
    }));

  test("files that are truncated, foreign or inconsistent are refused", () => {
    const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
    assert.is(parseSafetensors(file({ x: entry }, 8)).tensors.size, 1);
    const refused: [Uint8Array, RegExp][] = [
      [new Uint8Array(3), /8 bytes/],
      [new Uint8Array(100).fill(80), /truncated or of another format/],
      [file("{", 0), /JSON/],
      [file([], 0), /JSON object/],
      [file({ x: entry }, 7), /the header describes 8/],
      [file({ x: entry }, 9), /the header describes 8/],
      [file({ x: { ...entry, dtype: "F8" } }, 8), /dtype F8/],
      [file({ x: { ...entry, shape: [-2] } }, 8), /list of sizes/],
      [file({ x: { ...entry, shape: [3] } }, 8), /need 12/],
      [file({ x: entry, y: entry }, 8), /must begin at 8/],
      [file({ x: { ...entry, data_offsets: [4, 12] } }, 12), /must begin at 0/],
      [file({ x: entry, __metadata__: { a: 1 } }, 8), /object of strings/],
    ];
    for (const [bytes, text] of refused) assertThrows(() => parseSafetensors(bytes), FormatError, text);
    const bools = file({ x: { dtype: "BOOL", shape: [1], data_offsets: [0, 1] } }, 1);
    bools[bools.length - 1] = 2;
    assertThrows(() => parseSafetensors(bools), FormatError, /0 and 1/);
  });
});
