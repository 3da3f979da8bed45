/** @file How full the tensor heap is, and its limits. */

import type { HeapLimits, HeapStatus } from "./devices/cpu/heap.ts";
import { ValueError } from "./tensor/errors.ts";
import { cpu } from "./setup.ts";

/** How full the tensor heap of the cpu device is, in bytes. */
export function memory(): HeapStatus {
  return cpu.heap.status();
}

/**
 * Changes the limits of the tensor heap, in bytes; what is left out stays.
 *
 * @param limits `soft`: live bytes above which unused tensors are moved out of the heap; `maxSoft`: how far `soft` may
 * grow by itself; `hard`: bytes that the heap never exceeds
 * @throws ValueError for a limit that is not positive, or above 4 GiB
 */
export function set_memory_limit(limits: Partial<HeapLimits>): void {
  for (const [name, bytes] of Object.entries(limits)) {
    if (!(bytes > 0 && bytes <= 2 ** 32)) {
      throw new ValueError(`Cannot set_memory_limit ${name} to ${bytes}: bytes above 0, at most 4 GiB, are needed`);
    }
  }
  Object.assign(cpu.heap.limits, limits);
}
