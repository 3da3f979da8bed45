/** @file Matrix products on the gpu. */

import type { Kernels, View } from "../../tensor/device.ts";
import { broadcastStrides, numelOf } from "../../tensor/shape.ts";
import type { Engine } from "./engine.ts";
import { kernelSource, placeOf, walkNames } from "./source.ts";
import { cellOf, put, walk } from "./walk.ts";

/** Up to so many elements places may be computed in float32. */
const exactPlaces = 2 ** 24;

/** `matmul` of an engine. */
export function matmulKernel(engine: Engine): Kernels["matmul"] {
  return (a, b, bias, out) => {
    const lead = out.shape.slice(0, -2);
    const [m, n] = out.shape.slice(-2);
    const size = a.shape.at(-1) as number;
    if (numelOf(out.shape) === 0) return;
    const steps = (v: View) => ({
      strides: broadcastStrides(v.shape.slice(0, -2), v.strides.slice(0, -2), lead),
      offset: v.offset,
    });
    const { rank, integers } = walk(lead, [steps(a), steps(b)]);
    const small = Math.max(a.storage.numel, b.storage.numel) < exactPlaces;
    const make = () =>
      kernelSource(
        bias ? ["a", "b", "bias"] : ["a", "b"],
        ["size", "am", "ak", "bk", "bn", ...walkNames(rank, 2), ...(bias ? ["cn", "co"] : [])],
        [],
        matmulBody(rank, small, bias !== null),
      );
    const inner = [size, ...a.strides.slice(-2), ...b.strides.slice(-2), ...integers];
    const cells = [a, b, ...(bias ? [bias] : [])].map(cellOf);
    const extra = bias ? [bias.strides[0], bias.offset] : [];
    const key = `matmul ${rank} ${small} ${bias !== null}`;
    put(engine, engine.launch(key, make, [n, m, numelOf(lead)], [...cells, ...inner, ...extra]), out);
  };
}

function matmulBody(rank: number, small: boolean, bias: boolean): string {
  const rowA = `${placeOf(rank, 0, "this.thread.z")}+this.thread.y*am`;
  const rowB = `${placeOf(rank, 1, "this.thread.z")}+this.thread.x*bn`;
  const places = small ? `const pa=${rowA}; const pb=${rowB};` : "";
  const x = small ? "a[pa+k*ak]" : `a[ix(k,ak,${rowA})]`;
  const y = small ? "b[pb+k*bk]" : `b[ix(k,bk,${rowB})]`;
  const start = bias ? "bias[this.thread.x*cn+co]" : "0.0";
  return `${places} let s=0.0; for(let k=0;k<size;k++){ s+=${x}*${y}; } return s+${start};`;
}
