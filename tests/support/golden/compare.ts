/** @file Comparing results with golden values. */

import { Tensor } from "../../../tensor/tensor.ts";
import { isTensorJson, type Json, type TensorJson, Thrown, toNumber } from "./case.ts";
import { type Det, generate } from "./det.ts";
import { standsFor } from "./errors.ts";

/** How far apart numbers may be: `|got - want| <= atol + rtol * |want|`. */
export interface Tolerances {
  readonly rtol: number;
  readonly atol: number;
}

/** Describes every place where `got` is not `want`; an empty list when there is none. */
export function differences(got: unknown, want: Json, tol: Tolerances, path = ""): string[] {
  if (typeof want === "object" && want !== null && typeof want.error === "string") return errors(got, want.error, path);
  if (got instanceof Thrown) return [`${path}: threw ${String(got.error)}`];
  if (want === null) return got === null || got === undefined ? [] : [`${path}: ${show(got)}, expected null`];
  if (isTensorJson(want)) return tensors(got, want, tol, path);
  if (Array.isArray(want) || Array.isArray(want.tuple)) return lists(got, want.tuple ?? want, tol, path);
  if (typeof want === "object" && "det" in want) return detVector(got, want, tol, path);
  if (typeof want === "object") return objects(got, want, tol, path);
  const number = toNumber(want);
  if (number === undefined || typeof got === "string") {
    return got === want ? [] : [`${path}: ${show(got)}, expected ${show(want)}`];
  }
  const value = got instanceof Tensor && got.numel() === 1 ? got.item() : got;
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return isNumber && close(value, number, tol) ? [] : [`${path}: ${show(got)}, expected ${show(want)}`];
}

function show(v: unknown): string {
  if (v instanceof Tensor) return `tensor of shape [${v.shape.join(", ")}]`;
  const text = typeof v === "bigint"
    ? `${v}`
    : JSON.stringify(v, (_, e) => typeof e === "bigint" ? `${e}` : e) ?? `${v}`;
  return text.length > 120 ? text.slice(0, 117) + "..." : text;
}

function close(got: number | bigint, want: number | bigint, { rtol, atol }: Tolerances): boolean {
  if (got == want) return true; // deno-lint-ignore-line eqeqeq
  if (typeof got === "bigint" && typeof want === "bigint" && rtol === 0 && atol === 0) return false;
  const a = Number(got), b = Number(want);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b);
  if (rtol === 0 && atol === 0) return a === b && typeof got === typeof want;
  return Math.abs(a - b) <= atol + rtol * Math.abs(b);
}

function errors(got: unknown, python: string, path: string): string[] {
  if (!(got instanceof Thrown)) return [`${path}: no error, expected ${python}`];
  if (standsFor(got.error, python)) return [];
  return [`${path}: threw ${String(got.error)}, which does not stand for ${python}`];
}

function elements(
  got: ArrayLike<number | bigint>,
  want: ArrayLike<number | bigint>,
  tol: Tolerances,
  path: string,
): string[] {
  let wrong = 0, worst = -1, distance = -1;
  for (let i = 0; i < want.length; i++) {
    if (close(got[i], want[i], tol)) continue;
    wrong++;
    const gap = Math.abs(Number(got[i]) - Number(want[i]));
    if (gap > distance || worst < 0) distance = gap, worst = i;
  }
  if (wrong === 0) return [];
  return [
    `${path}: ${wrong} of ${want.length} elements differ; worst [${worst}] is ${got[worst]}, expected ${want[worst]}`,
  ];
}

function tensors(got: unknown, want: TensorJson, tol: Tolerances, path: string): string[] {
  if (!(got instanceof Tensor)) return [`${path}: ${show(got)}, expected a tensor`];
  if (got.dtype.name !== want.dtype) return [`${path}: dtype ${got.dtype.name}, expected ${want.dtype}`];
  if (`${got.shape}` !== `${want.shape}`) return [`${path}: shape [${got.shape}], expected [${want.shape}]`];
  const rounded = want.dtype === "float32" ? Math.fround : (v: number): number => v;
  const numbers = want.data.map((e) => {
    const v = toNumber(e) ?? NaN;
    if (want.dtype === "int64") return BigInt(v);
    return typeof v === "bigint" ? Number(v) : rounded(v);
  });
  return elements(got.numpy(), numbers, tol, path);
}

function detVector(got: unknown, want: Det, tol: Tolerances, path: string): string[] {
  return got instanceof Tensor ? elements(got.numpy(), generate(want), tol, path) : [`${path}: expected a tensor`];
}

function lists(got: unknown, want: readonly Json[], tol: Tolerances, path: string): string[] {
  if (!Array.isArray(got)) return [`${path}: ${show(got)}, expected a list`];
  if (got.length !== want.length) return [`${path}: ${got.length} entries, expected ${want.length}`];
  return want.flatMap((w, i) => differences(got[i], w, tol, `${path}[${i}]`));
}

function objects(got: unknown, want: { readonly [key: string]: Json }, tol: Tolerances, path: string): string[] {
  if (typeof got !== "object" || got === null) return [`${path}: ${show(got)}, expected an object`];
  const entries = got as { readonly [key: string]: unknown };
  return Object.keys(want).flatMap((key) => differences(entries[key], want[key], tol, path ? `${path}.${key}` : key));
}
