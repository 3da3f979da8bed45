/** @file Writes the inner loops of matrix product and convolution: tiles of 1 to 6 rows by 8 columns held in registers. */

/** Largest number of rows: 12 accumulators, 2 vectors of `b` and 1 of `a` are the 15 registers that V8 has to give. */
const maxRows = 6;
/** Taps that the weight gradient's inner loop handles at once. */
const taps = 6;

function lines(n: number, line: (i: number) => string): string {
  return Array.from({ length: n }, (_, i) => line(i)).join("\n");
}

/** What happens to a tile between its sums and memory: accumulate, bias for each row or column. */
function epilogue(rows: number): string {
  return lines(rows, (i) => `
  if (flags & 1) { c${i} = f32x4.add(c${i}, v128.load(c)); d${i} = f32x4.add(d${i}, v128.load(c, 16)); }
  if (flags & 2) { x = v128.load32_splat(bias, ${i * 4}); c${i} = f32x4.add(c${i}, x); d${i} = f32x4.add(d${i}, x); }
  if (flags & 4) { c${i} = f32x4.add(c${i}, v128.load(bias)); d${i} = f32x4.add(d${i}, v128.load(bias, 16)); }
  v128.store(c, c${i}); v128.store(c, d${i}, 16); c += ldc;`);
}

/** One tile; with `table`, row `k` of `b` is found at `b + table[k]` bytes, else rows of 8 follow each other. */
function tile(rows: number, table: boolean): string {
  const name = table ? `tableTile${rows}` : `tile${rows}`;
  return `
export function ${name}(k: i32, a: usize, b: usize, ${
    table ? "table: usize, " : ""
  }c: usize, ldc: usize, flags: i32, bias: usize): void {
${lines(rows, (i) => `  let c${i} = f32x4.splat(0), d${i} = f32x4.splat(0);`)}
  let x = f32x4.splat(0);
  const end = a + <usize>k * ${rows * 4};
  while (a < end) {
    ${table ? "const q = b + <usize>load<u32>(table); table += 4;" : "const q = b; b += 32;"}
    const b0 = v128.load(q), b1 = v128.load(q, 16);
${lines(rows, (i) => `    x = v128.load32_splat(a, ${i * 4}); c${i} = madd(x, b0, c${i}); d${i} = madd(x, b1, d${i});`)}
    a += ${rows * 4};
  }
${epilogue(rows)}
}`;
}

function dispatch(table: boolean): string {
  const args = `k, a, b, ${table ? "table, " : ""}c, ldc, flags, bias`;
  const call = (rows: number) => `${table ? "tableTile" : "tile"}${rows}(${args})`;
  return `
export function ${table ? "anyTableTile" : "anyTile"}(rows: i32, k: i32, a: usize, b: usize, ${
    table ? "table: usize, " : ""
  }c: usize, ldc: usize, flags: i32, bias: usize): void {
  ${[6, 4, 5, 3, 2].map((r) => `if (rows == ${r}) ${call(r)};`).join("\n  else ")}
  else ${call(1)};
}`;
}

/** Adds the products of `rows` pixel runs of `a` with 6 shifted runs of `b` to vector accumulators in memory. */
function dots(rows: number): string {
  const each = (f: (i: number, j: number) => string) => lines(rows, (i) => lines(taps, (j) => f(i, j)));
  const at = (i: number, j: number) => (i * taps + j) * 16;
  return `
export function dots${rows}(n: i32, a: usize, pitch: usize, b: usize, table: usize, sums: usize): void {
${each((i, j) => `  let c${i}_${j} = v128.load(sums, ${at(i, j)});`)}
${lines(taps, (j) => `  let b${j} = b + <usize>load<u32>(table, ${j * 4});`)}
  let second = a + pitch;
  const end = a + (<usize>n << 2);
  while (a < end) {
    const y0 = v128.load(a);${rows > 1 ? " const y1 = v128.load(second);" : ""}
    let x: v128;
${
    lines(taps, (j) =>
      `    x = v128.load(b${j}); b${j} += 16; ` + lines(rows, (i) => `c${i}_${j} = madd(x, y${i}, c${i}_${j});`))
  }
    a += 16; second += 16;
  }
${each((i, j) => `  v128.store(sums, c${i}_${j}, ${at(i, j)});`)}
}`;
}

/** The source of `tiles.ts`. */
export function tileSource(): string {
  const rows = Array.from({ length: maxRows }, (_, i) => i + 1);
  return `import { madd } from "./common";\n` +
    rows.map((r) => tile(r, false) + tile(r, true)).join("\n") +
    dispatch(false) + dispatch(true) + dots(1) + dots(2);
}
