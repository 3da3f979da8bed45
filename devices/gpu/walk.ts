/** @file Views as kernels step through them: broadcast, with as few dimensions as possible. */

import type { View } from "../../tensor/device.ts";
import { DeviceError } from "../../tensor/errors.ts";
import { broadcastStrides, contiguousStrides, isContiguous, numelOf, type Shape } from "../../tensor/shape.ts";
import type { Cell, Engine } from "./engine.ts";
import type { GpuStorage } from "./device.ts";
import { kernelSource, maxRank, placeOf, walkNames } from "./source.ts";

/** A view that starts somewhere and has a stride for each dimension of a common shape. */
export interface Steps {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Steps through several views at once. */
export interface Walk {
  /** Dimensions after merging; at least 1. */
  readonly rank: number;
  /** Values of the integers that `walkNames(rank, views)` names. */
  readonly integers: readonly number[];
}

/** The cell of a view's storage. */
export function cellOf(view: View): Cell {
  return (view.storage as GpuStorage).cell;
}

/** Steps through `views`, broadcast to `shape`. */
export function walkViews(shape: Shape, views: readonly View[]): Walk {
  return walk(
    shape,
    views.map((v) => ({ strides: broadcastStrides(v.shape, v.strides, shape), offset: v.offset })),
  );
}

/**
 * Merges dimensions that lie one after the other in all views.
 *
 * @throws DeviceError when more than 6 remain
 */
export function walk(shape: Shape, views: readonly Steps[]): Walk {
  const sizes: number[] = [];
  const strides: number[][] = views.map(() => []);
  for (let d = 0; d < shape.length; d++) {
    if (shape[d] === 1) continue;
    const last = sizes.length - 1;
    const merges = last >= 0 && views.every((v, i) => strides[i][last] === v.strides[d] * shape[d]);
    if (merges) sizes[last] *= shape[d];
    else sizes.push(shape[d]);
    views.forEach((v, i) => {
      if (merges) strides[i][last] = v.strides[d];
      else strides[i].push(v.strides[d]);
    });
  }
  if (sizes.length === 0) {
    sizes.push(1);
    strides.forEach((s) => s.push(0));
  }
  if (sizes.length > maxRank) {
    throw new DeviceError(
      `Cannot step through ${sizes.length} dimensions on the gpu: at most ${maxRank} that do not merge: call contiguous()`,
    );
  }
  const integers = sizes.slice(1);
  views.forEach((v, i) => integers.push(...strides[i], v.offset));
  return { rank: sizes.length, integers };
}

/** True when the view shows all elements of its storage in their order. */
export function isWhole(view: View): boolean {
  return view.offset === 0 && isContiguous(view.shape, view.strides) && numelOf(view.shape) === view.storage.numel;
}

/** Uses a view's elements row by row from the start of a cell; a copy is made, and freed again, where they are not so. */
export function withFlat<T>(engine: Engine, view: View, use: (cell: Cell) => T): T {
  if (isWhole(view)) return use(cellOf(view));
  const { rank, integers } = walkViews(view.shape, [view]);
  const copy = engine.launch(
    `copy ${rank}`,
    () => kernelSource(["x"], walkNames(rank, 1), [], `return x[${placeOf(rank, 0, "this.thread.x")}];`),
    [numelOf(view.shape)],
    [cellOf(view), ...integers],
  );
  try {
    return use(copy);
  } finally {
    engine.free(copy);
  }
}

/**
 * Makes `result` (row by row, `out`'s elements) the contents of `out`: a whole storage gets its handle,
 * of a part the storage is written anew with the part replaced.
 */
export function put(engine: Engine, result: Cell, out: View): void {
  if (result.numel === 0) return;
  if (isWhole(out)) return engine.move(result, cellOf(out));
  engine.move(placed(engine, result, out), cellOf(out));
  engine.free(result);
}

// every element of the storage asks whether it lies in the part; works for parts whose strides fall from dim to dim
function placed(engine: Engine, part: Cell, out: View): Cell {
  const order = out.shape.map((_, d) => d).filter((d) => out.shape[d] > 1)
    .sort((a, b) => out.strides[b] - out.strides[a]);
  const apart = order.every((d, i) =>
    out.strides[d] > 0 && (i === 0 || out.strides[order[i - 1]] >= out.strides[d] * out.shape[d])
  );
  if (!apart) throw new DeviceError(`Cannot write to overlapping elements on the gpu: call contiguous() first`);
  const rank = order.length;
  const to = contiguousStrides(out.shape);
  const names = order.flatMap((_, i) => [`n${i}`, `s${i}`, `t${i}`]);
  const cell = cellOf(out);
  return engine.launch(
    `place ${rank}`,
    () => kernelSource(["x", "part"], ["o", ...names], [], placeBody(rank)),
    [cell.numel],
    [cell, part, out.offset, ...order.flatMap((d) => [out.shape[d], out.strides[d], to[d]])],
  );
}

function placeBody(rank: number): string {
  const i = "this.thread.x";
  let rest = `(${i}-o)`;
  let inside = `${i}<o`;
  let at = "0";
  for (let d = 0; d < rank; d++) {
    inside += `||idiv(${rest},s${d})>=n${d}`;
    at += `+idiv(${rest},s${d})*t${d}`;
    rest = `imod(${rest},s${d})`;
  }
  return `if(${inside}||${rest}>0){ return x[${i}]; } return part[${at}];`;
}
