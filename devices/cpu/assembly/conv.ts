// Direct convolution: each thread copies an image with its zero border, and the tiles read the copy through a table
// of the K = channels * kernel height * kernel width byte offsets; no matrix of patches is made.
import { floats } from "./common";
import { packA, tileRows } from "./pack";
import { anyTableTile, dots1, dots2 } from "./tiles";

/** Copies `rows` rows of `n` floats, `pitch` floats apart at the destination; both may be touched up to 12 bytes beyond. */
function copyRows(x: usize, rows: i32, n: i32, to: usize, pitch: i32): void {
  const width = floats(n), whole = width & ~15;
  for (let r = 0; r < rows; r++) {
    let i: usize = 0;
    for (; i < whole; i += 16) v128.store(to + i, v128.load(x + i));
    for (; i < width; i += 4) store<f32>(to + i, load<f32>(x + i));
    x += width;
    to += floats(pitch);
  }
}

/** One image [C][H][W] with a zero border, as [C][PH][PW] and 64 bytes of zeros behind. */
function padImage(x: usize, C: i32, H: i32, W: i32, padH: i32, padW: i32, PH: i32, PW: i32, to: usize): void {
  memory.fill(to, 0, floats(C * PH * PW) + 64);
  for (let c = 0; c < C; c++) copyRows(x + floats(c * H * W), H, W, to + floats((c * PH + padH) * PW + padW), PW);
}

/** A matrix [M][K], strides in elements, packed for the tiles. */
export function packWeights(A: usize, M: i32, K: i32, row: i32, to: usize): void {
  for (let i = 0; i < M;) {
    const rows = tileRows(M - i);
    packA(A + floats(i * row), floats(row), 4, rows, K, to);
    to += floats(rows * K);
    i += rows;
  }
}

/** Weights [O][C][taps] packed as the matrix [C][O * taps] with the taps reversed: the weights of the input gradient. */
export function packReversed(weights: usize, O: i32, C: i32, taps: i32, to: usize): void {
  for (let i = 0; i < C;) {
    const rows = tileRows(C - i);
    for (let o = 0; o < O; o++) {
      for (let t = taps - 1; t >= 0; t--) {
        for (let r = 0; r < rows; r++) {
          store<f32>(to, load<f32>(weights + floats((o * C + i + r) * taps + t)));
          to += 4;
        }
      }
    }
    i += rows;
  }
}

/**
 * Images [lo, hi) of a convolution of stride 1, OW >= 8. `table` has K offsets into the padded image; `weights` are
 * packed; xImage and yImage are the elements of an image (more than C*H*W where this is one group of several).
 */
export function conv(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, xImage: i32, C: i32, H: i32, W: i32, padH: i32, padW: i32, weights: usize, O: i32, K: i32, table: usize, y: usize, yImage: i32, OH: i32, OW: i32, bias: usize): void {
  const PH = H + 2 * padH, PW = W + 2 * padW, plane = floats(OH * OW), flags = bias ? 2 : 0;
  for (let n = lo; n < hi; n++) {
    padImage(x + floats(n) * <usize>xImage, C, H, W, padH, padW, PH, PW, scratch);
    const image = y + floats(n) * <usize>yImage;
    for (let oy = 0; oy < OH; oy++) {
      for (let left = 0; left < OW; left += 8) {
        const ox = min(left, OW - 8); // the last tile of a row overlaps the one before
        const source = scratch + floats(oy * PW + ox), to = image + floats(oy * OW + ox);
        let a = weights;
        for (let o = 0; o < O;) {
          const rows = tileRows(O - o);
          anyTableTile(rows, K, a, source, table, to + <usize>o * plane, plane, flags, bias + floats(o));
          a += floats(rows * K);
          o += rows;
        }
      }
    }
  }
}

/** Bytes of the vector sums of one chunk of convWeightGrad: 12 vectors for each pair of outputs and six taps. */
// @ts-ignore: decorator
@inline
function sumBytes(O: i32, K: i32): usize {
  return <usize>((O + 1) >> 1) * <usize>((K + 5) / 6) * 192;
}

/**
 * Sums over images [lo, hi) of the weight gradient's vectors, into the part of `sums` that belongs to the chunk.
 * g is laid out with the padded image's row pitch and zeros between, so that a whole plane is one dot product.
 * `table` has K offsets, filled up to a multiple of 6.
 */
export function convWeightGrad(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, xImage: i32, C: i32, H: i32, W: i32, padH: i32, padW: i32, g: usize, gImage: i32, O: i32, OH: i32, OW: i32, K: i32, table: usize, sums: usize): void {
  const PH = H + 2 * padH, PW = W + 2 * padW, run = ((OH - 1) * PW + OW + 3) & ~3, groups = (K + 5) / 6;
  const planes = (scratch + floats(C * PH * PW) + 127) & ~63;
  const base = sums + <usize>chunk * sumBytes(O, K);
  memory.fill(base, 0, sumBytes(O, K));
  memory.fill(planes, 0, floats(O * run) + 64);
  for (let n = lo; n < hi; n++) {
    padImage(x + floats(n) * <usize>xImage, C, H, W, padH, padW, PH, PW, scratch);
    const image = g + floats(n) * <usize>gImage;
    for (let o = 0; o < O; o++) copyRows(image + floats(o * OH * OW), OH, OW, planes + floats(o * run), PW);
    for (let k = 0; k < groups; k++) {
      const offsets = table + <usize>k * 24;
      for (let o = 0; o < O; o += 2) {
        const a = planes + floats(o * run), to = base + <usize>((o >> 1) * groups + k) * 192;
        if (o + 1 < O) dots2(run, a, floats(run), scratch, offsets, to);
        else dots1(run, a, 0, scratch, offsets, to);
      }
    }
  }
}

/** Adds the chunks' sums, in their order, for outputs [lo, hi): dW [O][K]. */
export function addWeightGrads(lo: i32, hi: i32, chunk: i32, scratch: usize, O: i32, K: i32, sums: usize, chunks: i32, out: usize): void {
  const groups = (K + 5) / 6, step = sumBytes(O, K);
  for (let o = lo; o < hi; o++) {
    for (let k = 0; k < K; k++) {
      let p = sums + (<usize>((o >> 1) * groups + k / 6) * 12 + <usize>((o & 1) * 6 + k % 6)) * 16;
      let v = v128.load(p);
      for (let c = 1; c < chunks; c++) {
        p += step;
        v = f32x4.add(v, v128.load(p));
      }
      const a = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1), b = f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
      store<f32>(out + floats(o * K + k), a + b);
    }
  }
}
