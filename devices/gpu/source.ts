/** @file Sources of gpu.js kernels: helper functions, how elements are addressed, how results are stored. */

import { bool, type DType } from "../../tensor/dtype.ts";
import type { ArgumentType, GpuInstance } from "./gpujs.ts";

/** A kernel as gpu.js takes it: a function's text, and the types of its arguments in their order. */
export interface KernelSource {
  readonly source: string;
  readonly types: Readonly<Record<string, ArgumentType>>;
}

/** Dimensions that one kernel can step through; more are an error of the device. */
export const maxRank = 6;

/**
 * The text of a kernel.
 *
 * @param arrays names of the arrays; gpu.js allows 7
 * @param integers names of the exact integers that follow
 * @param floats names of the floats that follow those
 */
export function kernelSource(
  arrays: readonly string[],
  integers: readonly string[],
  floats: readonly string[],
  body: string,
): KernelSource {
  const types: Record<string, ArgumentType> = {};
  for (const name of arrays) types[name] = "Array";
  for (const name of integers) types[name] = "Integer";
  for (const name of floats) types[name] = "Float";
  return { source: `function(${Object.keys(types).join(",")}){ ${body} }`, types };
}

/** Names of the integers that `placeOf` uses for view number `view` of a walk over `rank` dimensions. */
export function walkNames(rank: number, views: number): string[] {
  const names = range(rank).slice(1).map((d) => `n${d}`);
  for (let v = 0; v < views; v++) names.push(...strideNames(rank, v), `o${v}`);
  return names;
}

/** An expression for the place of element `i` (an expression) of view number `view`. */
export function placeOf(rank: number, view: number, i: string): string {
  const sizes = range(rank).slice(1).map((d) => `n${d}`);
  if (rank === 1) return `${i}*s${view}_0+o${view}`;
  return `at${rank}(${[i, ...sizes, ...strideNames(rank, view), `o${view}`].join(",")})`;
}

function strideNames(rank: number, view: number): string[] {
  return range(rank).map((d) => `s${view}_${d}`);
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** An expression that turns the number `v` (a name) into what an element of `dtype` can hold. */
export function storeAs(dtype: DType, v: string): string {
  if (dtype.is_floating_point) return v;
  if (dtype === bool) return `(${v}===0.0?0.0:1.0)`;
  const whole = `(${v}<0.0?Math.ceil(${v}):Math.floor(${v}))`;
  if (dtype.itemsize > 2) return whole;
  const span = `${2 ** (8 * dtype.itemsize)}.0`;
  const half = dtype.is_signed ? `${2 ** (8 * dtype.itemsize - 1)}.0` : "0.0";
  return `(${whole}-Math.floor((${whole}+${half})/${span})*${span})`;
}

/**
 * Helpers with exact integers: gpu.js divides integers in float32 and lets locals decay to it, so these are single
 * expressions over integer parameters, and the quotient is corrected once.
 */
const integerHelpers: readonly string[] = [
  "function q0(n,d){ return Math.floor(n/d); }",
  "function r0(n,d){ return n-q0(n,d)*d; }",
  "function q1(n,d){ return q0(n,d)+q0(r0(n,d),d); }",
  "function fixq(r,d){ if(r<0){ return -1; } if(r>=d){ return 1; } return 0; }",
  "function idiv(n,d){ return q1(n,d)+fixq(n-q1(n,d)*d,d); }",
  "function imod(n,d){ return n-idiv(n,d)*d; }",
  "function ix(k,s,base){ return k*s+base; }",
  ...range(maxRank + 1).slice(2).map(walkHelper),
];

// the place of element i, for sizes n1.. (the outermost is not needed), strides s0.. and offset o
function walkHelper(rank: number): string {
  const sizes = range(rank).slice(1).map((d) => `n${d}`);
  const strides = range(rank).map((d) => `s${d}`);
  const last = rank - 1;
  const head = rank === 2
    ? `idiv(i,n1)*s0+o`
    : `at${last}(${[`idiv(i,n${last})`, ...sizes.slice(0, -1), ...strides.slice(0, -1), "o"].join(",")})`;
  return `function at${rank}(${
    ["i", ...sizes, ...strides, "o"].join(",")
  }){ return ${head}+imod(i,n${last})*s${last}; }`;
}

/** Helpers on floats, for expressions of `ScalarFunction.gpu` too. NaN is found without `x !== x`, which WebGPU drops. */
const floatHelpers: readonly string[] = [
  "function isn(x){ if(x<=0.0){ return 0.0; } if(x>=0.0){ return 0.0; } return 1.0; }",
  "function maxn(x,y){ if(isn(x)>0.0){ return x; } if(isn(y)>0.0){ return y; } if(x>y){ return x; } return y; }",
  "function minn(x,y){ if(isn(x)>0.0){ return x; } if(isn(y)>0.0){ return y; } if(x<y){ return x; } return y; }",
  "function rhe(x){ let f=Math.floor(x); const t=x-f; if(t>0.5){ f=f+1.0; } else if(t===0.5){ const h=f*0.5; " +
  "if(Math.floor(h)!==h){ f=f+1.0; } } return f; }",
];

/** All helper functions, for the lint test. */
export const helperSources: readonly string[] = [...integerHelpers, ...floatHelpers];

/** Gives an instance of gpu.js the helper functions that the kernels call. */
export function addHelpers(gpu: GpuInstance): void {
  for (const [sources, type] of [[integerHelpers, "Integer"], [floatHelpers, "Float"]] as const) {
    for (const source of sources) {
      const names = source.slice(source.indexOf("(") + 1, source.indexOf(")")).split(",");
      gpu.addFunction(source, {
        argumentTypes: Object.fromEntries(names.map((n): [string, ArgumentType] => [n, type])),
        returnType: type,
      });
    }
  }
}
