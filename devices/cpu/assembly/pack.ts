// Copies of matrix parts in the order in which the tiles read them.

/** Rows of the next tile when `left` rows remain: sixes, and an ending without tiny tiles. */
export function tileRows(left: i32): i32 {
  if (left >= 10 || left == 6) return 6;
  if (left == 9) return 5;
  if (left == 8 || left == 7) return 4;
  return left;
}

/** Transposes 4 vectors of 4 floats and stores them `step` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, to: usize, step: usize): void {
  const a = i32x4.shuffle(r0, r1, 0, 4, 1, 5), b = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const c = i32x4.shuffle(r2, r3, 0, 4, 1, 5), d = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(a, c, 0, 2));
  v128.store(to + step, i64x2.shuffle(a, c, 1, 3));
  v128.store(to + 2 * step, i64x2.shuffle(b, d, 0, 2));
  v128.store(to + 3 * step, i64x2.shuffle(b, d, 1, 3));
}

function packElements(p: usize, rowStride: usize, colStride: usize, rows: i32, k: i32, to: usize): void {
  for (let i = 0; i < k; i++) {
    let q = p;
    for (let r = 0; r < rows; r++) {
      store<f32>(to, load<f32>(q));
      to += 4;
      q += rowStride;
    }
    p += colStride;
  }
}

/** `rows` rows of `k` elements as [k][rows]; strides in bytes. */
export function packA(p: usize, rowStride: usize, colStride: usize, rows: i32, k: i32, to: usize): void {
  if (rowStride == 4 && rows == 6) {
    for (let i = 0; i < k; i++) {
      v128.store(to, v128.load(p));
      v128.store64_lane(to, v128.load64_zero(p, 16), 0, 16);
      p += colStride;
      to += 24;
    }
    return;
  }
  if (colStride != 4 || rows < 4) return packElements(p, rowStride, colStride, rows, k, to);
  const step = <usize>rows << 2, p1 = p + rowStride, p2 = p1 + rowStride, p3 = p2 + rowStride;
  let i: usize = 0;
  const whole = (<usize>k << 2) & ~15;
  for (; i < whole; i += 16) {
    const o = to + (i >> 2) * step;
    transpose4(v128.load(p + i), v128.load(p1 + i), v128.load(p2 + i), v128.load(p3 + i), o, step);
  }
  for (let r = 4; r < rows; r++) {
    const q = p + <usize>r * rowStride;
    let o = to + (<usize>r << 2);
    for (let j: usize = 0; j < whole; j += 4) {
      store<f32>(o, load<f32>(q + j));
      o += step;
    }
  }
  packElements(p + i, rowStride, colStride, rows, k & 3, to + (i >> 2) * step);
}

/** 8 columns of `k` rows as [k][8], of which `columns` exist and the others are 0; strides in bytes. */
export function packB(p: usize, rowStride: usize, colStride: usize, columns: i32, k: i32, to: usize): void {
  if (columns == 8 && colStride == 4) {
    for (let i = 0; i < k; i++) {
      v128.store(to, v128.load(p));
      v128.store(to, v128.load(p, 16), 16);
      p += rowStride;
      to += 32;
    }
    return;
  }
  let i = 0;
  if (columns == 8 && rowStride == 4) {
    const half = 4 * colStride;
    for (; i + 4 <= k; i += 4) {
      const q = p + half;
      transpose4(v128.load(p), v128.load(p + colStride), v128.load(p + 2 * colStride), v128.load(p + 3 * colStride), to, 32);
      transpose4(v128.load(q), v128.load(q + colStride), v128.load(q + 2 * colStride), v128.load(q + 3 * colStride), to + 16, 32);
      p += 16;
      to += 128;
    }
  }
  for (; i < k; i++) {
    let q = p;
    for (let j = 0; j < 8; j++) {
      store<f32>(to, j < columns ? load<f32>(q) : <f32>0);
      q += colStride;
      to += 4;
    }
    p += rowStride;
  }
}
