import { madd, storePart } from "./common";

/** One step of gradient descent; `sign` is -1 to maximize; `buffer` is 0 without momentum. */
export function sgd(lo: i32, hi: i32, chunk: i32, scratch: usize, param: usize, grad: usize, buffer: usize, lr: f32, momentum: f32, keep: f32, decay: f32, nesterov: i32, sign: f32, first: i32): void {
  let i = <usize>lo << 2;
  const end = <usize>hi << 2;
  const rate = f32x4.splat(-lr), m = f32x4.splat(momentum), k = f32x4.splat(keep), d = f32x4.splat(decay), s = f32x4.splat(sign);
  for (; i < end; i += 16) {
    const n = <i32>((end - i) >> 2);
    const p = v128.load(param + i);
    let g = f32x4.mul(v128.load(grad + i), s);
    if (decay != 0) g = madd(p, d, g);
    if (buffer) {
      const b = first ? g : madd(g, k, f32x4.mul(v128.load(buffer + i), m));
      if (n >= 4) v128.store(buffer + i, b);
      else storePart(buffer + i, b, n);
      g = nesterov ? madd(b, m, g) : b;
    }
    const v = madd(g, rate, p);
    if (n >= 4) v128.store(param + i, v);
    else storePart(param + i, v, n);
  }
}
