/** @file CIFAR-10 from its binary batches: records of one label byte and 3072 pixel bytes, channels first. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "../tensor/errors.ts";
import { checkKnown } from "../tensor/options.ts";
import { ImageDataset } from "./dataset.ts";
import type { SplitOptions } from "./idx.ts";

const pixelsOfImage = 3 * 32 * 32;
const recordSize = 1 + pixelsOfImage;
const folder = "cifar-10-batches-bin";
const classes: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

/** Throws unless `bytes` is a whole number of records whose labels name a class. */
function checkBatch(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0 || bytes.length % recordSize !== 0) {
    throw new FormatError(
      `Cannot read ${name} of ${bytes.length} bytes: records of exactly ${recordSize} are needed`,
    );
  }
  for (let at = 0; at < bytes.length; at += recordSize) {
    if (bytes[at] < classes.length) continue;
    throw new FormatError(
      `Cannot read ${name} with label ${bytes[at]} of record ${at / recordSize}: 0 to ${classes.length - 1} is needed`,
    );
  }
}

/**
 * A dataset from the contents of CIFAR-10 batches. Pixels are 0 to 1, shape [3, 32, 32].
 *
 * @param batches contents and name of each file
 * @throws FormatError when one is not a whole number of records, or has a label above 9
 */
export function parseCifar10(batches: readonly { readonly bytes: Uint8Array; readonly name: string }[]): ImageDataset {
  for (const { bytes, name } of batches) checkBatch(bytes, name);
  const count = batches.reduce((n, { bytes }) => n + bytes.length / recordSize, 0);
  const images = new Float32Array(count * pixelsOfImage);
  const labels = new Uint8Array(count);
  let image = 0;
  for (const { bytes } of batches) {
    for (let at = 0; at < bytes.length; at += recordSize, image++) {
      labels[image] = bytes[at];
      const start = image * pixelsOfImage;
      for (let i = 0; i < pixelsOfImage; i++) images[start + i] = bytes[at + 1 + i] / 255;
    }
  }
  return new ImageDataset(images, labels, [3, 32, 32], { name: "cifar10", classes });
}

/**
 * CIFAR-10 from `data_batch_1.bin` to `data_batch_5.bin` (those that are there, at least the first, without gaps) or
 * `test_batch.bin`, in the folder `root` or in `root/cifar-10-batches-bin`. Pixels are 0 to 1, shape [3, 32, 32].
 *
 * @throws FormatError when a file is missing or is not what it should be
 * @throws ValueError when an option is unknown
 */
export function CIFAR10(root: string, options: SplitOptions = {}): ImageDataset {
  checkKnown("read CIFAR-10", options, ["train"]);
  const train = options.train ?? true;
  const names = train ? [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`) : ["test_batch.bin"];
  const dir = [root, join(root, folder)].find((d) => existsSync(join(d, names[0])));
  if (dir === undefined) {
    throw new FormatError(
      `Cannot read CIFAR-10 from "${root}" without ${names[0]}: the file is needed there or in its folder ${folder}`,
    );
  }
  const present = names.map((name) => join(dir, name)).filter((path) => existsSync(path));
  const gap = present.findIndex((path, i) => path !== join(dir, names[i]));
  if (gap >= 0) {
    throw new FormatError(`Cannot read CIFAR-10 from "${root}" without ${names[gap]}: batches without gaps are needed`);
  }
  return parseCifar10(present.map((path) => ({ bytes: readFileSync(path), name: path })));
}
