// Matrix product: blocks of A and panels of B are packed, then multiplied tile by tile.
import { floats } from "./common";
import { packA, packB, tileRows } from "./pack";
import { anyTile } from "./tiles";

const blockK: i32 = 512;
const blockM: i32 = 192;

/** A tile at the right edge: computed aside, then its existing columns are copied. */
function edgeTile(rows: i32, columns: i32, k: i32, a: usize, b: usize, c: usize, ldc: usize, flags: i32, bias: usize, aside: usize): void {
  const width = floats(columns);
  if (flags & 1) for (let r: usize = 0; r < <usize>rows; r++) memory.copy(aside + r * 32, c + r * ldc, width);
  anyTile(rows, k, a, b, aside, 32, flags, bias);
  for (let r: usize = 0; r < <usize>rows; r++) {
    for (let j: usize = 0; j < width; j += 4) store<f32>(c + r * ldc + j, load<f32>(aside + r * 32 + j));
  }
}

/**
 * Columns [lo, hi) of C = A B (+ bias of each column), or with `byRows` rows [lo, hi). Strides in elements.
 * The order of the additions for an element depends on K alone.
 */
export function gemm(lo: i32, hi: i32, chunk: i32, scratch: usize, byRows: i32, M: i32, N: i32, K: i32, A: usize, aRow: i32, aCol: i32, B: usize, bRow: i32, bCol: i32, C: usize, bias: usize): void {
  const m0 = byRows ? lo : 0, m1 = byRows ? hi : M, n0 = byRows ? 0 : lo, n1 = byRows ? N : hi;
  const packed = scratch, panel = packed + floats(blockM * blockK), aside = panel + floats(8 * blockK);
  const ldc = floats(N);
  for (let k0 = 0; k0 < K; k0 += blockK) {
    const k = min(blockK, K - k0);
    const flags = (k0 > 0 ? 1 : 0) | (k0 + k >= K && bias ? 4 : 0);
    for (let i0 = m0; i0 < m1; i0 += blockM) {
      const m = min(blockM, m1 - i0);
      let p = packed;
      for (let i = 0; i < m;) {
        const rows = tileRows(m - i);
        packA(A + floats(i0 + i) * <usize>aRow + floats(k0) * <usize>aCol, floats(aRow), floats(aCol), rows, k, p);
        p += floats(rows * k);
        i += rows;
      }
      for (let j = n0; j < n1; j += 8) {
        const columns = min(8, n1 - j);
        packB(B + floats(k0) * <usize>bRow + floats(j) * <usize>bCol, floats(bRow), floats(bCol), columns, k, panel);
        p = packed;
        for (let i = 0; i < m;) {
          const rows = tileRows(m - i);
          const c = C + <usize>(i0 + i) * ldc + floats(j);
          if (columns == 8) anyTile(rows, k, p, panel, c, ldc, flags, bias + floats(j));
          else edgeTile(rows, columns, k, p, panel, c, ldc, flags, bias + floats(j), aside);
          p += floats(rows * k);
          i += rows;
        }
      }
    }
  }
}
