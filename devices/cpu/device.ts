/** @file The cpu device: the heap, and kernels on it. */

import type { Device, Kernels } from "../../tensor/device.ts";
import type { DType, TypedArray } from "../../tensor/dtype.ts";
import type { Storage } from "../../tensor/storage.ts";
import { GenericKernels } from "./generic/kernels.ts";
import { Heap } from "./heap.ts";

/** A device whose tensors lie on one heap. */
export class CpuDevice implements Device {
  readonly type = "cpu";
  readonly heap: Heap = new Heap();
  kernels: Kernels;

  /** @param name `"cpu"`; tests make further ones to compare kernels */
  constructor(
    readonly name: string = "cpu",
    makeKernels: (heap: Heap) => Kernels = (heap) => new GenericKernels(heap),
  ) {
    this.kernels = makeKernels(this.heap);
  }

  alloc(dtype: DType, numel: number): Storage {
    return this.heap.storage(this, dtype, numel);
  }

  write(storage: Storage, source: TypedArray): void {
    (this.heap.array(storage) as Float64Array).set(source as Float64Array);
  }

  readSync(storage: Storage): TypedArray {
    return this.heap.array(storage).slice();
  }

  read(storage: Storage): Promise<TypedArray> {
    return Promise.resolve(this.readSync(storage));
  }

  beginOp(): void {
    this.heap.beginOp();
  }

  toString(): string {
    return this.name;
  }
}
