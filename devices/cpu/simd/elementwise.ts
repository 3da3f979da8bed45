/** @file Elementwise kernels on plain float32 blocks; each returns false when the generic kernels must do it. */

import type { QuantParams, SgdParams, View } from "../../../tensor/device.ts";
import { addressOf, channelsOf, count, isPlain, runFlat, type Runner, runRows } from "./access.ts";

/** Native kernels by the name of the scalar function they compute, with the number of inputs. */
const natives: Readonly<Record<string, readonly [kernel: string, inputs: number]>> = {
  add: ["add", 2],
  sub: ["sub", 2],
  mul: ["mul", 2],
  div: ["div", 2],
  maximum: ["maximum", 2],
  minimum: ["minimum", 2],
  relu_grad: ["relu_grad", 2],
  neg: ["neg", 1],
  abs: ["abs", 1],
  sqrt: ["sqrt", 1],
  relu: ["relu", 1],
};

/** Sets all elements. */
export function fill(runner: Runner, out: View, value: number): boolean {
  if (!isPlain(out)) return false;
  runFlat(runner, "fill", count(out.shape), [addressOf(runner.heap, out), value]);
  return true;
}

/** Copies float32 blocks of equal shape. */
export function copy(runner: Runner, x: View, out: View): boolean {
  const n = count(out.shape);
  if (!isPlain(x) || !isPlain(out) || count(x.shape) !== n || n >= 2 ** 29) return false;
  const { heap, pool } = runner;
  pool.run("copy", 0, n * 4, 2 ** 20, 0, [addressOf(heap, x), addressOf(heap, out)]);
  return true;
}

/** An input as the kernels take it: its address, its stride between rows in bytes, whether it runs along a row. */
interface Operand {
  readonly address: number;
  readonly rowStride: number;
  readonly mask: number;
}

/** Room for a number in four lanes, in the memory's reserved part. */
const SPLATS = 512;

function splat(runner: Runner, slot: number, value: number): Operand {
  const address = SPLATS + slot * 16;
  new Float32Array(runner.heap.memory.buffer, address, 4).fill(value);
  return { address, rowStride: 0, mask: 0 };
}

/** How `view` runs along `out` seen as rows of `columns`, or null when it does neither repeat by row nor as a whole. */
function operand(runner: Runner, view: View, out: View, columns: number, slot: number): Operand | null {
  const { heap } = runner;
  if (count(view.shape) === 1) {
    const address = addressOf(heap, view);
    return splat(runner, slot, new Float32Array(heap.memory.buffer, address, 1)[0]);
  }
  if (!isPlain(view)) return null;
  const address = addressOf(heap, view);
  if (count(view.shape) === count(out.shape)) return { address, rowStride: columns * 4, mask: -1 };
  return { address, rowStride: 0, mask: -1 };
}

/** Length of the rows over which a smaller input repeats: `out`'s size when none does, null when that is not how. */
function rowLength(inputs: readonly View[], out: View): number | null {
  let columns = count(out.shape);
  for (const x of inputs) {
    const n = count(x.shape);
    if (n === 1 || n === count(out.shape)) continue;
    const split = channelsOf(x, out.shape);
    if (!split || split[2] !== 1 || (columns !== count(out.shape) && columns !== n)) return null;
    columns = n;
  }
  return columns;
}

/** `out = f(inputs)` for the functions that have a native kernel. */
export function map(runner: Runner, name: string, inputs: readonly View[], out: View): boolean {
  const native = Object.hasOwn(natives, name) ? natives[name] : undefined;
  if (!native || native[1] !== inputs.length || !isPlain(out)) return false;
  if (inputs.some((x) => x.dtype.name !== "float32")) return false;
  const columns = rowLength(inputs, out);
  if (!columns) return false;
  const a = operand(runner, inputs[0], out, columns, 0);
  const b = inputs.length > 1 ? operand(runner, inputs[1], out, columns, 1) : splat(runner, 1, 0);
  if (!a || !b) return false;
  const n = count(out.shape), to = addressOf(runner.heap, out);
  if (columns === n) runFlat(runner, native[0], n, [a.address, a.mask, b.address, b.mask, to]);
  else {
    const args = [a.address, a.rowStride, a.mask, b.address, b.rowStride, b.mask, to, columns];
    runRows(runner, `${native[0]}_rows`, n / columns, columns, args);
  }
  return true;
}

/** Fake quantization with one amax, or one for each index of a run of dimensions. */
export function fakeQuant(runner: Runner, x: View, amax: View, out: View, p: QuantParams): boolean {
  if (!isPlain(x) || !isPlain(amax) || !isPlain(out) || count(x.shape) !== count(out.shape)) return false;
  const split = channelsOf(amax, out.shape);
  if (!split || (split[1] > 1 && split[2] < 4)) return false;
  const { heap } = runner;
  const modes = [p.minBound, p.maxBound, p.mode === "step" ? 1 : 0, p.output === "code" ? 1 : 0];
  const args = [addressOf(heap, x), addressOf(heap, amax), addressOf(heap, out), ...modes];
  const [outer, channels, inner] = split;
  if (channels === 1) runFlat(runner, "fakeQuant", count(out.shape), args);
  else runRows(runner, "fakeQuantRows", outer * channels, inner, [...args, channels, inner]);
  return true;
}

/** The straight-through gradient. */
export function fakeQuantGrad(runner: Runner, g: View, x: View, amax: View, out: View): boolean {
  const n = count(out.shape);
  if (![g, x, amax, out].every(isPlain) || count(x.shape) !== n || count(g.shape) !== n) return false;
  const split = channelsOf(amax, out.shape);
  if (!split || (split[1] > 1 && split[2] < 4)) return false;
  const args = [g, x, amax, out].map((v) => addressOf(runner.heap, v));
  const [outer, channels, inner] = split;
  if (channels === 1) runFlat(runner, "fakeQuantGrad", n, args);
  else runRows(runner, "fakeQuantGradRows", outer * channels, inner, [...args, channels, inner]);
  return true;
}

/** One step of gradient descent. */
export function sgd(runner: Runner, param: View, grad: View, buffer: View | null, p: SgdParams): boolean {
  if (!isPlain(param) || !isPlain(grad) || (buffer && !isPlain(buffer))) return false;
  const { heap } = runner;
  const at = [addressOf(heap, param), addressOf(heap, grad), buffer ? addressOf(heap, buffer) : 0];
  const rates = [p.lr, p.momentum, 1 - p.dampening, p.weight_decay];
  const flags = [p.nesterov ? 1 : 0, p.maximize ? -1 : 1, p.first ? 1 : 0];
  runFlat(runner, "sgd", count(param.shape), [...at, ...rates, ...flags]);
  return true;
}
