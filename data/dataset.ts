/** @file What a data loader reads from, and the images in memory that every built-in dataset is. */

import { ShapeError, ValueError } from "../tensor/errors.ts";

/** Images with one label each, which a `DataLoader` can read in any order. */
export interface Dataset {
  /** Number of samples. */
  readonly length: number;
  /** Shape of one image: channels, height, width. */
  readonly sampleShape: readonly number[];
  /**
   * Writes the image of sample `index` into `into` from element `at` on, and returns its label.
   *
   * @throws ValueError when there is no such sample
   */
  read(index: number, into: Float32Array, at: number): number;
}

/** Options of `ImageDataset`. */
export interface ImageDatasetOptions {
  /** What the dataset is called in messages and pictures. */
  readonly name?: string;
  /** Names of the classes; the labels count from 0. The digits "0" to "9" when left out. */
  readonly classes?: readonly string[];
}

const digitNames: readonly string[] = Array.from({ length: 10 }, (_, i) => String(i));

/** Images of one size in memory. Pixels are 0 to 1 until `normalize` is called. */
export class ImageDataset implements Dataset {
  /** What the dataset is called in messages and pictures. */
  readonly name: string;
  /** Names of the classes; the labels count from 0. */
  readonly classes: readonly string[];
  /** Shape of one image: [C, H, W]. */
  readonly sampleShape: readonly number[];
  /** What `normalize` subtracted and divided by, for each channel; 0 and 1 before. */
  #mean: readonly number[];
  #std: readonly number[];

  /**
   * Makes a dataset of images in memory.
   *
   * @param images pixels [N, C, H, W], row by row; used as they are, not copied
   * @param labels class of each image, 0 to `classes.length - 1`
   * @param sampleShape [C, H, W]
   * @throws ShapeError when the sizes do not fit together
   * @throws ValueError when a label names no class
   */
  constructor(
    readonly images: Float32Array,
    readonly labels: Uint8Array,
    sampleShape: readonly number[],
    options: ImageDatasetOptions = {},
  ) {
    this.name = options.name ?? "images";
    this.classes = options.classes ?? digitNames;
    this.sampleShape = [...sampleShape];
    if (sampleShape.length !== 3 || sampleShape.some((n) => !Number.isInteger(n) || n < 1)) {
      throw new ShapeError(`Cannot make ImageDataset sampleShape [${sampleShape}]: three positive sizes are needed`);
    }
    if (images.length !== labels.length * this.#pixels) {
      throw new ShapeError(
        `Cannot make ImageDataset images of ${images.length} pixels: ${labels.length} labels need ${
          labels.length * this.#pixels
        }`,
      );
    }
    const foreign = labels.findIndex((label) => label >= this.classes.length);
    if (foreign >= 0) {
      throw new ValueError(
        `Cannot make ImageDataset labels[${foreign}] ${labels[foreign]}: less than ${this.classes.length} is needed`,
      );
    }
    this.#mean = new Array<number>(sampleShape[0]).fill(0);
    this.#std = new Array<number>(sampleShape[0]).fill(1);
  }

  get #pixels(): number {
    return this.sampleShape[0] * this.sampleShape[1] * this.sampleShape[2];
  }

  /** Number of images. */
  get length(): number {
    return this.labels.length;
  }

  /** Mean that `normalize` subtracted, for each channel. */
  get mean(): readonly number[] {
    return this.#mean;
  }

  /** Standard deviation that `normalize` divided by, for each channel. */
  get std(): readonly number[] {
    return this.#std;
  }

  /**
   * The pixels of one image, [C, H, W]; changing them changes the dataset.
   *
   * @throws ValueError when there is no such image
   */
  image(index: number): Float32Array {
    this.#checkIndex(index);
    return this.images.subarray(index * this.#pixels, (index + 1) * this.#pixels);
  }

  read(index: number, into: Float32Array, at: number): number {
    into.set(this.image(index), at);
    return this.labels[index];
  }

  /**
   * Replaces every pixel by `(pixel - mean) / std`, each step rounded to float32 as torchvision does, and returns the dataset.
   *
   * @param mean one number for each channel
   * @param std one positive number for each channel
   * @throws ShapeError unless there is one number for each channel
   * @throws ValueError when a number is not finite, or a deviation not positive
   */
  normalize(mean: readonly number[], std: readonly number[]): this {
    const [channels] = this.sampleShape;
    for (const [name, values] of [["mean", mean], ["std", std]] as const) {
      if (values.length !== channels) {
        throw new ShapeError(
          `Cannot normalize ${name} of ${values.length} numbers: one for each of ${channels} channels is needed`,
        );
      }
      const wrong = values.find((v) => !Number.isFinite(v) || (name === "std" && v <= 0));
      if (wrong !== undefined) {
        throw new ValueError(
          `Cannot normalize ${name} ${wrong}: ${name === "std" ? "a positive" : "a finite"} number is needed`,
        );
      }
    }
    const plane = this.sampleShape[1] * this.sampleShape[2];
    const { images } = this;
    for (let start = 0, c = 0; start < images.length; start += plane, c = (c + 1) % channels) {
      const m = Math.fround(mean[c]), s = Math.fround(std[c]);
      for (let i = start; i < start + plane; i++) images[i] = Math.fround(images[i] - m) / s;
    }
    this.#std = this.#std.map((s, c) => s * std[c]);
    this.#mean = this.#mean.map((m, c) => m + mean[c] * this.#std[c] / std[c]);
    return this;
  }

  /**
   * Images `start` to `end - 1` as a dataset of their own, which shares their memory.
   *
   * @throws ValueError unless `0 <= start <= end <= length`
   */
  slice(start: number, end: number = this.length): ImageDataset {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > this.length) {
      throw new ValueError(
        `Cannot slice ${start} to ${end}: whole numbers from 0 to ${this.length}, in order, are needed`,
      );
    }
    const { name, classes } = this;
    const pixels = this.images.subarray(start * this.#pixels, end * this.#pixels);
    const part = new ImageDataset(pixels, this.labels.subarray(start, end), this.sampleShape, { name, classes });
    part.#mean = this.#mean;
    part.#std = this.#std;
    return part;
  }

  #checkIndex(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.length) return;
    throw new ValueError(`Cannot read image ${index}: a whole number from 0 to ${this.length - 1} is needed`);
  }
}

/** Pixels 0 to 1 from bytes 0 to 255: `byte / 255`, rounded to float32. */
export function pixelsFromBytes(bytes: Uint8Array): Float32Array {
  const pixels = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) pixels[i] = bytes[i] / 255;
  return pixels;
}
