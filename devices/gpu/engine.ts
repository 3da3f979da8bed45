/** @file Launches of gpu.js kernels in program order: one queue per device, elements behind handles. */

import { DeviceError, MemoryError } from "../../tensor/errors.ts";
import type { CompiledKernel, GpuInstance, GpuJs, GpuMode, Handle, WebGpuContext } from "./gpujs.ts";
import { addHelpers, type KernelSource } from "./source.ts";

/** Where elements will be once the queue has come to them. */
export interface Cell {
  readonly numel: number;
  handle: Handle | null;
  /** Why the elements could not be computed; passed on to what is computed from them. */
  error: unknown;
}

// one object for all cells, because it is set at every free
const gone = new MemoryError("Cannot use elements on the gpu that have been freed: keep their tensor");

// WebGPU's usage bits
const mapRead = 1, copySource = 4, copyTarget = 8, storageBuffer = 128;

/** Runs kernels in one mode of gpu.js. In webgpu mode everything waits its turn in a queue, in the others it runs at once. */
export class Engine {
  readonly #gpu: GpuInstance;
  readonly #kernels = new Map<string, CompiledKernel>();
  /** Sources of all kernels built so far, by key. */
  readonly sources: Map<string, KernelSource> = new Map();
  #tail: Promise<void> = Promise.resolve();

