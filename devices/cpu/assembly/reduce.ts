// Sums and extrema. Sums run in float32 vectors for a short way and are then added up in float64, in a fixed order.
import { floats } from "./common";

// @ts-ignore: decorator
@inline
function lanesSum(v: v128): f64 {
  return (<f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1)) + (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3));
}

/** Sum of `n` floats. */
function sumRun(p: usize, n: i32): f64 {
  let total: f64 = 0;
  const end = p + floats(n);
  while (p + 16 <= end) {
    const stop = min(end, p + 4096);
    let a = f32x4.splat(0), b = a;
    for (; p + 32 <= stop; p += 32) {
      a = f32x4.add(a, v128.load(p));
      b = f32x4.add(b, v128.load(p, 16));
    }
    for (; p + 16 <= stop; p += 16) a = f32x4.add(a, v128.load(p));
    total += lanesSum(f32x4.add(a, b));
  }
  for (; p < end; p += 4) total += <f64>load<f32>(p);
  return total;
}

/** Largest (sign 1) or smallest (sign -1) of `n` > 0 floats times the sign; NaN if there is one. */
function extremeRun(p: usize, n: i32, sign: f32): f32 {
  const end = p + floats(n);
  let m = load<f32>(p) * sign;
  let v = f32x4.splat(m);
  const s = f32x4.splat(sign);
  for (; p + 16 <= end; p += 16) v = f32x4.max(v, f32x4.mul(v128.load(p), s));
  for (; p < end; p += 4) m = max(m, load<f32>(p) * sign);
  m = max(m, max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)));
  return max(m, max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/** Sums of x [outer][channels][inner] over the outer and inner dimensions, for channels [lo, hi). */
export function sumChannels(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, outer: i32, channels: i32, inner: i32, out: usize): void {
  for (let c = lo; c < hi; c++) {
    let total: f64 = 0;
    for (let n = 0; n < outer; n++) total += sumRun(x + floats(n * channels + c) * <usize>inner, inner);
    store<f32>(out + floats(c), <f32>total);
  }
}

/** Sums of the columns [4 lo, 4 hi) of x [rows][columns]. */
export function sumColumns(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, rows: i32, columns: i32, out: usize): void {
  const row = floats(columns);
  for (let j = lo * 4; j < min(columns, hi * 4); j += 4) {
    let p = x + floats(j);
    let a = f64x2.splat(0), b = a;
    for (let r = 0; r < rows; r++) {
      const v = v128.load(p);
      a = f64x2.add(a, f64x2.promote_low_f32x4(v));
      b = f64x2.add(b, f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 1)));
      p += row;
    }
    const q = out + floats(j), left = columns - j;
    store<f32>(q, <f32>f64x2.extract_lane(a, 0));
    if (left > 1) store<f32>(q, <f32>f64x2.extract_lane(a, 1), 4);
    if (left > 2) store<f32>(q, <f32>f64x2.extract_lane(b, 0), 8);
    if (left > 3) store<f32>(q, <f32>f64x2.extract_lane(b, 1), 12);
  }
}

/** Sum of elements [lo, hi) as float64 number `chunk` of `parts`. */
export function sumPart(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, parts: usize): void {
  store<f64>(parts + (<usize>chunk << 3), sumRun(x + floats(lo), hi - lo));
}

/** Extremes of the rows [lo, hi) of x [rows][n]. */
export function extremeRows(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, n: i32, sign: f32, out: usize): void {
  for (let r = lo; r < hi; r++) store<f32>(out + floats(r), extremeRun(x + floats(r) * <usize>n, n, sign) * sign);
}

/** Extreme of elements [lo, hi) as float64 number `chunk` of `parts`, times the sign. */
export function extremePart(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, sign: f32, parts: usize): void {
  store<f64>(parts + (<usize>chunk << 3), <f64>extremeRun(x + floats(lo), hi - lo, sign));
}
