/** @file fill, copy, map and sgd on the gpu. */

import type { Kernels, ScalarFunction, SgdParams, View } from "../../tensor/device.ts";
import { DeviceError } from "../../tensor/errors.ts";
import { numelOf } from "../../tensor/shape.ts";
import type { Cell, Engine } from "./engine.ts";
import { kernelSource, placeOf, storeAs, walkNames } from "./source.ts";
import { cellOf, put, walkViews, withFlat } from "./walk.ts";

const inputNames = ["a", "b", "c"];
const paramNames = ["p", "q", "r"];

/** Elementwise kernels of an engine; `name` is the device's, for messages. */
export function elementwiseKernels(name: string, engine: Engine): Pick<Kernels, "fill" | "copy" | "map" | "sgd"> {
  const map = (f: ScalarFunction, inputs: readonly View[], out: View, params: readonly number[]): void => {
    const { gpu } = f;
    if (gpu === undefined) throw new DeviceError(`Cannot ${f.name} on "${name}": no kernel yet: use .to("cpu")`);
    if (numelOf(out.shape) === 0) return;
    put(engine, launchMap(engine, f.name, gpu, inputs, out, params), out);
  };
  return {
    fill: (out, value) => map({ name: "fill", js: (p) => p, gpu: "p" }, [], out, [value]),
    copy: (x, out) => map({ name: "copy", js: (a) => a, gpu: "a" }, [x], out, []),
    map,
    sgd: (param, grad, buffer, p) => sgd(engine, param, grad, buffer, p),
  };
}

function launchMap(
  engine: Engine,
  name: string,
  expression: string,
  inputs: readonly View[],
  out: View,
  params: readonly number[],
): Cell {
  const { rank, integers } = walkViews(out.shape, inputs);
  const arrays = inputs.map((_, i) => `x${i}`);
  const make = () => {
    const reads = arrays.map((x, i) => `const ${inputNames[i]}=${x}[${placeOf(rank, i, "this.thread.x")}];`).join(" ");
    const names = inputs.length > 0 ? walkNames(rank, inputs.length) : [];
    const body = `${reads} const value=(${expression}); return ${storeAs(out.dtype, "value")};`;
    return kernelSource(arrays, names, paramNames.slice(0, params.length), body);
  };
  // names may be shared by functions with other expressions, so the expression is part of the key
  const key = `map ${name} ${expression} ${inputs.length} ${rank} ${out.dtype.name}`;
  const steps = inputs.length > 0 ? integers : [];
  return engine.launch(key, make, [numelOf(out.shape)], [...inputs.map(cellOf), ...steps, ...params]);
}

// the gradient with weight decay and direction: d = sign * g + decay * w
const direction = "const d=sign*g[i]+decay*w[i];".replaceAll("[i]", "[this.thread.x]");

function sgd(engine: Engine, param: View, grad: View, buffer: View | null, p: SgdParams): void {
  const n = numelOf(param.shape);
  if (n === 0) return;
  const sign = p.maximize ? -1 : 1;
  const floats = ["sign", "decay"];
  withFlat(engine, grad, (g) =>
    withFlat(engine, param, (w) => {
      if (!buffer) {
        const source = () =>
          kernelSource(["g", "w"], [], [...floats, "lr"], `${direction} return w[this.thread.x]-lr*d;`);
        return put(engine, engine.launch("sgd", source, [n], [g, w, sign, p.weight_decay, p.lr]), param);
      }
      withFlat(engine, buffer, (m) => {
        const momentum = p.first ? 0 : p.momentum;
        const keep = p.first ? 1 : 1 - p.dampening;
        const step = p.first
          // an empty buffer may hold anything, so it is not read
          ? engine.launch(
            "sgd first",
            () => kernelSource(["g", "w"], [], floats, `${direction} return d;`),
            [n],
            [g, w, sign, p.weight_decay],
          )
          : engine.launch(
            "sgd buffer",
            () =>
              kernelSource(
                ["g", "w", "m"],
                [],
                [...floats, "momentum", "keep"],
                `${direction} return momentum*m[this.thread.x]+keep*d;`,
              ),
            [n],
            [g, w, m, sign, p.weight_decay, momentum, keep],
          );
        const source = () =>
          kernelSource(
            ["g", "w", "m"],
            [],
            [...floats, "lr", "direct", "along"],
            `${direction} return w[this.thread.x]-lr*(direct*d+along*m[this.thread.x]);`,
          );
        const [direct, along] = p.nesterov ? [1, p.momentum] : [0, 1];
        const next = engine.launch("sgd step", source, [n], [g, w, step, sign, p.weight_decay, p.lr, direct, along]);
        put(engine, step, buffer);
        put(engine, next, param);
      });
    }));
}
