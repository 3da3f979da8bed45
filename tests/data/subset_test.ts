/** @file Subset and random_split. */

import * as assert from "uvu/assert";
import { ImageDataset } from "../../data/dataset.ts";
import { random_split, Subset } from "../../data/subset.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { Generator } from "../../tensor/random.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

function counting(n: number): ImageDataset {
  return new ImageDataset(Float32Array.from({ length: n }, (_, i) => i), new Uint8Array(n).fill(3), [1, 1, 1]);
}

suite("Subset", (test) => {
  test("reads the samples it was given, in that order", () => {
    const part = new Subset(counting(5), [4, 1, 4]);
    const into = new Float32Array(4);
    assert.equal([0, 1, 2].map((i) => part.read(i, into, i + 1)), [3, 3, 3]);
    assert.equal([...into, part.length, ...part.sampleShape], [0, 4, 1, 4, 3, 1, 1, 1]);
  });

  test("random_split divides every sample once, the same for a seed", () => {
    const split = () => random_split(counting(10), [6, 0, 4], { generator: new Generator().manual_seed(14) });
    const parts = split().map((part) => [...part.indices]);
    assert.equal(parts.map((p) => p.length), [6, 0, 4]);
    assert.equal(parts.flat().toSorted(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(parts, split().map((part) => [...part.indices]));
    assert.not.equal(parts.flat(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("bad arguments are refused", () => {
    assertThrows(() => new Subset(counting(2), [0, 2]), ValueError, /index 2/);
    assertThrows(() => new Subset(counting(2), [0]).read(1, new Float32Array(1), 0), ValueError, /sample 1/);
    assertThrows(() => random_split(counting(5), [2, 2]), ShapeError, /add up to 5/);
    assertThrows(() => random_split(counting(5), [6, -1]), ShapeError, /whole numbers/);
  });
});
