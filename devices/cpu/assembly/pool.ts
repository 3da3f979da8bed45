// Max-pooling.
import { floats, storePart } from "./common";

/** The larger of two candidates with their places: the first of equals, and NaN above all. */
// @ts-ignore: decorator
@inline
function wins(a: v128, b: v128): v128 {
  return v128.or(f32x4.gt(b, a), v128.and(f32x4.ne(b, b), f32x4.eq(a, a)));
}

/** Planes [lo, hi): windows of 2 x 2, stride 2, no padding. */
export function maxPool2(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, H: i32, W: i32, out: usize, indices: usize): void {
  const OH = H >> 1, OW = W >> 1, row = floats(W);
  const lanes = i32x4(0, 2, 4, 6);
  for (let n = lo; n < hi; n++) {
    for (let h = 0; h < OH; h++) {
      let p = x + floats(n) * <usize>(H * W) + floats(2 * h * W);
      const to = floats((n * OH + h) * OW);
      for (let w = 0; w < OW; w += 4) {
        const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p + row), d = v128.load(p + row, 16);
        let best = i32x4.shuffle(a, b, 0, 2, 4, 6), place = i32x4.add(lanes, i32x4.splat(2 * (h * W + w)));
        const first = place;
        let other = i32x4.shuffle(a, b, 1, 3, 5, 7), take = wins(best, other);
        best = v128.bitselect(other, best, take);
        place = v128.bitselect(i32x4.add(first, i32x4.splat(1)), place, take);
        other = i32x4.shuffle(c, d, 0, 2, 4, 6);
        take = wins(best, other);
        best = v128.bitselect(other, best, take);
        place = v128.bitselect(i32x4.add(first, i32x4.splat(W)), place, take);
        other = i32x4.shuffle(c, d, 1, 3, 5, 7);
        take = wins(best, other);
        best = v128.bitselect(other, best, take);
        place = v128.bitselect(i32x4.add(first, i32x4.splat(W + 1)), place, take);
        const q = to + floats(w);
        if (w + 4 <= OW) {
          v128.store(out + q, best);
          v128.store(indices + q, place);
        } else {
          storePart(out + q, best, OW - w);
          storePart(indices + q, place, OW - w);
        }
        p += 32;
      }
    }
  }
}

/** Planes [lo, hi) of any pooling: zero, then each gradient at its index. */
export function maxPoolGrad(lo: i32, hi: i32, chunk: i32, scratch: usize, g: usize, indices: usize, windows: i32, out: usize, size: i32): void {
  memory.fill(out + floats(lo) * <usize>size, 0, floats(hi - lo) * <usize>size);
  for (let n = lo; n < hi; n++) {
    const plane = out + floats(n) * <usize>size, from = floats(n) * <usize>windows;
    for (let i: usize = 0; i < floats(windows); i += 4) {
      const p = plane + floats(load<i32>(indices + from + i));
      store<f32>(p, load<f32>(p) + load<f32>(g + from + i));
    }
  }
}
