/** @file Float32 values as short decimal text, in numpy's layout. */

/** The shortest decimal that rounds to the float32 `v`. */
export function shortestFloat32(v: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = v.toPrecision(digits);
    if (Math.fround(Number(text)) === v) return String(Number(text));
  }
  return String(Number(v.toPrecision(9)));
}

/** As Python prints a float32: always with a decimal point, for example `2.0`. */
export function formatFloat32(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? "nan" : v > 0 ? "inf" : "-inf";
  const text = shortestFloat32(v);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** As numpy prints a list of float32: decimal points in line, for example `[1.  2.5]`. */
export function formatFloats(values: Float32Array): string {
  const parts = Array.from(values, (v) => {
    if (!Number.isFinite(v)) return [formatFloat32(v), ""];
    const [whole, fraction = ""] = shortestFloat32(v).split(".");
    return [`${whole}.`, fraction.slice(0, 8)];
  });
  const width = (k: number) => Math.max(0, ...parts.map((p) => p[k].length));
  return `[${parts.map(([w, f]) => w.padStart(width(0)) + f.padEnd(width(1))).join(" ")}]`;
}
