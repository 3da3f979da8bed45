/** @file Parts of a dataset. */

import { ValueError } from "../tensor/errors.ts";
import { default_generator, type Generator, permutation } from "../tensor/random.ts";
import type { Dataset } from "./dataset.ts";

/** Some samples of another dataset, under new numbers. */
export class Subset implements Dataset {
  /**
   * @param dataset where the samples are
   * @param indices their numbers there
   * @throws ValueError when there is no such sample
   */
  constructor(readonly dataset: Dataset, readonly indices: readonly number[]) {
    const bad = indices.find((i) => !Number.isInteger(i) || i < 0 || i >= dataset.length);
    if (bad !== undefined) {
      throw new ValueError(`Cannot make Subset index ${bad}: whole numbers below ${dataset.length} are needed`);
    }
  }

  get length(): number {
    return this.indices.length;
  }

  get sampleShape(): readonly number[] {
    return this.dataset.sampleShape;
  }

  read(index: number, into: Float32Array, at: number): number {
    const sample = this.indices[index];
    if (sample === undefined) {
      throw new ValueError(`Cannot read sample ${index}: a number in [0, ${this.length - 1}] is needed`);
    }
    return this.dataset.read(sample, into, at);
  }
}

/**
 * Divides a dataset at random into parts of the given lengths; one permutation is drawn, as in PyTorch.
 *
 * @throws ValueError unless the lengths are whole numbers that add up to the dataset's
 */
export function random_split(
  dataset: Dataset,
  lengths: readonly number[],
  options: { readonly generator?: Generator } = {},
): Subset[] {
  const total = lengths.reduce((a, b) => a + b, 0);
  if (total !== dataset.length || lengths.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ValueError(
      `Cannot random_split ${dataset.length} samples into [${
        lengths.join(", ")
      }]: whole numbers that add up are needed`,
    );
  }
  const order = Array.from(permutation(total, options.generator ?? default_generator));
  let at = 0;
  return lengths.map((n) => new Subset(dataset, order.slice(at, at += n)));
}
