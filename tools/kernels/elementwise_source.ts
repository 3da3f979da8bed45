/** @file Writes the elementwise kernels: for each operation the same loop around one vector expression. */

/** Operations of two inputs, as expressions in the vectors `a` and `b`. */
const binary: Record<string, string> = {
  add: "f32x4.add(a, b)",
  sub: "f32x4.sub(a, b)",
  mul: "f32x4.mul(a, b)",
  div: "f32x4.div(a, b)",
  maximum: "f32x4.max(a, b)",
  minimum: "f32x4.min(a, b)",
  // a gradient where the result is positive or NaN
  relu_grad: "v128.andnot(a, f32x4.le(b, f32x4.splat(0)))",
};

/** Operations of one input; `b` is its parameter, the same in every lane. */
const unary: Record<string, string> = {
  neg: "f32x4.neg(a)",
  abs: "f32x4.abs(a)",
  sqrt: "f32x4.sqrt(a)",
  relu: "f32x4.pmax(a, f32x4.splat(0))",
};

/**
 * Elements `[lo, hi)`. A mask of 0 keeps an input's address where it is (16 bytes with the same number in each lane),
 * a mask of -1 lets it run along.
 */
function kernel(name: string, expression: string): string {
  return `
export function ${name}(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, xMask: usize, y: usize, yMask: usize, out: usize): void {
  let i = <usize>lo << 2;
  const end = <usize>hi << 2, whole = i + ((end - i) & ~15);
  for (; i < whole; i += 16) {
    const a = v128.load(x + (i & xMask)), b = v128.load(y + (i & yMask));
    v128.store(out + i, ${expression});
  }
  if (i < end) {
    const a = v128.load(x + (i & xMask)), b = v128.load(y + (i & yMask));
    storePart(out + i, ${expression}, <i32>((end - i) >> 2));
  }
}
/** Rows [lo, hi) of \`columns\` elements; the strides between the rows of x and y are in bytes. */
export function ${name}_rows(lo: i32, hi: i32, chunk: i32, scratch: usize, x: usize, xStride: usize, xMask: usize, y: usize, yStride: usize, yMask: usize, out: usize, columns: i32): void {
  for (let r = <usize>lo; r < <usize>hi; r++) {
    ${name}(0, columns, chunk, scratch, x + r * xStride, xMask, y + r * yStride, yMask, out + r * (<usize>columns << 2));
  }
}`;
}

/** The source of `elementwise_ops.ts`. */
export function elementwiseSource(): string {
  return `import { storePart } from "./common";\n` +
    Object.entries({ ...binary, ...unary }).map(([name, expression]) => kernel(name, expression)).join("\n");
}
