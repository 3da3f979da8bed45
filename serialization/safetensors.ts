/**
 * @file State dictionaries in safetensors files: a length (8 bytes, little endian), a JSON header, then the elements.
 *
 * Format: https://huggingface.co/docs/safetensors (version 0.4).
 */

import { readFileSync } from "node:fs";
import { device as findDevice, type DeviceLike } from "../tensor/device.ts";
import { arrayClass, type DType, type DTypeName, dtypes, type TypedArray } from "../tensor/dtype.ts";
import { FormatError, ValueError } from "../tensor/errors.ts";
import { gatherElements } from "../tensor/host.ts";
import { numelOf } from "../tensor/shape.ts";
import { assertAlive } from "../tensor/storage.ts";
import { fromArray, Tensor } from "../tensor/tensor.ts";
import { writeFileAtomic } from "./atomic_write.ts";

/** Names and tensors, as a module's `state_dict()` gives them. */
export type Tensors = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

/** A file's contents. */
export interface SafetensorsFile {
  /** Names and tensors, in the order of the header. */
  readonly tensors: Map<string, Tensor>;
  /** Free text entries of the writer. */
  readonly metadata: { readonly [key: string]: string };
}

const codes: { readonly [N in DTypeName]: string } = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

const dtypeOf: ReadonlyMap<string, DType> = new Map(Object.values(dtypes).map((d) => [codes[d.name], d]));

const longestHeader = 100_000_000; // the limit of the format

/**
 * Writes tensors to a file; an existing file is replaced only when all is written.
 *
 * @param metadata entries of free text, such as the settings of a run
 * @throws ValueError when a name is reserved, before anything is written
 */
export function saveSafetensors(
  path: string | URL,
  tensors: Tensors,
  metadata: { readonly [key: string]: string } = {},
): void {
  const entries: [string, Tensor][] = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  for (const [name, x] of entries) {
    if (name === "__metadata__") throw new ValueError(`Cannot save a tensor called ${name}: the name is reserved`);
    if (!(x instanceof Tensor)) throw new TypeError(`Cannot save ${name} of type ${typeof x}: a tensor is needed`);
    header[name] = null; // keeps its place; the elements are ordered otherwise
  }
  // the widest elements first, so that each array is aligned
  const ordered = [...entries].sort(([, a], [, b]) => b.dtype.itemsize - a.dtype.itemsize);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, x] of ordered) {
    const bytes = storedBytes(x);
    header[name] = { dtype: codes[x.dtype.name], shape: [...x.shape], data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  writeFileAtomic(path, length, padded, ...parts);
}

function storedBytes(x: Tensor): Uint8Array {
  assertAlive(x.storage);
  const source = x.device.readSync(x.storage);
  const { buffer, byteOffset, byteLength } = gatherElements(source, x.dtype, x.shape, x.strides, x.offset);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Reads a file, in the order of its header.
 *
 * @param options where the tensors are made
 * @throws FormatError when the file is truncated, has gaps or overlaps, or is of another kind
 */
export function loadSafetensors(path: string | URL, options: { device?: DeviceLike } = {}): SafetensorsFile {
  return parseSafetensors(readFileSync(path), options);
}

/** As `loadSafetensors`, from the bytes of a file. */
export function parseSafetensors(bytes: Uint8Array, options: { device?: DeviceLike } = {}): SafetensorsFile {
  const device = findDevice(options.device ?? "cpu");
  const [header, start] = readHeader(bytes);
  const { __metadata__: metadata = {}, ...rest } = header;
  checkMetadata(metadata);
  const entries = Object.entries(rest).map(([name, entry]) => checkEntry(name, entry));
  checkCoverage(entries, bytes.length - start);
  const arrays = entries.map((e) => elements(e, bytes, start));
  const tensors = new Map<string, Tensor>();
  entries.forEach((e, i) => tensors.set(e.name, fromArray(device, e.dtype, e.shape, arrays[i])));
  return { tensors, metadata };
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

function bad(what: string, needed: string): FormatError {
  return new FormatError(`Cannot load safetensors ${what}: ${needed}`);
}

function readHeader(bytes: Uint8Array): [{ [name: string]: unknown }, number] {
  if (bytes.length < 8) throw bad(`file of ${bytes.length} bytes`, "8 bytes with the header's length are needed");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > longestHeader || Number(length) + 8 > bytes.length) {
    throw bad(`header of ${length} bytes`, `the file has ${bytes.length} bytes: it is truncated or of another format`);
  }
  const start = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw Object.assign(bad("header", "JSON text is needed"), { cause });
  }
  if (!isObject(header)) throw bad("header", "a JSON object is needed");
  return [header, start];
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkMetadata(value: unknown): asserts value is { [key: string]: string } {
  if (isObject(value) && Object.values(value).every((v) => typeof v === "string")) return;
  throw bad("__metadata__", "an object of strings is needed");
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function checkEntry(name: string, entry: unknown): Entry {
  if (!isObject(entry)) throw bad(name, "an entry with dtype, shape and data_offsets is needed");
  const { dtype: code, shape, data_offsets: offsets } = entry;
  const dtype = typeof code === "string" ? dtypeOf.get(code) : undefined;
  if (!dtype) throw bad(`${name} of dtype ${code}`, `the dtypes are ${[...dtypeOf.keys()].join(", ")}`);
  if (!isSizes(shape)) throw bad(`${name} with shape ${JSON.stringify(shape)}`, "a list of sizes is needed");
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw bad(`${name} with data_offsets ${JSON.stringify(offsets)}`, "two numbers are needed");
  }
  const [begin, end] = offsets;
  const size = numelOf(shape) * dtype.itemsize;
  if (end - begin !== size) throw bad(`${name} of ${end - begin} bytes`, `its shape and dtype need ${size}`);
  return { name, dtype, shape, begin, end };
}

function checkCoverage(entries: readonly Entry[], length: number): void {
  let at = 0;
  for (const e of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (e.begin !== at) throw bad(`${e.name} at byte ${e.begin}`, `it must begin at ${at}, after the one before`);
    at = e.end;
  }
  if (at !== length) throw bad(`elements of ${length} bytes`, `the header describes ${at}`);
}

function elements({ name, dtype, begin, end }: Entry, bytes: Uint8Array, start: number): TypedArray {
  const own = new Uint8Array(bytes.subarray(start + begin, start + end)); // a copy, so aligned
  if (dtype.name === "bool" && own.some((v) => v > 1)) throw bad(`${name} of bool`, "bytes 0 and 1 are needed");
  return new (arrayClass(dtype))(own.buffer as ArrayBuffer) as TypedArray;
}
