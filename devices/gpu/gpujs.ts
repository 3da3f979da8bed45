/** @file The part of gpu.js that the device uses, typed; its own declarations leave out the WebGPU classes. */

import { DeviceError } from "../../tensor/errors.ts";

/** The modes of gpu.js that the device can run in; each is chosen explicitly, gpu.js never picks one. */
export type GpuMode = "cpu" | "webasm" | "webgpu";

/** Types of kernel arguments: elements, an exact integer, a float. */
export type ArgumentType = "Array" | "Integer" | "Float";

/** Elements on a WebGPU device. */
export interface BufferHandle {
  readonly buffer: unknown;
  readonly output: readonly number[];
  readonly context: unknown;
  readonly kernel: unknown;
  delete(): void;
}

/** Where elements are: an array in the synchronous modes, a buffer of the GPU in webgpu mode. */
export type Handle = Float32Array | BufferHandle;

/** A compiled kernel: call it to launch it. In webgpu mode it returns a promise of its result. */
export interface CompiledKernel {
  (...values: (Handle | number)[]): unknown;
  setOutput(output: readonly number[]): void;
  readonly kernel: {
    readonly constructor: { readonly mode?: string };
    readonly fallbackReason?: unknown;
    moduleCacheLimit?: number;
  };
}

/** Settings of `createKernel`. */
export interface KernelSettings {
  readonly output: readonly number[];
  readonly argumentTypes: Readonly<Record<string, ArgumentType>>;
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly dynamicOutput: boolean;
  readonly dynamicArguments: boolean;
  readonly precision: "single";
  readonly loopMaxIterations: number;
}

/** An instance of gpu.js. */
export interface GpuInstance {
  createKernel(source: string, settings: KernelSettings): CompiledKernel;
  addFunction(
    source: string,
    settings: { argumentTypes: Readonly<Record<string, ArgumentType>>; returnType: ArgumentType },
  ): void;
}

/** The buffers of WebGPU, as far as reading and writing whole storages needs them. */
export interface WebGpuBuffer {
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

/** The device of WebGPU, as far as reading and writing whole storages needs it. */
export interface WebGpuDevice {
  createBuffer(descriptor: { size: number; usage: number }): WebGpuBuffer;
  createCommandEncoder(): {
    copyBufferToBuffer(from: unknown, fromAt: number, to: unknown, toAt: number, bytes: number): void;
    finish(): unknown;
  };
  readonly queue: {
    writeBuffer(buffer: WebGpuBuffer, at: number, data: Float32Array): void;
    submit(commands: readonly unknown[]): void;
  };
}

/** gpu.js's shared WebGPU device. */
export interface WebGpuContext {
  readonly device: WebGpuDevice;
  readonly adapter: { readonly info: { readonly isFallbackAdapter?: boolean } };
}

/** What the package exports. */
export interface GpuJs {
  readonly GPU: {
    new (settings: { mode: GpuMode }): GpuInstance;
    isWebGPUAvailable(): Promise<boolean>;
  };
  readonly WebGPUContext: { acquire(): Promise<WebGpuContext> };
  readonly WebGPUBufferResult: new (settings: {
    buffer: unknown;
    output: readonly number[];
    componentCount: number;
    context: unknown;
    kernel: unknown;
  }) => BufferHandle;
}

/**
 * Loads gpu.js. The name is computed, so that the package is in nobody's import graph who does not call this.
 *
 * @throws DeviceError when the package cannot be loaded
 */
export async function loadGpuJs(): Promise<GpuJs> {
  const name = ["gpu", "js"].join(".");
  try {
    const module = await import(name);
    return (module.GPU ? module : module.default) as GpuJs;
  } catch (cause) {
    throw new DeviceError(`Cannot load ${name}: it must be among the imports of the program's deno.json`, { cause });
  }
}
