/** @file The largest absolute value of a tensor, or along some of its dimensions. */

import type { ReduceKind, ScalarFunction } from "../../tensor/device.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { normalizeDims, reducedShape } from "../../tensor/shape.ts";
import { contiguousStrides } from "../../tensor/shape.ts";
import { free } from "../../tensor/storage.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";

const largerSize: ScalarFunction = {
  name: "larger_size",
  js: (high, low) => Math.max(high, -low),
  gpu: "max(a, -b)",
};

/**
 * The largest absolute values, reduced over `axis`; NaN wins. No gradient is recorded.
 *
 * @param axis the dimensions that are reduced (null: all; the reverse of a descriptor's axis, which names those that stay)
 * @param keepdims keeps them with size 1; a single remaining element is 0-dimensional anyway, unless `axis` is a number
 * @throws ShapeError for a dimension that is out of range, more axes than dimensions, or a tensor without elements
 * @see pytorch_quantization.utils.reduce_amax
 */
export function reduce_amax(x: Tensor, axis: number | readonly number[] | null = null, keepdims = true): Tensor {
  if (Array.isArray(axis) && axis.length > x.ndim) {
    throw new ShapeError(`Cannot reduce_amax axis [${axis}] of ${x.ndim} dimensions: not more axes are possible`);
  }
  if (x.numel() === 0) throw new ShapeError(`Cannot reduce_amax a tensor of shape [${x.shape}]: elements are needed`);
  const all = Array.from(x.shape, (_, d) => d);
  const none = Array.isArray(axis) && axis.length === 0;
  const dims = axis === null
    ? all
    : none
    ? []
    : normalizeDims("reduce_amax", typeof axis === "number" ? [axis] : axis, x.ndim);
  const result = sizes(x, dims);
  if (axis === null || (typeof axis !== "number" && result.numel() === 1)) return result.viewAs([], []);
  if (keepdims) return result;
  const shape = reducedShape(x.shape, dims, false);
  return result.viewAs(shape, contiguousStrides(shape));
}

function sizes(x: Tensor, dims: readonly number[]): Tensor {
  const { device } = x;
  device.beginOp();
  const reduce = (kind: ReduceKind): Tensor => {
    const out = allocate(device, x.dtype, reducedShape(x.shape, dims, true));
    if (dims.length > 0) device.kernels.reduce(kind, x, dims, out);
    else device.kernels.copy(x, out);
    return out;
  };
  // two reductions instead of one over |x|, which would need as much memory as x
  const high = reduce("amax");
  const low = reduce("amin");
  device.kernels.map(largerSize, [high, low], high, []);
  free(low.storage.allocation);
  return high;
}
