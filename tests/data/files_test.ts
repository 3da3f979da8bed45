/** @file IDX and CIFAR-10 files: what is read, and that damaged ones are refused. */

import * as assert from "uvu/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CIFAR10, parseCifar10 } from "../../data/cifar.ts";
import { ImageDataset } from "../../data/dataset.ts";
import { MNIST, parseIdx } from "../../data/idx.ts";
import { FormatError, ShapeError, ValueError } from "../../tensor/errors.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

function idx(shape: number[], bytes: number[]): Uint8Array {
  return Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]), ...bytes]);
}

function inFolder(f: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "data-"));
  try {
    f(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

suite("IDX files", (test) => {
  test("plain and gzip give the same array", () => {
    const file = idx([2, 1, 2], [1, 2, 3, 255]);
    for (const contents of [file, gzipSync(file)]) {
      const { shape, bytes } = parseIdx(contents, "f");
      assert.equal(shape, [2, 1, 2]);
      assert.equal([...bytes], [1, 2, 3, 255]);
    }
  });

  test("every truncation and any left-over byte is refused", () => {
    const file = idx([2, 2], [1, 2, 3, 4]);
    for (let n = 0; n < file.length; n++) {
      assertThrows(() => parseIdx(file.subarray(0, n), "f"), FormatError, /Cannot read f/);
    }
    assertThrows(() => parseIdx(Uint8Array.from([...file, 0]), "f"), FormatError, /left-over bytes.*exactly 16/);
    const zipped = gzipSync(file);
    for (const n of [2, 10, zipped.length - 1]) {
      assertThrows(() => parseIdx(zipped.subarray(0, n), "f"), FormatError, /gzip/);
    }
  });

  test("foreign files are refused", () => {
    assertThrows(() => parseIdx(new TextEncoder().encode("P5 28 28"), "f"), FormatError, /begins with 50 35 20 32/);
    assertThrows(() => parseIdx(Uint8Array.from([0, 0, 13, 1, 0, 0, 0, 0]), "f"), FormatError, /unsigned bytes/);
  });

  test("MNIST reads its files with and without .gz, in the folder or in mnist", () =>
    inFolder((dir) => {
      writeFileSync(join(dir, "train-images-idx3-ubyte.gz"), gzipSync(idx([2, 2, 2], [0, 51, 255, 0, 1, 2, 3, 4])));
      writeFileSync(join(dir, "train-labels-idx1-ubyte"), idx([2], [7, 3]));
      const train = MNIST(dir);
      assert.equal([train.length, train.sampleShape, [...train.labels]], [2, [1, 2, 2], [7, 3]]);
      assert.equal([...train.image(0)], [0, Math.fround(0.2), 1, 0]);
      assertThrows(() => MNIST(dir, { train: false }), FormatError, /without t10k-images-idx3-ubyte/);
    }));

  test("MNIST refuses counts, dimensions and labels that do not fit", () =>
    inFolder((dir) => {
      const write = (images: Uint8Array, labels: Uint8Array) => {
        writeFileSync(join(dir, "t10k-images-idx3-ubyte"), images);
        writeFileSync(join(dir, "t10k-labels-idx1-ubyte"), labels);
      };
      write(idx([2, 1, 1], [1, 2]), idx([1], [7]));
      assertThrows(() => MNIST(dir, { train: false }), FormatError, /2 images: 1 labels/);
      write(idx([2, 1, 1], [1, 2]), idx([2], [7, 10]));
      assertThrows(() => MNIST(dir, { train: false }), FormatError, /label 10 of image 1/);
      write(idx([2], [1, 2]), idx([2], [7, 1]));
      assertThrows(() => MNIST(dir, { train: false }), FormatError, /3 dimensions are needed/);
    }));

  test("the real MNIST, where STEGOSAUR_DATA names a folder with it", () => {
    const root = Deno.env.get("STEGOSAUR_DATA");
    if (!root) return console.log("  STEGOSAUR_DATA is not set: the real MNIST was not read");
    const data = MNIST(root, { train: false });
    assert.equal([data.length, data.sampleShape], [10000, [1, 28, 28]]);
    assert.equal([...data.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
  });
});

suite("CIFAR-10 files", (test) => {
  const record = (label: number, pixel: number) => [label, ...new Array<number>(3072).fill(pixel)];

  test("batches are joined in order", () =>
    inFolder((dir) => {
      writeFileSync(join(dir, "data_batch_1.bin"), Uint8Array.from([...record(3, 0), ...record(9, 255)]));
      writeFileSync(join(dir, "data_batch_2.bin"), Uint8Array.from(record(0, 51)));
      const data = CIFAR10(dir);
      assert.equal([data.length, data.sampleShape, [...data.labels]], [3, [3, 32, 32], [3, 9, 0]]);
      assert.equal([data.image(0)[0], data.image(1)[3071], data.image(2)[5]], [0, 1, Math.fround(0.2)]);
      assert.is(data.classes[3], "cat");
      writeFileSync(join(dir, "data_batch_4.bin"), Uint8Array.from(record(0, 51)));
      assertThrows(() => CIFAR10(dir), FormatError, /without data_batch_3.bin/);
      assertThrows(() => CIFAR10(dir, { train: false }), FormatError, /without test_batch.bin/);
    }));

  test("sizes and labels are checked", () => {
    const parse = (bytes: number[]) => () => parseCifar10([{ bytes: Uint8Array.from(bytes), name: "f" }]);
    assertThrows(parse([]), FormatError, /f of 0 bytes/);
    assertThrows(parse(record(1, 1).slice(1)), FormatError, /exactly 3073/);
    assertThrows(parse([...record(1, 1), 5]), FormatError, /of 3074 bytes/);
    assertThrows(parse([...record(1, 1), ...record(10, 1)]), FormatError, /label 10 of record 1/);
  });
});

suite("ImageDataset", (test) => {
  const make = () => new ImageDataset(Float32Array.of(0, 1, 0.5, 0.25), Uint8Array.of(4, 2), [2, 1, 1]);

  test("normalize works for each channel and composes", () => {
    const data = make().normalize([0.5, 0], [0.5, 2]);
    assert.equal([...data.images], [-1, 0.5, 0, 0.125]);
    data.normalize([1, 1], [2, 1]);
    assert.equal([...data.images], [-1, -0.5, -0.5, -0.875]);
    const restored = [...data.images].map((v, i) => v * data.std[i % 2] + data.mean[i % 2]);
    assert.equal(restored, [0, 1, 0.5, 0.25]);
  });

  test("slices share memory", () => {
    const data = make();
    const part = data.slice(1);
    assert.equal([part.length, part.labels[0], ...part.image(0)], [1, 2, 0.5, 0.25]);
    part.image(0)[0] = 9;
    assert.is(data.images[2], 9);
  });

  test("bad arguments are refused before anything changes", () => {
    const data = make();
    assertThrows(() => data.normalize([0], [1]), ShapeError, /each of 2 channels/);
    assertThrows(() => data.normalize([0, 0], [1, 0]), ValueError, /std 0: a positive/);
    assertThrows(() => data.normalize([0, NaN], [1, 1]), ValueError, /mean NaN: a finite/);
    assert.equal([...data.images], [0, 1, 0.5, 0.25]);
    assertThrows(() => data.image(2), ValueError, /image 2/);
    assertThrows(() => data.slice(1, 3), ValueError, /slice 1 to 3/);
    assertThrows(() => new ImageDataset(new Float32Array(3), new Uint8Array(2), [2, 1, 1]), ShapeError, /3 pixels/);
    assertThrows(
      () => new ImageDataset(new Float32Array(1), Uint8Array.of(10), [1, 1, 1]),
      ValueError,
      /labels\[0\] 10/,
    );
    assertThrows(() => new ImageDataset(new Float32Array(1), Uint8Array.of(1), [1, 1]), ShapeError, /three/);
  });
});
