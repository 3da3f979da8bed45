/** @file The kernels that a cpu device should use on this machine, and how many threads they run in. */

import type { Kernels } from "../../tensor/device.ts";
import { ValueError } from "../../tensor/errors.ts";
import { makeEngine } from "./engine.ts";
import { GenericKernels } from "./generic/kernels.ts";
import type { Heap } from "./heap.ts";
import { SimdKernels } from "./simd/kernels.ts";

let kernels: SimdKernels | null = null;
let wanted: number | undefined;

/** SIMD kernels in threads where the machine has SIMD and shared memory, else the generic ones. */
export function bestKernels(heap: Heap): Kernels {
  const generic = new GenericKernels(heap);
  const engine = makeEngine(heap.memory);
  if (!engine) return generic;
  kernels = new SimdKernels(heap, engine, generic, wanted);
  return kernels;
}

/** How many threads the cpu device computes in, the main thread among them. */
export function get_num_threads(): number {
  return kernels?.pool.threads ?? wanted ?? 1;
}

/**
 * Sets how many threads the cpu device computes in; by default one for each core, at most 8. Results do not depend on it.
 *
 * @throws ValueError when it is not a whole number from 1 to 64
 */
export function set_num_threads(num_threads: number): void {
  if (!Number.isInteger(num_threads) || num_threads < 1 || num_threads > 64) {
    throw new ValueError(`Cannot set_num_threads num_threads ${num_threads}: a whole number from 1 to 64 is needed`);
  }
  wanted = num_threads;
  if (kernels) kernels.pool.threads = num_threads;
}
