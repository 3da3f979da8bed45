/** @file The SIMD kernels as WebAssembly: the best build that this machine runs, on the heap's memory. */

import { plainKernels, relaxedKernels } from "./kernels_module.ts";

/** A kernel of the module; pointers and sizes are bytes unless it says otherwise. */
export type NativeKernel = (...args: number[]) => number | void;

/** An instance of the kernels' module. */
export interface Engine {
  /** `"relaxed"` has fused multiply-add, `"plain"` rounds products first. */
  readonly build: "relaxed" | "plain";
  readonly module: WebAssembly.Module;
  readonly kernels: Readonly<Record<string, NativeKernel>>;
}

/**
 * Compiles the kernels for `memory`.
 *
 * @param build pins a build, for comparisons
 * @returns null where the machine has no SIMD, or the memory cannot be shared
 */
export function makeEngine(memory: WebAssembly.Memory, build?: "relaxed" | "plain"): Engine | null {
  if (typeof SharedArrayBuffer === "undefined" || !(memory.buffer instanceof SharedArrayBuffer)) return null;
  for (const name of build ? [build] : ["relaxed", "plain"] as const) {
    const bytes = Uint8Array.from(atob(name === "relaxed" ? relaxedKernels : plainKernels), (c) => c.charCodeAt(0));
    if (!WebAssembly.validate(bytes)) continue;
    const module = new WebAssembly.Module(bytes);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return { build: name, module, kernels: exports as Record<string, NativeKernel> };
  }
  return null;
}
