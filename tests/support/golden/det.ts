/** @file The generator behind `{ "det": kind, ... }`: large reference inputs that are described, not listed. */

/** Description of a generated float32 vector. */
export interface Det {
  readonly det: string;
  readonly seed: number;
  readonly n: number;
  readonly scale: number;
  readonly head?: { readonly data: readonly number[] };
  /** The float64 sum of the elements. */
  readonly sum_f64?: number;
}

/** A function that makes one element from draws of `u`, uniform in [0, 1). */
function element(kind: string, u: () => number): () => number {
  const gauss = (): number => {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += u();
    return sum - 6;
  };
  switch (kind) {
    case "uniform":
      return u;
    case "signed":
      return () => 2 * u() - 1;
    case "gauss":
      return gauss;
    case "cubic":
      return () => {
        const t = 2 * u() - 1;
        return t * t * t;
      };
    case "relu":
      return () => Math.max(0, gauss());
    case "tail":
      return () => {
        const a = u(), b = u(), c = u();
        const v = b * b * (a < 0.015625 ? 8 : 1);
        return c < 0.5 ? -v : v;
      };
    default:
      throw new Error(`Cannot generate "${kind}": it is not a kind of the golden files`);
  }
}

/** The vector that `d` describes; throws when its own checks do not hold. */
export function generate(d: Det): Float32Array {
  let state = d.seed >>> 0;
  const next = element(d.det, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  const out = new Float32Array(d.n);
  for (let i = 0; i < d.n; i++) out[i] = next() * d.scale;
  d.head?.data.forEach((want, i) => {
    if (out[i] !== Math.fround(want)) throw new Error(`Element ${i} of det ${d.det} is ${out[i]}, not ${want}`);
  });
  checkSum(out, d);
  return out;
}

function checkSum(x: Float32Array, d: Det): void {
  if (d.sum_f64 === undefined) return;
  let sum = 0;
  for (const v of x) sum += v;
  // other orders of adding differ by a few roundings
  if (Math.abs(sum - d.sum_f64) > 1e-8 * d.n * Math.abs(d.scale)) {
    throw new Error(`The sum of det ${d.det} is ${sum}, not ${d.sum_f64}`);
  }
}
