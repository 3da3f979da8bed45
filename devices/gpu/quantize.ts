/** @file Fake quantization on the gpu. */

import type { Kernels, QuantParams } from "../../tensor/device.ts";
import { numelOf } from "../../tensor/shape.ts";
import type { Engine } from "./engine.ts";
import { kernelSource, placeOf, storeAs, walkNames } from "./source.ts";
import { cellOf, put, walkViews } from "./walk.ts";

/** Fake quantization kernels of an engine. */
export function quantizeKernels(engine: Engine): Pick<Kernels, "fakeQuant" | "fakeQuantGrad"> {
  return {
    fakeQuant: (x, amax, out, p) => {
      const n = numelOf(out.shape);
      if (n === 0) return;
      const { rank, integers } = walkViews(out.shape, [x, amax]);
      const make = () => {
        const round = engine.mode === "cpu" ? "Math.fround" : "";
        const body = `const v=x[${placeOf(rank, 0, "this.thread.x")}]; const m=amax[${
          placeOf(rank, 1, "this.thread.x")
        }]; if(m<=tiny){ return 0.0; } ${quantBody(p, round)} return ${storeAs(out.dtype, "value")};`;
        return kernelSource(["x", "amax"], walkNames(rank, 2), ["hi", "lo", "tiny"], body);
      };
      const key = `fakeQuant ${p.mode} ${p.output} ${rank} ${out.dtype.name}`;
      const result = engine.launch(
        key,
        make,
        [n],
        [cellOf(x), cellOf(amax), ...integers, p.maxBound, p.minBound, 2 ** -24],
      );
      put(engine, result, out);
    },
    fakeQuantGrad: (g, x, amax, out) => {
      const n = numelOf(out.shape);
      if (n === 0) return;
      const { rank, integers } = walkViews(out.shape, [g, x, amax]);
      const make = () => {
        const [a, b, c] = [0, 1, 2].map((view) => placeOf(rank, view, "this.thread.x"));
        const body = `if(Math.abs(x[${b}])<=amax[${c}]){ return g[${a}]; } return 0.0;`;
        return kernelSource(["g", "x", "amax"], walkNames(rank, 3), [], body);
      };
      const cells = [g, x, amax].map(cellOf);
      put(engine, engine.launch(`fakeQuantGrad ${rank}`, make, [n], [...cells, ...integers]), out);
    },
  };
}

// cpu mode computes in float64, so that every step must be rounded there; NaN passes the comparisons unclamped
function quantBody(p: QuantParams, round: string): string {
  const scaled = p.mode === "scale"
    ? `const s=${round}(hi/m); const t=${round}(v*s);`
    : `const s=${round}(m/hi); const t=${round}(v/s);`;
  const back = p.output === "code" ? "k" : p.mode === "scale" ? "k/s" : "k*s";
  return `${scaled} let k=rhe(t); if(k<lo){ k=lo; } if(k>hi){ k=hi; } const value=${back};`;
}
