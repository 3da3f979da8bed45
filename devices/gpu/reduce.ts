/** @file Reductions on the gpu, in stages whose sizes depend on the shape only. */

import type { Kernels, ReduceKind, View } from "../../tensor/device.ts";
import { numelOf } from "../../tensor/shape.ts";
import type { Cell, Engine } from "./engine.ts";
import { kernelSource, placeOf, storeAs, walkNames } from "./source.ts";
import { cellOf, put, walk, withFlat } from "./walk.ts";

/** Elements that one thread combines; longer reductions take another stage. */
const chunk = 512;

// from the value so far, s, and the next element, v
const combine: Readonly<Record<ReduceKind, string>> = {
  sum: "s+v",
  prod: "s*v",
  amax: "maxn(s,v)",
  amin: "minn(s,v)",
  any: "(s===0.0&&v===0.0)?0.0:1.0",
  all: "(s===0.0||v===0.0)?0.0:1.0",
};

const identity: Readonly<Record<ReduceKind, number>> = { sum: 0, prod: 1, amax: 0, amin: 0, any: 0, all: 1 };

/** Reductions of an engine. */
export function reduceKernels(engine: Engine): Pick<Kernels, "reduce" | "argReduce"> {
  return {
    reduce: (kind, x, dims, out) => reduce(engine, kind, x, dims, out),
    argReduce: (kind, x, dim, out) => {
      const inner = numelOf(x.shape.slice(dim + 1));
      const result = withFlat(engine, x, (cell) =>
        engine.launch(
          kind,
          () => kernelSource(["x"], ["size", "inner"], [], argBody(kind)),
          [numelOf(out.shape)],
          [cell, x.shape[dim] ?? 1, inner],
        ));
      put(engine, result, out);
    },
  };
}

function argBody(kind: "argmax" | "argmin"): string {
  const better = kind === "argmax" ? "v>s" : "v<s";
  const at = (j: string) => `x[(idiv(this.thread.x,inner)*size+${j})*inner+imod(this.thread.x,inner)]`;
  return `let s=${at("0")}; let best=0.0; for(let j=0;j<size;j++){ const v=${at("j")}; ` +
    `if(isn(s)===0.0){ if(${better}||isn(v)>0.0){ s=v; best=j; } } } return best;`;
}

function reduce(engine: Engine, kind: ReduceKind, x: View, dims: readonly number[], out: View): void {
  const gone = new Set(dims);
  const all = x.shape.map((_, d) => d);
  const kept = all.filter((d) => !gone.has(d));
  const count = numelOf(dims.map((d) => x.shape[d]));
  const n = numelOf(kept.map((d) => x.shape[d]));
  if (n === 0) return;
  const order = (list: readonly number[], offset: number) =>
    walk(list.map((d) => x.shape[d]), [{ strides: list.map((d) => x.strides[d]), offset }]);
  const outer = order(kept, x.offset);
  const inner = order([...dims].sort((a, b) => a - b), 0);
  if (count === 0) return put(engine, engine.upload(new Float32Array(n).fill(identity[kind])), out);
  let cell = stage(engine, kind, cellOf(x), out, n, count, outer, inner);
  let left = Math.ceil(count / chunk);
  while (left > 1) {
    const previous = cell;
    cell = stage(engine, kind, previous, out, n, left, { rank: 1, integers: [left, 0] }, { rank: 1, integers: [1, 0] });
    engine.free(previous);
    left = Math.ceil(left / chunk);
  }
  put(engine, cell, out);
}

interface Steps {
  readonly rank: number;
  readonly integers: readonly number[];
}

/** One stage: `n * ceil(count / chunk)` partial results of `count` elements each. */
function stage(
  engine: Engine,
  kind: ReduceKind,
  x: Cell,
  out: View,
  n: number,
  count: number,
  outer: Steps,
  inner: Steps,
): Cell {
  const parts = Math.ceil(count / chunk);
  const last = parts === 1;
  const make = () => {
    const names = [
      ...walkNames(outer.rank, 1).map((s) => `k${s}`),
      ...walkNames(inner.rank, 1).map((s) => `g${s}`),
    ];
    const start = `imod(this.thread.x,parts)*${chunk}`;
    const place = (j: string) =>
      `${prefixed("k", outer.rank, "idiv(this.thread.x,parts)")}+${prefixed("g", inner.rank, `ix(1,${j},${start})`)}`;
    const length = `count-${start}`;
    const combined = `const v=x[${place("j")}]; s=${combine[kind]};`;
    const first = kind === "any" || kind === "all" ? "(x[at]===0.0?0.0:1.0)" : "x[at]";
    const body = `let s=${first.replace("at", place("0"))}; ` +
      `for(let j=1;j<${chunk};j++){ if(j<${length}){ ${combined} } } return ${last ? storeAs(out.dtype, "s") : "s"};`;
    return kernelSource(["x"], ["count", "parts", ...names], [], body);
  };
  const key = `reduce ${kind} ${outer.rank} ${inner.rank} ${last ? out.dtype.name : "part"}`;
  return engine.launch(key, make, [n * parts], [x, count, parts, ...outer.integers, ...inner.integers]);
}

// placeOf with its integers' names behind a prefix
function prefixed(prefix: string, rank: number, i: string): string {
  return placeOf(rank, 0, "@").replace(/\b([nso]\d+(?:_\d+)?)\b/g, `${prefix}$1`).replace("@", `(${i})`);
}