  private constructor(readonly mode: GpuMode, readonly lib: GpuJs, readonly context: WebGpuContext | null) {
    this.#gpu = new lib.GPU({ mode });
    addHelpers(this.#gpu);
  }

  /**
   * An engine of gpu.js's `mode`.
   *
   * @throws DeviceError when there is no WebGPU adapter for `"webgpu"`
   */
  static async create(lib: GpuJs, mode: GpuMode): Promise<Engine> {
    if (mode !== "webgpu") return new Engine(mode, lib, null);
    if (!await lib.GPU.isWebGPUAvailable()) {
      throw new DeviceError(`Cannot init gpu mode "webgpu": there is no WebGPU adapter: use "webasm"`);
    }
    return new Engine(mode, lib, await lib.WebGPUContext.acquire());
  }

  /** A cell whose elements come from an array; the array is copied. */
  upload(source: Float32Array): Cell {
    const cell: Cell = { numel: source.length, handle: null, error: null };
    const copy = source.slice();
    this.#enqueue(cell, () => {
      if (copy.length > 0) cell.handle = this.#uploadNow(copy);
    });
    return cell;
  }

  /**
   * Launches a kernel.
   *
   * @param key names the kernel; `make` is called when it is not built yet
   * @param output sizes of the launch, innermost first; the result is flat
   */
  launch(key: string, make: () => KernelSource, output: readonly number[], args: readonly (Cell | number)[]): Cell {
    const cell: Cell = { numel: output.reduce((n, size) => n * size, 1), handle: null, error: null };
    if (cell.numel === 0) return cell;
    this.#enqueue(cell, () => {
      const values = args.map((arg) => {
        if (typeof arg === "number") return arg;
        if (arg.error) throw arg.error;
        arg.handle ??= this.#uploadNow(new Float32Array(arg.numel)); // never written: any contents will do
        return arg.handle;
      });
      const kernel = this.#kernel(key, make, output);
      const result = kernel(...values);
      if (!this.context) {
        this.#assertMode(key, kernel);
        cell.handle = flatArray(result as NestedArrays, cell.numel);
        return undefined;
      }
      return (result as Promise<Handle>).then((handle) => {
        this.#assertMode(key, kernel);
        cell.handle = this.#flatBuffer(handle, cell.numel);
      });
    });
    return cell;
  }

  /** Gives the elements of `from` to `to`, whose old ones are freed; `from` must not be used again. */
  move(from: Cell, to: Cell): void {
    this.#enqueue(to, () => {
      deleteHandle(to.handle);
      to.handle = from.handle;
      to.error = from.error;
      from.handle = null;
      from.error ??= gone;
    });
  }

  /** Frees the elements of a cell, after everything launched so far. */
  free(cell: Cell): void {
    this.#enqueue(cell, () => {
      deleteHandle(cell.handle);
      cell.handle = null;
      cell.error ??= gone;
    });
  }

  /** A copy of the elements; only in the synchronous modes. */
  readSync(cell: Cell): Float32Array {
    if (this.context) {
      throw new DeviceError(`Cannot read a tensor on "gpu:webgpu" synchronously: use await x.data()`);
    }
    if (cell.error) throw cell.error;
    return (cell.handle as Float32Array | null)?.slice() ?? new Float32Array(cell.numel);
  }

  /** A copy of the elements once they are computed. The queue does not wait for it, so that reads overlap. */
  async read(cell: Cell): Promise<Float32Array> {
    const { context } = this;
    if (!context) return this.readSync(cell);
    let result: Promise<Float32Array> | null = null;
    this.#enqueue(null, () => {
      const { handle } = cell;
      if (handle && !cell.error) result = readBuffer(context, handle, cell.numel);
    });
    await this.#tail;
    if (cell.error) throw cell.error;
    return await result ?? new Float32Array(cell.numel);
  }

  #enqueue(cell: Cell | null, run: () => void | Promise<void>): void {
    const failed = (error: unknown) => {
      if (cell) cell.error ??= error;
    };
    if (this.context) this.#tail = this.#tail.then(run).catch(failed);
    else run();
  }

  #kernel(key: string, make: () => KernelSource, output: readonly number[]): CompiledKernel {
    const known = this.#kernels.get(key);
    if (known) {
      known.setOutput(output);
      return known;
    }
    const source = make();
    const kernel = this.#gpu.createKernel(source.source, {
      output,
      argumentTypes: source.types,
      pipeline: true,
      immutable: true,
      dynamicOutput: true,
      dynamicArguments: true,
      precision: "single",
      loopMaxIterations: 0x7fffffff, // gpu.js otherwise cuts loops after 1000 rounds
    });
    if (this.mode === "webasm") kernel.kernel.moduleCacheLimit = 32;
    this.sources.set(key, source);
    this.#kernels.set(key, kernel);
    return kernel;
  }

  // gpu.js quietly runs what a mode cannot do in another one
  #assertMode(key: string, kernel: CompiledKernel): void {
    const { mode } = kernel.kernel.constructor;
    if (mode === this.mode) return;
    throw new DeviceError(
      `Cannot run ${key} on "gpu:${this.mode}": gpu.js ran it in mode ${mode} (${kernel.kernel.fallbackReason})`,
    );
  }

  #uploadNow(data: Float32Array): Handle {
    if (!this.context) return data;
    const { device } = this.context;
    const buffer = device.createBuffer({ size: data.byteLength, usage: storageBuffer | copySource | copyTarget });
    device.queue.writeBuffer(buffer, 0, data);
    return this.#wrap(buffer, data.length, null);
  }

  #wrap(buffer: unknown, numel: number, kernel: unknown): Handle {
    const { context } = this;
    return new this.lib.WebGPUBufferResult({ buffer, output: [numel], componentCount: 1, context, kernel });
  }

  #flatBuffer(handle: Handle, numel: number): Handle {
    if (handle instanceof Float32Array || handle.output.length === 1) return handle;
    const flat = this.#wrap(handle.buffer, numel, handle.kernel); // takes a reference of its own
    handle.delete();
    return flat;
  }
}

function deleteHandle(handle: Handle | null): void {
  if (handle && !(handle instanceof Float32Array)) handle.delete();
}

async function readBuffer({ device }: WebGpuContext, handle: Handle, numel: number): Promise<Float32Array> {
  if (handle instanceof Float32Array) return handle.slice();
  const staging = device.createBuffer({ size: numel * 4, usage: mapRead | copyTarget });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(handle.buffer, 0, staging, 0, numel * 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(mapRead);
  const data = new Float32Array(staging.getMappedRange().slice(0));
  staging.unmap();
  staging.destroy();
  return data;
}

type NestedArrays = Float32Array | readonly NestedArrays[];

// results of two or three dimensions come as nested rows
function flatArray(result: NestedArrays, numel: number): Float32Array {
  if (result instanceof Float32Array && result.length === numel) return result;
  const flat = new Float32Array(numel);
  let at = 0;
  const append = (part: NestedArrays): void => {
    if (!(part instanceof Float32Array)) return part.forEach(append);
    flat.set(part, at);
    at += part.length;
  };
  append(result);
  if (at !== numel) throw new DeviceError(`Cannot read a kernel's result of ${at} elements: ${numel} are needed`);
  return flat;
}
