/** @file YAML for flat maps: scalars and lists of numbers, as descriptors are written to text. */

import { FormatError } from "../../tensor/errors.ts";

/** A value of a flat map; lists may be nested. */
export type FlatValue = null | boolean | number | string | readonly FlatValue[];

/** A flat map. */
export type FlatMap = { readonly [key: string]: FlatValue };

/** Keys whose whole numbers are written with a decimal point, so that other readers see floats. */
const floatKeys = new Set(["amax", "scale_amax"]);

/** The map as YAML text with sorted keys, one line for each scalar and list element. */
export function writeFlatYaml(map: FlatMap): string {
  let text = "";
  for (const key of Object.keys(map).sort()) {
    const value = map[key];
    const asFloat = floatKeys.has(key);
    if (Array.isArray(value)) text += `${key}:\n${value.map((v) => `- ${writeValue(v, asFloat)}\n`).join("")}`;
    else text += `${key}: ${writeValue(value, asFloat)}\n`;
  }
  return text;
}

function writeValue(v: FlatValue, asFloat: boolean): string {
  if (Array.isArray(v)) return `[${v.map((e) => writeValue(e, asFloat)).join(", ")}]`;
  if (typeof v === "number") return writeNumber(v, asFloat);
  if (typeof v !== "string") return String(v);
  // quoted when a reader would take the plain text for something else
  return /^[A-Za-z_][\w./-]*$/.test(v) && typeof readScalar(v) === "string" ? v : JSON.stringify(v);
}

function writeNumber(v: number, asFloat: boolean): string {
  if (Number.isNaN(v)) return ".nan";
  if (!Number.isFinite(v)) return v > 0 ? ".inf" : "-.inf";
  const text = Object.is(v, -0) ? "-0" : String(v);
  if (!asFloat || text.includes(".")) return text;
  return text.includes("e") ? text.replace("e", ".0e") : `${text}.0`;
}

/**
 * The map that a YAML text of flat form holds: `key: scalar`, `key: [list]`, or `key:` and lines that begin with `- `.
 *
 * @throws FormatError for anything else
 */
export function readFlatYaml(text: string): FlatMap {
  const map: Record<string, FlatValue> = {};
  let list: FlatValue[] | null = null;
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "").trimEnd();
    if (line === "" || line === "---") continue;
    const item = /^\s*-\s+(.*)$/.exec(line);
    const pair = /^([A-Za-z_]\w*):(?:\s+(.*))?$/.exec(line);
    if (item && list) list.push(readValue(item[1]));
    else if (pair && !Object.hasOwn(map, pair[1])) {
      list = pair[2] === undefined ? [] : null;
      map[pair[1]] = list ?? readValue(pair[2]);
    } else throw new FormatError(`Cannot read YAML line ${i + 1} "${line}": "key: value" or "- value" is needed`);
  }
  return map;
}

function readValue(text: string): FlatValue {
  const t = text.trim();
  if (!t.startsWith("[")) return readScalar(t);
  if (!t.endsWith("]")) throw new FormatError(`Cannot read YAML list "${t}": a closing bracket is needed`);
  const elements: FlatValue[] = [];
  let depth = 0;
  let start = 1;
  for (let i = 1; i < t.length; i++) {
    if (t[i] === "[") depth++;
    if ((t[i] === "," && depth === 0) || i === t.length - 1) {
      const element = t.slice(start, i).trim();
      if (element !== "") elements.push(readValue(element));
      start = i + 1;
    }
    if (t[i] === "]") depth--;
  }
  return elements;
}

function readScalar(t: string): FlatValue {
  if (t.startsWith('"')) return JSON.parse(t) as string;
  if (t.startsWith("'")) return t.slice(1, -1).replaceAll("''", "'");
  if (t.startsWith("!")) throw new FormatError(`Cannot read YAML tag "${t}": plain values are needed`);
  if (/^(null|~|Null|NULL|)$/.test(t)) return null;
  if (/^(true|True|TRUE)$/.test(t)) return true;
  if (/^(false|False|FALSE)$/.test(t)) return false;
  if (/^[-+]?\.inf$/i.test(t)) return t.startsWith("-") ? -Infinity : Infinity;
  if (/^\.nan$/i.test(t)) return NaN;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(t) ? Number(t) : t;
}
