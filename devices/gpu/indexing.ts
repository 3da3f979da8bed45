/** @file gather and scatterAdd on the gpu. */

import type { Kernels } from "../../tensor/device.ts";
import { DeviceError } from "../../tensor/errors.ts";
import { contiguousStrides, numelOf, showShape } from "../../tensor/shape.ts";
import type { Engine } from "./engine.ts";
import { kernelSource, placeOf, walkNames } from "./source.ts";
import { cellOf, put, walk, withFlat } from "./walk.ts";

/** Indexing kernels of an engine. */
export function indexKernels(engine: Engine): Pick<Kernels, "gather" | "scatterAdd"> {
  return {
    gather: (x, dim, index, out) => {
      const n = numelOf(out.shape);
      if (n === 0) return;
      const strides = x.strides.map((s, d) => d === dim ? 0 : s);
      const { rank, integers } = walk(out.shape, [{ strides, offset: x.offset }]);
      const make = () => {
        const place = `${placeOf(rank, 0, "this.thread.x")}+index[this.thread.x]*step`;
        return kernelSource(["x", "index"], [...walkNames(rank, 1), "step"], [], `return x[${place}];`);
      };
      const result = withFlat(
        engine,
        index,
        (places) => engine.launch(`gather ${rank}`, make, [n], [cellOf(x), places, ...integers, x.strides[dim] ?? 0]),
      );
      put(engine, result, out);
    },
    scatterAdd: (out, dim, index, src) => {
      const same = out.shape.every((size, d) => d === dim || (index.shape[d] === size && src.shape[d] === size));
      if (!same || index.shape[dim] !== src.shape[dim]) {
        throw new DeviceError(
          `Cannot scatterAdd ${showShape(src.shape)} into ${
            showShape(out.shape)
          } on the gpu: sizes must be equal except along dim ${dim}: use .to("cpu")`,
        );
      }
      const n = numelOf(out.shape);
      if (n === 0 || numelOf(src.shape) === 0) return;
      const inner = contiguousStrides(out.shape)[dim] ?? 1;
      const result = withFlat(
        engine,
        out,
        (old) =>
          withFlat(engine, index, (places) =>
            withFlat(engine, src, (values) =>
              engine.launch(
                "scatterAdd",
                () => kernelSource(["old", "index", "src"], ["size", "count", "inner"], [], scatterBody),
                [n],
                [old, places, values, out.shape[dim] ?? 1, src.shape[dim] ?? 1, inner],
              ))),
      );
      put(engine, result, out);
    },
  };
}

// gpu.js cannot scatter: each element looks for the sources that name it
const scatterBody = (() => {
  const row = "idiv(this.thread.x,size*inner)", column = "imod(this.thread.x,inner)";
  const place = `(${row}*count+j)*inner+${column}`;
  return `const me=imod(idiv(this.thread.x,inner),size); let s=old[this.thread.x]; ` +
    `for(let j=0;j<count;j++){ if(index[${place}]===me){ s+=src[${place}]; } } return s;`;
})();
