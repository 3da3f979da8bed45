/** @file The embedded digits: the same for a seed, balanced, different between halves, and shown as pictures. */

import * as assert from "uvu/assert";
import { ImageDataset } from "../../data/dataset.ts";
import { digits } from "../../data/digits.ts";
import { digitStyles } from "../../data/digits_strokes.ts";
import { showPgm, showSvg, showText } from "../../data/show.ts";
import { ValueError } from "../../tensor/errors.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

/** A 32-bit check sum (FNV-1a) of grey levels. */
function checkSum(pixels: Float32Array): number {
  return pixels.reduce((sum, v) => Math.imul(sum ^ Math.round(255 * v), 16777619), -2128831035) >>> 0;
}

suite("embedded digits", (test) => {
  test("a seed gives the same images every time, another seed and the other half others", () => {
    const first = digits({ count: 50 });
    assert.equal(first.images, digits({ count: 50, seed: 0, train: true }).images);
    assert.not.equal(first.images, digits({ count: 50, seed: 1 }).images);
    assert.not.equal(first.images, digits({ count: 50, train: false }).images);
  });

  test("the images of seed 0 never change", () => {
    assert.is(checkSum(digits({ count: 100 }).images), 3498197781);
  });

  test("classes are balanced, pixels are grey levels, every image has ink inside its border", () => {
    const data = digits({ count: 205 });
    assert.equal(data.sampleShape, [1, 28, 28]);
    const counts = new Array<number>(10).fill(0);
    data.labels.forEach((label) => counts[label]++);
    assert.equal(counts, [21, 21, 21, 21, 21, 20, 20, 20, 20, 20]);
    for (let i = 0; i < data.length; i++) {
      const image = data.image(i);
      assert.ok(image.every((v) => v >= 0 && v <= 1 && Math.abs(v * 255 - Math.round(v * 255)) < 1e-4));
      const ink = image.reduce((sum, v) => sum + v, 0);
      assert.ok(ink > 20 && ink < 300, `image ${i} of ${data.labels[i]} has ${ink} pixels of ink`);
    }
  });

  test("every digit has several styles of strokes inside its box", () => {
    assert.is(digitStyles.length, 10);
    for (const styles of digitStyles) {
      assert.ok(styles.length >= 3);
      for (const [x, y] of styles.flat(2)) assert.ok(x >= 0 && x <= 1 && y >= 0 && y <= 1);
    }
  });

  test("bad options are refused", () => {
    assertThrows(() => digits({ count: 0 }), ValueError, /count 0/);
    assertThrows(() => digits({ count: 1.5 }), ValueError, /count 1.5/);
    assertThrows(() => digits({ size: 5 } as object), ValueError, /option size/);
    assertThrows(() => digits({ seed: 0.5 }), ValueError, /seed 0.5/);
  });
});

suite("pictures of samples", (test) => {
  const make = () =>
    new ImageDataset(Float32Array.of(0, 1, 1, 0, 1, 1, 1, 1), Uint8Array.of(1, 0), [1, 2, 2], {
      name: "a<b",
      classes: ["full", "edge"],
    });

  test("text", () => {
    assert.is(showText(make()), "++@@\nedgefull");
    assert.is(showText(make(), { start: 1, count: 9 }), "@@\nfull");
  });

  test("PGM, also after normalize", () => {
    for (const data of [make(), make().normalize([0.5], [0.25])]) {
      const file = showPgm(data, { columns: 1 });
      assert.is(new TextDecoder().decode(file.subarray(0, 11)), "P5\n2 4\n255\n");
      assert.equal([...file.subarray(11)], [0, 255, 255, 0, 255, 255, 255, 255]);
    }
  });

  test("SVG has the bars and the labels, and escapes names", () => {
    const svg = showSvg(make());
    assert.match(svg, /<title>a&lt;b<\/title>/);
    assert.match(svg, /<path fill="#fff" d="M1 0h3v1h-3z"\/>/);
    assert.match(svg, />edge<\/text>/);
    assert.is(svg.match(/<path/g)?.length, 3);
  });

  test("bad options are refused", () => {
    assertThrows(() => showText(make(), { count: 0 }), ValueError, /count 0/);
    assertThrows(() => showText(make(), { start: 2 }), ValueError, /start 2/);
    assertThrows(() => showSvg(make(), { columns: -1 }), ValueError, /columns -1/);
  });
});
