/** @file Batches of a dataset, in order or shuffled as PyTorch shuffles with the same seed. */

import { device, type DeviceLike, get_default_device } from "../tensor/device.ts";
import { float32, int64 } from "../tensor/dtype.ts";
import { ValueError } from "../tensor/errors.ts";
import { checkKnown } from "../tensor/options.ts";
import { default_generator, Generator, permutation } from "../tensor/random.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import type { Dataset } from "./dataset.ts";

/** Images [N, ...sampleShape] in float32 and their labels [N] in int64. */
export type Batch = readonly [images: Tensor, labels: Tensor];

/** Options of `DataLoader`, named as PyTorch's. */
export interface DataLoaderOptions {
  /** Samples in a batch; 1 when left out. */
  readonly batch_size?: number;
  /** Another random order in every epoch. */
  readonly shuffle?: boolean;
  /** Leaves out the last batch when it is smaller than the others. */
  readonly drop_last?: boolean;
  /** Source of the random order; the default generator when left out. */
  readonly generator?: Generator;
  /** Where the batches are made; the default device when left out. */
  readonly device?: DeviceLike;
}

const known: readonly string[] = ["batch_size", "shuffle", "drop_last", "generator", "device"];

/**
 * Reads a dataset in batches: each `for (const [images, labels] of loader)` is one epoch.
 *
 * The random numbers are drawn as PyTorch draws them (1.13, `torch.utils.data`): an epoch begins with one 64-bit draw, shuffled or not;
 * then, without a `generator` of its own, a second one seeds a fresh generator for the permutation.
 * With one, the permutation comes from that generator, and the epoch's end draws another, which PyTorch throws away too.
 */
export class DataLoader implements Iterable<Batch> {
  /** Samples in a batch. */
  readonly batch_size: number;
  /** Leaves out the last batch when it is smaller than the others. */
  readonly drop_last: boolean;
  /** Another random order in every epoch. */
  readonly shuffle: boolean;
  readonly #generator: Generator | undefined;
  readonly #device: DeviceLike | undefined;

  /**
   * Makes a loader; nothing is read yet.
   *
   * @param dataset what to read
   * @throws ValueError when an option is unknown, or `batch_size` is not a positive whole number
   */
  constructor(readonly dataset: Dataset, options: DataLoaderOptions = {}) {
    checkKnown("make DataLoader", options, known);
    const { batch_size = 1, shuffle = false, drop_last = false } = options;
    if (!Number.isSafeInteger(batch_size) || batch_size < 1) {
      throw new ValueError(`Cannot make DataLoader batch_size ${batch_size}: a positive whole number is needed`);
    }
    this.batch_size = batch_size;
    this.shuffle = shuffle;
    this.drop_last = drop_last;
    this.#generator = options.generator;
    this.#device = options.device;
  }

  /** Number of batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batch_size;
    return this.drop_last ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Begins an epoch. */
  [Symbol.iterator](): Iterator<Batch> {
    // PyTorch draws this to seed its worker processes when the iteration begins; the rest waits for the first batch
    (this.#generator ?? default_generator).random64();
    return this.#batches();
  }

  /** Begins an epoch for `for await`; the same batches. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    for (const batch of this) yield await Promise.resolve(batch); // yield* would ask for this very iterator
  }

  *#batches(): IterableIterator<Batch> {
    const indices: number[] = [];
    for (const index of this.shuffle ? this.#shuffled() : this.#inOrder()) {
      indices.push(index);
      if (indices.length < this.batch_size) continue;
      yield this.#read(indices);
      indices.length = 0;
    }
    if (indices.length > 0 && !this.drop_last) yield this.#read(indices);
  }

  *#inOrder(): IterableIterator<number> {
    for (let i = 0; i < this.dataset.length; i++) yield i;
  }

  *#shuffled(): IterableIterator<number> {
    const n = this.dataset.length;
    const own = this.#generator;
    const generator = own ?? new Generator().manual_seed(BigInt.asUintN(63, default_generator.random64()));
    yield* permutation(n, generator);
    if (own) permutation(n, own); // PyTorch asks for the first n % n of another permutation
  }

  #read(indices: readonly number[]): Batch {
    const { dataset } = this;
    const pixels = dataset.sampleShape.reduce((a, b) => a * b, 1);
    const images = new Float32Array(indices.length * pixels);
    const labels = new BigInt64Array(indices.length);
    indices.forEach((index, i) => {
      labels[i] = BigInt(dataset.read(index, images, i * pixels));
    });
    const place = this.#device === undefined ? get_default_device() : device(this.#device);
    return [
      fromArray(place, float32, [indices.length, ...dataset.sampleShape], images),
      fromArray(place, int64, [indices.length], labels),
    ];
  }
}
