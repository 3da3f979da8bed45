/** @file Dividing datasets. */

import * as assert from "uvu/assert";
import type { Dataset } from "../../data/dataset.ts";
import { random_split, Subset } from "../../data/random_split.ts";
import { ValueError } from "../../tensor/errors.ts";
import { Generator } from "../../tensor/random.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

const ten: Dataset = { length: 10, sampleShape: [1], read: (i, into, at) => into[at] = i };

suite("random_split", (test) => {
  test("the parts hold every sample once, under new numbers", () => {
    const parts = random_split(ten, [6, 4], { generator: new Generator().manual_seed(3) });
    const seen = parts.flatMap((p) => Array.from({ length: p.length }, (_, i) => p.read(i, new Float32Array(1), 0)));
    assert.equal(seen, parts.flatMap((p) => p.indices));
    assert.equal(seen.sort((a, b) => a - b), Array.from({ length: 10 }, (_, i) => i));
    assert.equal(parts[1].sampleShape, [1]);
  });

  test("lengths that do not add up and foreign indices are refused", () => {
    assertThrows(() => random_split(ten, [6, 5]), ValueError, /add up/);
    assertThrows(() => random_split(ten, [6.5, 3.5]), ValueError, /whole numbers/);
    assertThrows(() => new Subset(ten, [10]), ValueError, /index 10/);
    assertThrows(() => new Subset(ten, [1]).read(1, new Float32Array(1), 0), ValueError, /sample 1/);
  });
});
