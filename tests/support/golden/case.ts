/** @file Golden cases: what a file holds, and its values as tensors, tuples and numbers. */

import { get_default_device } from "../../../tensor/device.ts";
import { type DTypeName, dtypes } from "../../../tensor/dtype.ts";
import { arrayFrom } from "../../../tensor/host.ts";
import { fromArray, type Tensor } from "../../../tensor/tensor.ts";
import { type Det, generate } from "./det.ts";

/** Any value of a golden file. */
// deno-lint-ignore no-explicit-any
export type Json = any;

/** One case of a golden file. */
export interface GoldenCase {
  readonly name: string;
  readonly op?: string;
  readonly inputs: { readonly [name: string]: Json };
  readonly args: { readonly [name: string]: Json };
  readonly expected: Json;
  readonly tol?: { readonly rtol: number; readonly atol: number; readonly note?: string };
  readonly note?: string;
}

/** What a mended defect changes: its number in the list of upstream's defects, and what the case gives instead. */
export interface Mended {
  readonly defect: number;
  readonly expected: Json;
}

/** How the cases of one file are run. */
export interface Handler {
  /** Gives what is compared with `expected`: the same structure, with tensors. Throws Skip for what is not there yet. */
  run(c: GoldenCase): unknown;
  /** Tells by the case's content whether a mended defect changes it. */
  mended?(c: GoldenCase): Mended | null;
}

/** Thrown by a handler to leave a case out. */
export class Skip extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

/** What a call threw, in the place of its result. */
export class Thrown {
  constructor(readonly error: unknown) {}
}

/** The result of `f`, or what it threw; skips pass through. */
export function attempt<T>(f: () => T): T | Thrown {
  try {
    return f();
  } catch (error) {
    if (error instanceof Skip) throw error;
    return new Thrown(error);
  }
}

/** A tensor as golden files write it. */
export interface TensorJson {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly data: readonly (number | bigint | string)[];
}

/** True for a tensor in a golden file. */
export function isTensorJson(v: Json): v is TensorJson {
  return typeof v === "object" && v !== null && Array.isArray(v.shape) && Array.isArray(v.data) && v.dtype in dtypes;
}

const specials: { readonly [name: string]: number } = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** A number as golden files write it; undefined when it is not one. */
export function toNumber(v: Json): number | bigint | undefined {
  if (typeof v === "number" || typeof v === "bigint") return v;
  return typeof v === "string" && Object.hasOwn(specials, v) ? specials[v] : undefined;
}

/** A tensor on the default device from its description. */
export function toTensor(v: TensorJson | Det): Tensor {
  if ("det" in v) {
    const array = generate(v);
    return fromArray(get_default_device(), dtypes.float32, [array.length], array);
  }
  const dtype = dtypes[v.dtype];
  const numbers = v.data.map((e) => toNumber(e) ?? NaN);
  return fromArray(get_default_device(), dtype, v.shape, arrayFrom(numbers, dtype));
}

/** `v` with tensors in the place of their descriptions, and lists in the place of tuples. */
export function decode(v: Json): Json {
  if (typeof v !== "object" || v === null) return v;
  if (isTensorJson(v) || "det" in v) return toTensor(v as TensorJson | Det);
  if (Array.isArray(v)) return v.map(decode);
  if (Array.isArray(v.tuple)) return v.tuple.map(decode);
  return Object.fromEntries(Object.entries(v).map(([key, e]) => [key, decode(e)]));
}

type Reviver = (key: string, value: Json, context: { source?: string }) => Json;

// integers beyond 2^53 become bigints, so that int64 values stay exact
const exact: Reviver = (_, value, { source }) => {
  const large = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return large && /^-?\d+$/.test(source ?? "") ? BigInt(source!) : value;
};

/** The cases of a golden file's text. */
export function parseCases(text: string): GoldenCase[] {
  return JSON.parse(text, exact as (key: string, value: Json) => Json);
}
