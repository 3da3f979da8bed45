/** @file Tensors as text, the way PyTorch prints them. */

import type { TypedArray } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** How tensors are printed; PyTorch's options and defaults. */
export interface PrintOptions {
  /** Digits after the point. */
  precision: number;
  /** Number of elements above which the middle is left out. */
  threshold: number;
  /** How many elements are shown at both ends of a long dimension. */
  edgeitems: number;
  /** Characters of a line. */
  linewidth: number;
}

const options: PrintOptions = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 };

/** Changes how tensors are printed; what is left out stays as it is. */
export function set_printoptions(changes: Partial<PrintOptions>): void {
  Object.assign(options, changes);
}

type Format = (v: number | bigint) => string;

// PyTorch: scientific when the largest is 1000 times the smallest, or beyond 1e8, or the smallest is below 1e-4
function floatFormat(values: readonly number[]): Format {
  const finite = values.filter((v) => Number.isFinite(v));
  const nonzero = finite.filter((v) => v !== 0).map(Math.abs);
  const special: Format = (v) => Number.isNaN(v) ? "nan" : v === Infinity ? "inf" : v === -Infinity ? "-inf" : "";
  let text: (v: number) => string;
  if (nonzero.length === 0) {
    text = (v) => finite.length > 0 && nonzero.length === 0 ? (Object.is(v, -0) ? "-0." : "0.") : `${v}`;
  } else {
    const max = Math.max(...nonzero), min = Math.min(...nonzero);
    const whole = finite.every((v) => Number.isInteger(v));
    const scientific = max / min > 1000 || max > 1e8 || (!whole && min < 1e-4);
    const exponential = (v: number) => v.toExponential(options.precision).replace(/e([+-])(\d)$/, "e$10$2");
    const fixed = whole
      ? (v: number) => Object.is(v, -0) ? "-0." : `${v}.`
      : (v: number) => (Object.is(v, -0) ? "-" : "") + v.toFixed(options.precision);
    text = scientific ? exponential : fixed;
  }
  const width = Math.max(1, ...values.map((v) => (special(v) || text(v)).length));
  return (v) => (special(v) || text(v as number)).padStart(width);
}

function plainFormat(values: readonly (number | bigint)[], show: (v: number | bigint) => string): Format {
  const width = Math.max(1, ...values.map((v) => show(v).length));
  return (v) => show(v).padStart(width);
}

function formatOf(x: Tensor, shown: readonly (number | bigint)[]): Format {
  if (x.dtype.is_floating_point) return floatFormat(shown as number[]);
  if (x.dtype.name === "bool") return plainFormat(shown, (v) => v ? "True" : "False");
  return plainFormat(shown, String);
}

// indices along a dimension; -1 stands for the dots in the middle
function shownIndices(size: number, summarize: boolean): number[] {
  const { edgeitems } = options;
  const all = Array.from({ length: size }, (_, i) => i);
  return summarize && size > 2 * edgeitems ? [...all.slice(0, edgeitems), -1, ...all.slice(size - edgeitems)] : all;
}

function body(x: Tensor, values: TypedArray, indent: number): string {
  const { shape } = x;
  const summarize = x.numel() > options.threshold;
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((n, s) => n * s, 1));
  const shown: (number | bigint)[] = [];
  const collect = (d: number, at: number): void => {
    if (d === shape.length) shown.push(values[at]);
    else for (const i of shownIndices(shape[d], summarize)) if (i >= 0) collect(d + 1, at + i * strides[d]);
  };
  collect(0, 0);
  const format = formatOf(x, shown);
  const rows = (d: number, at: number): string => {
    if (d === shape.length) return format(values[at]);
    const pad = " ".repeat(indent + d + 1);
    const parts = shownIndices(shape[d], summarize).map((i) => i < 0 ? "..." : rows(d + 1, at + i * strides[d]));
    if (d < shape.length - 1) return `[${parts.join("," + "\n".repeat(shape.length - 1 - d) + pad)}]`;
    const width = format(shown[0] ?? 0).length + 2;
    const perLine = Math.max(1, Math.floor((options.linewidth - indent - d) / width));
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(", "));
    return `[${lines.join(",\n" + pad)}]`;
  };
  return rows(0, 0);
}

/** PyTorch's text of a tensor: the elements, then what is not the default (dtype, device, gradient). */
export function formatTensor(x: Tensor): string {
  const notes: string[] = [];
  if (x.device.name !== "cpu") notes.push(`device='${x.device.name}'`);
  if (x.numel() === 0 && x.ndim !== 1) notes.push(`size=(${x.shape.join(", ")})`);
  const usual = ["float32", "int64", "bool"].includes(x.dtype.name) && (x.numel() > 0 || x.dtype.name === "float32");
  if (!usual) notes.push(`dtype=${x.dtype}`);
  if (x.grad_fn) notes.push(`grad_fn=<${x.grad_fn.name}>`);
  else if (x.requires_grad) notes.push("requires_grad=True");
  let text: string;
  try {
    text = x.numel() === 0 ? "[]" : body(x, x.detach().numpy(), "tensor(".length);
  } catch (error) {
    text = error instanceof Error && error.name === "DeviceError" ? "... (await x.data())" : (() => {
      throw error;
    })();
  }
  return `tensor(${[text, ...notes].join(", ")})`;
}
