import { storePart } from "./common";

/** Sets elements to one number. */
export function fill(lo: i32, hi: i32, chunk: i32, scratch: usize, out: usize, value: f32): void {
  const v = f32x4.splat(value);
  let p = out + (<usize>lo << 2);
  const end = out + (<usize>hi << 2), whole = p + ((end - p) & ~15);
  for (; p < whole; p += 16) v128.store(p, v);
  if (p < end) storePart(p, v, <i32>((end - p) >> 2));
}

/** Copies bytes [lo, hi). */
export function copy(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, out: usize): void {
  memory.copy(out + <usize>lo, x + <usize>lo, <usize>(hi - lo));
}
