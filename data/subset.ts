/** @file Parts of a dataset, chosen by index or at random. */

import { ShapeError, ValueError } from "../tensor/errors.ts";
import { default_generator, type Generator, permutation } from "../tensor/random.ts";
import type { Dataset } from "./dataset.ts";

/** Some samples of a dataset, in a given order. */
export class Subset implements Dataset {
  /**
   * Makes a dataset of the samples `indices` of another.
   *
   * @param dataset where the samples are read from
   * @param indices which samples; an index may come more than once
   * @throws ValueError when there is no such sample
   */
  constructor(readonly dataset: Dataset, readonly indices: readonly number[]) {
    const wrong = indices.find((i) => !Number.isInteger(i) || i < 0 || i >= dataset.length);
    if (wrong !== undefined) {
      throw new ValueError(
        `Cannot make Subset index ${wrong}: whole numbers from 0 to ${dataset.length - 1} are needed`,
      );
    }
  }

  /** Number of samples. */
  get length(): number {
    return this.indices.length;
  }

  /** Shape of one image. */
  get sampleShape(): readonly number[] {
    return this.dataset.sampleShape;
  }

  read(index: number, into: Float32Array, at: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new ValueError(`Cannot read sample ${index}: a whole number from 0 to ${this.length - 1} is needed`);
    }
    return this.dataset.read(this.indices[index], into, at);
  }
}

/** Options of `random_split`. */
export interface RandomSplitOptions {
  /** Source of the random order; the default generator when left out. */
  readonly generator?: Generator;
}

/**
 * Divides a dataset at random into parts of the given lengths, as PyTorch does with the same seed.
 *
 * @throws ShapeError unless the lengths are whole numbers that add up to the dataset's
 */
export function random_split(
  dataset: Dataset,
  lengths: readonly number[],
  options: RandomSplitOptions = {},
): Subset[] {
  const total = lengths.reduce((a, b) => a + b, 0);
  if (lengths.some((n) => !Number.isInteger(n) || n < 0) || total !== dataset.length) {
    throw new ShapeError(
      `Cannot random_split lengths [${lengths.join(", ")}]: whole numbers that add up to ${dataset.length} are needed`,
    );
  }
  const order = Array.from(permutation(total, options.generator ?? default_generator));
  let start = 0;
  return lengths.map((n) => new Subset(dataset, order.slice(start, start += n)));
}
