/** @file DataLoader: sizes of batches, and the order of PyTorch for the same seed. */

import "../../setup.ts";
import * as assert from "uvu/assert";
import fc from "fast-check";
import { DataLoader, type DataLoaderOptions } from "../../data/dataloader.ts";
import { ImageDataset } from "../../data/dataset.ts";
import { int64 } from "../../tensor/dtype.ts";
import { ValueError } from "../../tensor/errors.ts";
import { default_generator, Generator, permutation } from "../../tensor/random.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

/** Images whose pixels are their index. */
function counting(n: number): ImageDataset {
  return new ImageDataset(Float32Array.from({ length: 2 * n }, (_, i) => i >> 1), new Uint8Array(n), [1, 1, 2]);
}

/** The indices in each batch of an epoch. */
function epoch(loader: DataLoader): number[][] {
  return Array.from(loader, ([images]) => Array.from(images.numpy() as Float32Array).filter((_, i) => i % 2 === 0));
}

suite("DataLoader", (test) => {
  test("gives images and int64 labels in order", () => {
    const data = new ImageDataset(Float32Array.of(1, 2, 3, 4, 5, 6), Uint8Array.of(7, 8, 9), [1, 1, 2]);
    const batches = [...new DataLoader(data, { batch_size: 2 })];
    assert.equal(batches.map(([x]) => x.shape), [[2, 1, 1, 2], [1, 1, 1, 2]]);
    assert.equal(batches.map(([x]) => x.tolist()), [[[[[1, 2]]], [[[3, 4]]]], [[[[5, 6]]]]]);
    assert.equal(batches.map(([, y]) => y.tolist()), [[7, 8], [9]]);
    assert.is(batches[0][1].dtype, int64);
  });

  test("every sample comes once, in batches of the size that length promises", () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 40 }),
      batch_size: fc.integer({ min: 1, max: 12 }),
      shuffle: fc.boolean(),
      drop_last: fc.boolean(),
    });
    fc.assert(fc.property(cases, ({ n, ...options }) => {
      const loader = new DataLoader(counting(n), options);
      const batches = epoch(loader);
      assert.is(batches.length, loader.length);
      const seen = batches.flat();
      assert.is(new Set(seen).size, seen.length);
      assert.is(seen.length, options.drop_last ? n - n % options.batch_size : n);
      if (!options.shuffle) assert.equal(seen, seen.toSorted((a, b) => a - b));
    }));
  });

  test("shuffles by a generator seeded with the second 64-bit draw of each epoch", () => {
    const source = new Generator().manual_seed(3);
    const orders = [0, 1].map(() => {
      source.random64();
      return [...permutation(10, new Generator().manual_seed(source.random64() & (2n ** 63n - 1n)))];
    });
    default_generator.manual_seed(3);
    const loader = new DataLoader(counting(10), { batch_size: 5, shuffle: true });
    assert.equal([epoch(loader).flat(), epoch(loader).flat()], orders);
    assert.not.equal(orders[0], orders[1]);
    assert.is(default_generator.random(), source.random());
  });

  test("gives the batches that PyTorch 1.13 gives after manual_seed(14)", () => {
    default_generator.manual_seed(14);
    const loader = new DataLoader(counting(10), { batch_size: 3, shuffle: true });
    assert.equal(epoch(loader), [[1, 0, 4], [9, 6, 2], [5, 7, 8], [3]]);
    assert.equal(epoch(loader), [[5, 8, 6], [1, 3, 2], [7, 4, 0], [9]]);
    const short = new DataLoader(counting(7), { batch_size: 2, shuffle: true, drop_last: true });
    assert.equal(epoch(short), [[2, 5], [4, 1], [6, 3]]);
  });

  test("with a generator of its own: one draw, the permutation, and another at the end", () => {
    const source = new Generator().manual_seed(5);
    const orders = [0, 1].map(() => {
      source.random64();
      const order = [...permutation(9, source)];
      permutation(9, source);
      return order;
    });
    default_generator.manual_seed(1);
    const untouched = new Generator().manual_seed(1).random();
    const loader = new DataLoader(counting(9), { shuffle: true, generator: new Generator().manual_seed(5) });
    assert.equal([epoch(loader).flat(), epoch(loader).flat()], orders);
    assert.is(default_generator.random(), untouched);
  });

  test("an epoch in order takes one draw", () => {
    default_generator.manual_seed(2);
    const source = new Generator().manual_seed(2);
    source.random64();
    epoch(new DataLoader(counting(4)));
    assert.is(default_generator.random(), source.random());
  });

  test("for await gives the same batches", async () => {
    const loader = new DataLoader(counting(5), { batch_size: 2, shuffle: true });
    default_generator.manual_seed(7);
    const want = epoch(loader);
    default_generator.manual_seed(7);
    const got: number[][] = [];
    for await (const [images] of loader) {
      got.push(Array.from(images.numpy() as Float32Array).filter((_, i) => i % 2 === 0));
    }
    assert.equal(got, want);
  });

  test("bad options are refused", () => {
    const make = (options: object) => () => new DataLoader(counting(2), options as DataLoaderOptions);
    assertThrows(make({ batch_size: 0 }), ValueError, /batch_size 0/);
    assertThrows(make({ batchSize: 2 }), ValueError, /option batchSize: the options are batch_size/);
    assertThrows(() => [...new DataLoader(counting(2), { device: "moon" })], Error, /"moon"/);
  });
});
