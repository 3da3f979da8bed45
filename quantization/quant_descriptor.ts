/** @file How a tensor is to be quantized: bits, axis, range, calibration. */

import { DTypeError, ValueError } from "../tensor/errors.ts";
import { type FlatMap, type FlatValue, readFlatYaml, writeFlatYaml } from "./utils/flat_yaml.ts";
import { formatFloat32, formatFloats } from "./utils/float_text.ts";
import { log } from "./utils/quant_logging.ts";

/** Number of bits: an integer, or `[4, 3]` for 8-bit floating point with 4 exponent and 3 mantissa bits. */
export type NumBits = number | readonly [4, 3];

/** Axes that keep a range of their own: one, several, or null for one range of the whole tensor. */
export type QuantAxis = number | readonly number[] | null;

/** Lists of numbers, nested as a tensor's dimensions are. */
export type NumberList = readonly (number | NumberList)[];

/** Float32 values with their shape; what a descriptor holds of `amax`. */
export interface AmaxValues {
  /** Sizes of the dimensions; empty for one number. */
  readonly shape: readonly number[];
  /** The values, row by row. */
  readonly data: Float32Array;
}

/** Arguments of a descriptor; each is optional. */
export interface QuantDescriptorOptions {
  /** 8 when left out; 0 gives zeros. */
  readonly num_bits?: NumBits;
  /** A label for printing. */
  readonly name?: string | null;
  /** True (default): floating-point values out; false: integers, stored as floating point, and a scale. */
  readonly fake_quant?: boolean;
  /** The axes that keep a range of their own, for example 0 for each output channel of a weight; null for none. */
  readonly axis?: QuantAxis;
  /** The largest absolute value, when it is known beforehand. */
  readonly amax?: number | NumberList | Float32Array | null;
  /** The range is a parameter that is trained. */
  readonly learn_amax?: boolean;
  /** A factor on `amax` whenever it is used. */
  readonly scale_amax?: number | null;
  /** `"max"` (default) or `"histogram"`. */
  readonly calib_method?: string;
  /** Codes from 0; negative values are an error then. */
  readonly unsigned?: boolean;
  /** Leaves the most negative code out: [-127, 127] for 8 bits. */
  readonly narrow_range?: boolean;
}

const defaults = {
  num_bits: 8 as NumBits,
  name: null as string | null,
  fake_quant: true,
  axis: null as QuantAxis,
  amax: null as AmaxValues | null,
  learn_amax: false,
  scale_amax: null as number | null,
  calib_method: "max",
  unsigned: false,
  narrow_range: false,
};

type Fields = typeof defaults;

const keys = Object.keys(defaults) as (keyof Fields)[];

/** How a tensor is to be quantized. Immutable; pytorch_quantization's `QuantDescriptor`. */
export class QuantDescriptor {
  /** Number of bits. */
  readonly num_bits!: NumBits;
  /** Label, or null. */
  readonly name!: string | null;
  /** Values out, not integers. */
  readonly fake_quant!: boolean;
  /** Axes with ranges of their own, or null. */
  readonly axis!: QuantAxis;
  /** The range that is known beforehand, or null. */
  readonly amax!: AmaxValues | null;
  /** The range is trained. */
  readonly learn_amax!: boolean;
  /** Factor on the range, or null. */
  readonly scale_amax!: number | null;
  /** `"max"` or `"histogram"`. */
  readonly calib_method!: string;
  /** Codes from 0. */
  readonly unsigned!: boolean;
  /** Without the most negative code. */
  readonly narrow_range!: boolean;

  /**
   * Makes a descriptor.
   *
   * @throws DTypeError for an argument of the wrong type, an unknown argument, or `axis` together with `learn_amax`
   * @throws ValueError for a negative number of bits
   */
  constructor(options: QuantDescriptorOptions = {}) {
    const unknown = Object.keys(options).filter((k) => !(k in defaults));
    if (unknown.length > 0) {
      throw new DTypeError(`Cannot make QuantDescriptor of unknown ${unknown.join(", ")}: the options are ${keys}`);
    }
    const given = Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined));
    const fields = { ...defaults, ...given } as Fields;
    checkBits(fields.num_bits);
    checkTypes(fields);
    fields.amax = toAmax(options.amax ?? null);
    if (Array.isArray(fields.axis)) fields.axis = Object.freeze([...fields.axis]) as readonly number[];
    Object.assign(this, fields);
    Object.freeze(this);
  }

  /** True when all fields are equal; axis 0 and axis [0] are different, amax 1 and amax [1] are not. */
  equals(other: QuantDescriptor): boolean {
    return this === other || keys.every((k) => {
      const a = this[k], b = other[k];
      if (k !== "amax" || a === null || b === null) return JSON.stringify(a) === JSON.stringify(b);
      const [x, y] = [a as AmaxValues, b as AmaxValues];
      const sameShape = x.data.length === 1 || String(x.shape) === String(y.shape);
      return sameShape && x.data.length === y.data.length && x.data.every((v, i) => Object.is(v, y.data[i]));
    });
  }

  /** The number of bits, the name, and every other field that differs from its default. */
  dict(): { [key: string]: FlatValue } {
    const out: { [key: string]: FlatValue } = { num_bits: this.num_bits, name: this.name };
    for (const k of keys) {
      if (k in out || this[k] === defaults[k]) continue;
      out[k] = k === "amax" ? nest(this.amax!) : this[k] as FlatValue;
    }
    return out;
  }

  /** `dict()` as YAML, keys sorted. */
  to_yaml(): string {
    return writeFlatYaml(this.dict());
  }

  /**
   * The descriptor that `to_yaml` wrote.
   *
   * @throws FormatError unless the text is a flat YAML map; DTypeError and ValueError as the constructor
   */
  static from_yaml(text: string): QuantDescriptor {
    const map: FlatMap = readFlatYaml(text);
    return new QuantDescriptor(map as QuantDescriptorOptions);
  }

  /** For example `QuantDescriptor(unsigned 4bit fake axis=(0,))`. */
  toString(): string {
    let s = this.name === null ? "QuantDescriptor" : `${this.name}: `;
    s += `(${this.unsigned ? "unsigned " : ""}${showBits(this.num_bits)}bit ${this.fake_quant ? "fake" : "real"}`;
    s += this.axis === null ? " axis= per-tensor" : ` axis=${showAxis(this.axis)}`;
    if (this.amax) s += ` amax=${showAmax(this.amax)} full_range`;
    if (this.scale_amax !== null) s += ` scale_amax=${this.scale_amax}`;
    return `${s}${this.learn_amax ? " learn_amax" : ""})`;
  }
}

