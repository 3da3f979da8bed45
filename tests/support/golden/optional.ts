/** @file Parts of the library that golden cases need and that may not exist yet. */

import "../../../setup.ts";
import { Skip } from "./case.ts";

/** What a module exports. */
// deno-lint-ignore no-explicit-any
export type Exports = { readonly [name: string]: any };

const loaded = new Map<string, Exports | null>();

/** Loads a module of the library by its path from the root; null when there is no such file. */
export async function optional(path: string): Promise<Exports | null> {
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const url = new URL(`../../../${path}`, import.meta.url);
  let exists = true;
  try {
    Deno.statSync(url);
  } catch {
    exists = false;
  }
  const exports: Exports | null = exists ? await import(url.href) : null;
  loaded.set(path, exports);
  return exports;
}

/** An export of a module of the library; skips the case when there is none. */
export async function need(path: string, ...names: readonly string[]): Promise<Exports[string]> {
  let value: Exports[string] = await optional(path);
  for (const name of names) value = value?.[name];
  if (value === undefined || value === null) throw new Skip(`needs ${[...names].join(".")} of ${path}`);
  return value;
}
