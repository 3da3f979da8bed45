/**
 * @file Storages and who owns them.
 *
 * An allocation is freed once, by the first of: the scope it was made in, `backward()` for what only the tape held,
 * or the garbage collector after the last tensor on it is gone. What is kept (parameters, gradients, state) outlives
 * its scope; letting go of it hands it to the scope that is open then.
 */

import type { Device } from "./device.ts";
import type { DType } from "./dtype.ts";
import { MemoryError } from "./errors.ts";

/** Memory of a device that belongs to one storage. It must not refer to the storage, or that could never be collected. */
export interface Allocation {
  /** Size. */
  readonly bytes: number;
  /** True once the memory has been given back. */
  freed: boolean;
  /** How many owners, such as a parameter or a gradient, hold it beyond its scope. */
  keeps: number;
  /** True once the garbage collector or a scope is in charge of it. */
  owned: boolean;
  /** Gives the memory back; called once. */
  release(): void;
}

/** The elements of one or more tensors on one device. */
export abstract class Storage {
  /** Counts the in-place changes, so that backward can tell when a saved tensor was changed. */
  version = 0;

  /** Gives the new storage to the scope that is open, or to the garbage collector. */
  constructor(
    readonly device: Device,
    readonly dtype: DType,
    readonly numel: number,
    readonly allocation: Allocation,
  ) {
    adopt(this);
  }
}

/** Allocations to be freed together; closed by `using`, or by calling `end()`. */
export class Scope implements Disposable {
  readonly #parent: Scope | null = current;
  readonly #allocations: Allocation[] = [];
  #open = true;

  constructor() {
    current = this;
  }

  /** Makes this scope responsible for an allocation. */
  add(allocation: Allocation): void {
    allocation.owned = true;
    this.#allocations.push(allocation);
  }

  /** Frees everything that was made in this scope and not kept. Scopes end in the reverse order of their beginning. */
  end(): void {
    if (!this.#open) return;
    if (current !== this) {
      throw new MemoryError("Cannot end a scope before the scopes inside it: end the innermost first");
    }
    this.#open = false;
    current = this.#parent;
    for (const allocation of this.#allocations) {
      allocation.owned = false;
      if (allocation.keeps === 0) free(allocation);
    }
    this.#allocations.length = 0;
  }

  /** Ends the scope at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.end();
  }
}

let current: Scope | null = null;

const collected = new FinalizationRegistry<Allocation>(free);

function adopt(storage: Storage): void {
  const { allocation } = storage;
  if (allocation.owned || allocation.freed) return;
  if (current) return current.add(allocation);
  allocation.owned = true;
  collected.register(storage, allocation);
}

/** Frees an allocation now, whoever owns it. */
export function free(allocation: Allocation): void {
  if (allocation.freed) return;
  allocation.freed = true;
  allocation.release();
}

/** Keeps a storage beyond its scope until `letGo` has been called as often. */
export function retain(storage: Storage): void {
  const { allocation } = storage;
  allocation.keeps++;
  if (allocation.keeps === 1) collected.register(storage, allocation, allocation);
}

/** Takes back one `retain`; with the last, the scope that is open now owns the storage, or else the garbage collector. */
export function letGo(storage: Storage): void {
  const { allocation } = storage;
  allocation.keeps--;
  if (allocation.keeps > 0 || allocation.owned) return;
  if (!current) allocation.owned = true; // the collector has known it since retain
  else {
    collected.unregister(allocation);
    current.add(allocation);
  }
}

/** Throws unless the storage can still be read. */
export function assertAlive(storage: Storage): void {
  if (storage.allocation.freed) {
    throw new MemoryError(
      "Cannot use a tensor whose memory has been freed: it was made in a scope that has ended: return it from tidy, or keep(x) it",
    );
  }
}

/** Opens a scope: `using _ = scope();` frees what is made until the end of the block, but for what is kept. */
export function scope(): Scope {
  return new Scope();
}
