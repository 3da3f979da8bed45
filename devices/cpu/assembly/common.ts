// Small helpers, inlined everywhere.

/** a * b + c: fused where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Stores the first `n` (1 to 3) lanes. */
// @ts-ignore: decorator
@inline
export function storePart(to: usize, v: v128, n: i32): void {
  v128.store_lane<f32>(to, v, 0);
  if (n > 1) v128.store_lane<f32>(to, v, 1, 4);
  if (n > 2) v128.store_lane<f32>(to, v, 2, 8);
}

/** Byte distance of `n` floats. */
// @ts-ignore: decorator
@inline
export function floats(n: i32): usize {
  return <usize>n << 2;
}
