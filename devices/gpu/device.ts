/** @file The gpu device: storages whose elements are behind handles of gpu.js. */

import type { Device, Kernels } from "../../tensor/device.ts";
import { bfloat16, type DType, float16, float32, float64, newArray, type TypedArray } from "../../tensor/dtype.ts";
import { DTypeError, ValueError } from "../../tensor/errors.ts";
import { reader, writer } from "../../tensor/host.ts";
import { type Allocation, Storage } from "../../tensor/storage.ts";
import type { Cell, Engine } from "./engine.ts";
import { gpuKernels } from "./kernels.ts";

/** Integers beyond this are not exact in float32, which is all that gpu.js computes with. */
const largestInteger = 2 ** 24;

/** Memory of one storage; its cell's handle is replaced when the storage is changed in place. */
class GpuAllocation implements Allocation {
  freed = false;
  keeps = 0;
  owned = false;
  readonly bytes: number;

  constructor(readonly device: GpuDevice, readonly cell: Cell) {
    this.bytes = cell.numel * 4;
    device.liveBytes += this.bytes;
  }

  release(): void {
    this.device.liveBytes -= this.bytes;
    this.device.engine.free(this.cell);
  }
}

/** Elements on the gpu, each a float32 whatever the dtype. */
export class GpuStorage extends Storage {
  readonly cell: Cell;

  constructor(device: GpuDevice, dtype: DType, numel: number) {
    const cell: Cell = { numel, handle: null, error: null };
    super(device, dtype, numel, new GpuAllocation(device, cell));
    this.cell = cell;
  }
}

/** A device of gpu.js in one of its modes. */
export class GpuDevice implements Device {
  readonly type = "gpu";
  readonly name: string;
  readonly kernels: Kernels;
  /** Bytes of the storages that have not been freed. */
  liveBytes = 0;

  constructor(readonly engine: Engine) {
    this.name = `gpu:${engine.mode}`;
    this.kernels = gpuKernels(this.name, engine);
  }

  /**
   * Storage for `numel` elements.
   *
   * @throws DTypeError for float64, float16 and bfloat16, whose rounding gpu.js does not have
   */
  alloc(dtype: DType, numel: number): Storage {
    if (dtype === float64 || dtype === float16 || dtype === bfloat16) {
      throw new DTypeError(`Cannot allocate ${dtype.name} on "${this.name}": gpu.js has only float32: use .to("cpu")`);
    }
    return new GpuStorage(this, dtype, numel);
  }

  /**
   * Sets all elements.
   *
   * @throws ValueError for integers beyond 2^24, which float32 does not hold
   */
  write(storage: Storage, source: TypedArray): void {
    const { cell } = storage as GpuStorage;
    if (cell.numel === 0) return;
    const values = source instanceof Float32Array ? source : this.#toFloats(storage.dtype, source);
    this.engine.move(this.engine.upload(values), cell);
  }

  readSync(storage: Storage): TypedArray {
    return fromFloats(storage.dtype, this.engine.readSync((storage as GpuStorage).cell));
  }

  async read(storage: Storage): Promise<TypedArray> {
    const { dtype } = storage;
    return fromFloats(dtype, await this.engine.read((storage as GpuStorage).cell));
  }

  beginOp(): void {}

  toString(): string {
    return this.name;
  }

  #toFloats(dtype: DType, source: TypedArray): Float32Array {
    const read = reader(source, dtype);
    const values = new Float32Array(source.length);
    for (let i = 0; i < values.length; i++) {
      const value = read(i);
      if (Math.abs(value) > largestInteger) {
        throw new ValueError(`Cannot write ${value} to "${this.name}": integers beyond 2^24 are not exact there`);
      }
      values[i] = value;
    }
    return values;
  }
}

function fromFloats(dtype: DType, values: Float32Array): TypedArray {
  if (dtype === float32) return values;
  const array = newArray(dtype, values.length);
  const write = writer(array, dtype);
  for (let i = 0; i < values.length; i++) write(i, values[i]);
  return array;
}
