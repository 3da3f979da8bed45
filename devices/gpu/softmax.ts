/** @file Softmax, its logarithm and their gradient on the gpu. */

import type { Kernels, View } from "../../tensor/device.ts";
import { numelOf } from "../../tensor/shape.ts";
import type { Cell, Engine } from "./engine.ts";
import { kernelSource } from "./source.ts";
import { put, withFlat } from "./walk.ts";

// element j of the row that thread i belongs to, rows being along the dim in the middle
const at = (x: string, j: string) => `${x}[(idiv(this.thread.x,inner)*size+${j})*inner+imod(this.thread.x,inner)]`;
const rowOf = (i: string) => `idiv(${i},size*inner)*inner+imod(${i},inner)`;
const here = "this.thread.x";

/** Softmax kernels of an engine. */
export function softmaxKernels(engine: Engine): Pick<Kernels, "softmax" | "softmaxGrad"> {
  const rows = (key: string, body: string, cells: Record<string, Cell>, sizes: readonly number[]) =>
    engine.launch(
      key,
      () => kernelSource(Object.keys(cells), ["size", "inner"], [], body),
      [sizes[0]],
      [...Object.values(cells), sizes[1], sizes[2]],
    );
  return {
    softmax: (x, out, dim, log) => {
      const [n, size, inner] = layout(out, dim);
      if (n === 0) return;
      withFlat(engine, x, (xs) => {
        const perRow = [n / size, size, inner];
        const max = rows("softmax max", maxBody, { x: xs }, perRow);
        const sum = rows("softmax sum", sumBody, { x: xs, m: max }, perRow);
        const row = rowOf(here);
        const value = log ? `x[${here}]-m[${row}]-Math.log(s[${row}])` : `Math.exp(x[${here}]-m[${row}])/s[${row}]`;
        const y = rows(`softmax ${log}`, `return ${value};`, { x: xs, m: max, s: sum }, [n, size, inner]);
        engine.free(max);
        engine.free(sum);
        put(engine, y, out);
      });
    },
    softmaxGrad: (y, g, out, dim, log) => {
      const [n, size, inner] = layout(out, dim);
      if (n === 0) return;
      withFlat(engine, y, (ys) =>
        withFlat(engine, g, (gs) => {
          const term = log ? at("g", "j") : `${at("g", "j")}*${at("y", "j")}`;
          const body = `let s=0.0; for(let j=0;j<size;j++){ s+=${term}; } return s;`;
          const inputs: Record<string, Cell> = log ? { g: gs } : { g: gs, y: ys };
          const sum = rows(`softmaxGrad sum ${log}`, body, inputs, [n / size, size, inner]);
          const row = rowOf(here);
          const value = log ? `g[${here}]-Math.exp(y[${here}])*s[${row}]` : `y[${here}]*(g[${here}]-s[${row}])`;
          const result = rows(`softmaxGrad ${log}`, `return ${value};`, { y: ys, g: gs, s: sum }, [n, size, inner]);
          engine.free(sum);
          put(engine, result, out);
        }));
    },
  };
}

const maxBody = `let s=${at("x", "0")}; for(let j=1;j<size;j++){ s=maxn(s,${at("x", "j")}); } return s;`;
const sumBody = `let s=0.0; for(let j=0;j<size;j++){ s+=Math.exp(${at("x", "j")}-m[${here}]); } return s;`;

// elements, size of dim, elements within
function layout(view: View, dim: number): [number, number, number] {
  return [numelOf(view.shape), view.shape[dim] ?? 1, numelOf(view.shape.slice(dim + 1))];
}
