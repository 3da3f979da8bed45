/** @file IDX files, plain or compressed with gzip, and MNIST, which comes in four of them. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { FormatError } from "../tensor/errors.ts";
import { checkKnown } from "../tensor/options.ts";
import { ImageDataset, pixelsFromBytes } from "./dataset.ts";

/** Contents of an IDX file of bytes. */
export interface IdxArray {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: readonly number[];
  /** The elements, row by row. */
  readonly bytes: Uint8Array;
}

const unsignedByte = 0x08;
const largestFile = 2 ** 31 - 1; // what the decompressor may write, so that a damaged or hostile file cannot fill memory

/** True when a file begins as gzip files do. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function unzip(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: largestFile });
  } catch (cause) {
    throw new FormatError(
      `Cannot read ${name} damaged or truncated gzip data: a complete gzip file is needed`,
      { cause },
    );
  }
}

/**
 * Reads the contents of an IDX file of unsigned bytes, plain or compressed with gzip.
 * The format: two zero bytes, the element type, the number of dimensions, their sizes as big-endian 32-bit numbers,
 * then the elements.
 *
 * @param contents the whole file
 * @param name what the file is called in errors
 * @throws FormatError when it is not such a file, is cut short, or has bytes left over
 */
export function parseIdx(contents: Uint8Array, name: string): IdxArray {
  const bytes = isGzip(contents) ? unzip(contents, name) : contents;
  if (bytes.length < 4) {
    throw new FormatError(`Cannot read ${name} of ${bytes.length} bytes: an IDX header of at least 4 is needed`);
  }
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== unsignedByte || bytes[3] === 0) {
    const magic = Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join(" ");
    throw new FormatError(
      `Cannot read ${name} that begins with ${magic}: an IDX file of unsigned bytes (00 00 08 and the dimensions) is needed`,
    );
  }
  const rank = bytes[3];
  const header = 4 + 4 * rank;
  if (bytes.length < header) {
    throw new FormatError(`Cannot read ${name} of ${bytes.length} bytes: its header alone needs ${header}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const needed = header + shape.reduce((a, b) => a * b, 1);
  if (bytes.length !== needed) {
    const what = bytes.length < needed ? "truncated to" : "with left-over bytes, of";
    throw new FormatError(
      `Cannot read ${name} ${what} ${bytes.length} bytes: the shape [${shape.join(", ")}] needs exactly ${needed}`,
    );
  }
  return { shape, bytes: bytes.subarray(header) };
}

/** Where to look for a file of MNIST, in order. */
function candidates(root: string, name: string): string[] {
  return [root, join(root, "mnist")].flatMap((dir) => [join(dir, name), join(dir, `${name}.gz`)]);
}

function readIdxFile(root: string, name: string, rank: number): IdxArray {
  const path = candidates(root, name).find((p) => existsSync(p));
  if (path === undefined) {
    throw new FormatError(
      `Cannot read MNIST from "${root}" without ${name}: the file, plain or as .gz, is needed there or in its folder mnist`,
    );
  }
  const array = parseIdx(readFileSync(path), path);
  if (array.shape.length !== rank) {
    throw new FormatError(
      `Cannot read ${path} of shape [${array.shape.join(", ")}]: ${rank} dimension${rank > 1 ? "s are" : " is"} needed`,
    );
  }
  return array;
}

/** Which half of a dataset to read. */
export interface SplitOptions {
  /** The training images (default) or, when false, the test images. */
  readonly train?: boolean;
}

/**
 * MNIST, or any dataset in its four files (`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-...`), each plain or
 * with `.gz`, in the folder `root` or in `root/mnist`. Pixels are 0 to 1, shape [1, 28, 28].
 *
 * @throws FormatError when a file is missing or is not what it should be
 * @throws ValueError when an option is unknown
 */
export function MNIST(root: string, options: SplitOptions = {}): ImageDataset {
  checkKnown("read MNIST", options, ["train"]);
  const prefix = options.train ?? true ? "train" : "t10k";
  const images = readIdxFile(root, `${prefix}-images-idx3-ubyte`, 3);
  const labels = readIdxFile(root, `${prefix}-labels-idx1-ubyte`, 1);
  const [count, height, width] = images.shape;
  if (count !== labels.shape[0]) {
    throw new FormatError(
      `Cannot read MNIST from "${root}" with ${count} images: ${labels.shape[0]} labels need as many`,
    );
  }
  if (count === 0 || height === 0 || width === 0) {
    throw new FormatError(`Cannot read MNIST from "${root}" of shape [${images.shape}]: at least one pixel is needed`);
  }
  const foreign = labels.bytes.findIndex((label) => label > 9);
  if (foreign >= 0) {
    throw new FormatError(
      `Cannot read MNIST from "${root}" with label ${labels.bytes[foreign]} of image ${foreign}: 0 to 9 is needed`,
    );
  }
  return new ImageDataset(pixelsFromBytes(images.bytes), labels.bytes.slice(), [1, height, width], { name: "mnist" });
}