/** pytorch_quantization's longer name of the same class. */
export const ScaledQuantDescriptor: typeof QuantDescriptor = QuantDescriptor;

/** `8`, or `(4, 3)`. */
export function showBits(bits: NumBits): string {
  return typeof bits === "number" ? String(bits) : `(${bits.join(", ")})`;
}

/** An axis as Python writes it: `0`, `(0,)`, `(0, 1)`. */
export function showAxis(axis: number | readonly number[]): string {
  if (typeof axis === "number") return String(axis);
  return axis.length === 1 ? `(${axis[0]},)` : `(${axis.join(", ")})`;
}

function showAmax(amax: AmaxValues): string {
  return amax.shape.length === 0 ? formatFloat32(amax.data[0]) : formatFloats(amax.data);
}

function checkBits(bits: unknown): void {
  const ok = Array.isArray(bits) ? bits.length === 2 && bits[0] === 4 && bits[1] === 3 : Number.isInteger(bits);
  if (!ok) {
    throw new DTypeError(
      `Cannot make QuantDescriptor of num_bits ${JSON.stringify(bits)}: an integer, or [4, 3], is needed`,
    );
  }
  if ((bits as number) < 0) {
    throw new ValueError(`Cannot make QuantDescriptor of num_bits ${bits}: at least 0 is needed`);
  }
  if (bits === 0) log("error", "num_bits is 0: all values become zero; this is for debugging only");
}

function checkTypes(f: Fields): void {
  const need = (ok: boolean, key: keyof Fields, what: string) => {
    if (ok) return;
    throw new DTypeError(`Cannot make QuantDescriptor of ${key} ${JSON.stringify(f[key])}: ${what} is needed`);
  };
  const isAxis = (a: unknown) => Number.isInteger(a);
  for (const k of ["fake_quant", "learn_amax", "unsigned", "narrow_range"] as const) {
    need(typeof f[k] === "boolean", k, "true or false");
  }
  need(f.name === null || typeof f.name === "string", "name", "a string or null");
  need(typeof f.calib_method === "string", "calib_method", '"max" or "histogram"');
  need(f.scale_amax === null || typeof f.scale_amax === "number", "scale_amax", "a number or null");
  need(
    f.axis === null || isAxis(f.axis) || (Array.isArray(f.axis) && f.axis.every(isAxis)),
    "axis",
    "an integer, a list of integers, or null",
  );
  need(!f.learn_amax || f.axis === null, "axis", "null, because learn_amax trains one range for the whole tensor,");
}

function toAmax(amax: unknown): AmaxValues | null {
  if (amax === null) return null;
  if (typeof amax === "number") return { shape: [], data: Float32Array.of(amax) };
  if (amax instanceof Float32Array) return { shape: [amax.length], data: amax.slice() };
  const shape: number[] = [];
  for (let a: unknown = amax; Array.isArray(a); a = a[0]) shape.push(a.length);
  const flat = Array.isArray(amax) ? (amax as unknown[]).flat(Infinity) : [];
  const numel = shape.reduce((a, b) => a * b, 1);
  if (numel === 0 || shape.length === 0 || flat.length !== numel || flat.some((v) => typeof v !== "number")) {
    throw new DTypeError(
      `Cannot make QuantDescriptor of amax ${JSON.stringify(amax)}: a number or a list of numbers is needed`,
    );
  }
  return { shape, data: Float32Array.from(flat as number[]) };
}

function nest(amax: AmaxValues): FlatValue {
  let at = 0;
  const walk = (d: number): FlatValue =>
    d === amax.shape.length ? amax.data[at++] : Array.from({ length: amax.shape[d] }, () => walk(d + 1));
  return walk(0);
}
