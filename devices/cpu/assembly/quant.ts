// Fake quantization. Each step is one float32 operation, so that every path of the cpu device gives the same bits.
import { storePart } from "./common";

/** Elements [lo, hi) with one amax; `step` chooses the mode, `code` leaves out the last rounding. */
function quantize(lo: i32, hi: i32, x: usize, amax: f32, out: usize, low: f32, high: f32, step: i32, code: i32): void {
  let i = <usize>lo << 2;
  const end = <usize>hi << 2;
  const empty = amax <= 5.9604644775390625e-8; // 2^-24
  const scale = step ? amax / high : empty ? <f32>0 : high / amax;
  const s = f32x4.splat(scale), back = f32x4.splat(empty && !step ? 1 : scale);
  const l = f32x4.splat(low), h = f32x4.splat(high);
  for (; i < end; i += 16) {
    const v = v128.load(x + i);
    let q = step ? f32x4.div(v, s) : f32x4.mul(v, s);
    q = f32x4.min(h, f32x4.max(l, f32x4.nearest(q)));
    if (empty && step) q = v128.and(v, f32x4.ne(v, v)); // NaN stays, all else is 0
    if (!code) q = step ? f32x4.mul(q, back) : f32x4.div(q, back);
    if (end - i >= 16) v128.store(out + i, q);
    else storePart(out + i, q, <i32>((end - i) >> 2));
  }
}

/** One amax, at address `amax`, for all elements. */
export function fakeQuant(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, amax: usize, out: usize, low: f32, high: f32, step: i32, code: i32): void {
  quantize(lo, hi, x, load<f32>(amax), out, low, high, step, code);
}

/** An amax for each of the `channels` rows of `columns` elements, over and over. */
export function fakeQuantRows(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, amax: usize, out: usize, low: f32, high: f32, step: i32, code: i32, channels: i32, columns: i32): void {
  for (let r = lo; r < hi; r++) {
    const at = <usize>r * (<usize>columns << 2);
    quantize(0, columns, x + at, load<f32>(amax + (<usize>(r % channels) << 2)), out + at, low, high, step, code);
  }
}

function pass(lo: i32, hi: i32, g: usize, x: usize, amax: f32, out: usize): void {
  let i = <usize>lo << 2;
  const end = <usize>hi << 2, limit = f32x4.splat(amax);
  for (; i < end; i += 16) {
    const v = v128.and(v128.load(g + i), f32x4.le(f32x4.abs(v128.load(x + i)), limit));
    if (end - i >= 16) v128.store(out + i, v);
    else storePart(out + i, v, <i32>((end - i) >> 2));
  }
}

/** g where |x| <= amax, else 0. */
export function fakeQuantGrad(lo: i32, hi: i32, chunk: i32, scratch: usize, g: usize, x: usize, amax: usize, out: usize): void {
  pass(lo, hi, g, x, load<f32>(amax), out);
}

/** The same with an amax for each row, as in fakeQuantRows. */
export function fakeQuantGradRows(lo: i32, hi: i32, chunk: i32, scratch: usize, g: usize, x: usize, amax: usize, out: usize, channels: i32, columns: i32): void {
  for (let r = lo; r < hi; r++) {
    const at = <usize>r * (<usize>columns << 2);
    pass(0, columns, g + at, x + at, load<f32>(amax + (<usize>(r % channels) << 2)), out + at);
  }
}
