/** @file Moving elements between tensors, dtypes and devices, outside of any record of operations. */

import { type Device, device, type DeviceLike } from "./device.ts";
import type { DType } from "./dtype.ts";
import { allocate, type Tensor } from "./tensor.ts";

/** Copies the elements of `source`, converted to `target`'s dtype, into `target`, which is on the same device. */
export function copyInto(target: Tensor, source: Tensor): void {
  target.device.beginOp();
  target.device.kernels.copy(source, target);
  target.storage.version++;
}

/** A copy of `x` without history on another device or of another dtype. */
export function convert(x: Tensor, to: DeviceLike, dtype: DType): Tensor {
  const from = x.device;
  const target: Device = device(to);
  from.beginOp();
  const packed = allocate(from, dtype, x.shape);
  from.kernels.copy(x, packed);
  if (target === from) return packed;
  const moved = allocate(target, dtype, x.shape);
  target.write(moved.storage, from.readSync(packed.storage));
  return moved;
}

/** Removes the gradient of `x`, or sets it to zero. */
export function zeroGrad(x: Tensor, set_to_none: boolean): void {
  const { grad } = x;
  if (set_to_none || !grad) {
    x.grad = null;
    return;
  }
  grad.device.beginOp();
  grad.device.kernels.fill(grad, 0);
  grad.storage.version++;
}
