/**
 * @file The tensor heap: one shared WebAssembly memory that holds the elements of all tensors of the cpu device.
 *
 * Blocks come in size classes, four to an octave; freed blocks wait in a list for their class. When the live bytes
 * pass the soft limit, the blocks that were not used for longest are spilled: their elements move to an ArrayBuffer
 * that the garbage collector owns, and back when they are used. Dead tensors of a synchronous loop, whose finalizers
 * cannot run, leave the heap that way. A soft limit that spills what is still in use doubles.
 */

import { arrayClass, type DType, type TypedArray } from "../../tensor/dtype.ts";
import { MemoryError } from "../../tensor/errors.ts";
import { type Allocation, assertAlive, Storage } from "../../tensor/storage.ts";
import type { Device } from "../../tensor/device.ts";

const MiB = 2 ** 20;
const PAGE = 65536;
/** Bytes at the start of the memory that belong to the kernels' module and the thread pool. */
export const RESERVED: number = MiB;
/** Kernels may read this far beyond a block. */
const SLACK = 64;

/** Limits of the heap, in bytes. */
export interface HeapLimits {
  /** Live bytes above which old blocks are spilled; doubles up to `maxSoft` when spilled blocks are used again. */
  soft: number;
  /** How far `soft` may grow by itself. */
  maxSoft: number;
  /** Bytes that the memory never exceeds. */
  hard: number;
}

/** A block of the heap. The garbage collector's registry holds it, so it must not refer to the storage. */
class Block implements Allocation {
  freed = false;
  keeps = 0;
  owned = false;
  /** Last operation that used it. */
  epoch = 0;
  /** Used since the spill last looked at it. */
  touched = true;
  constructor(readonly heap: Heap, public ptr: number, readonly bytes: number) {}
  release(): void {
    this.heap.releaseBlock(this);
  }
}

/** Where a storage's elements are: in the heap, or spilled. Only storages and the queue of unspilled blocks refer to it. */
class Place {
  spilled: Uint8Array | null = null;
  constructor(readonly block: Block) {}
}

/** A storage on the heap. */
export class CpuStorage extends Storage {
  constructor(device: Device, dtype: DType, numel: number, readonly place: Place) {
    super(device, dtype, numel, place.block);
  }
}

/** Bytes of the smallest class that holds `bytes`. */
function classBytes(bytes: number): number {
  const need = Math.max(bytes + SLACK, 128);
  if (need <= 256) return Math.ceil(need / 64) * 64;
  const octave = 2 ** Math.floor(Math.log2(need - 1));
  const step = octave / 4;
  return Math.ceil(need / step) * step;
}

/** What `torch.memory()` tells of the heap. */
export interface HeapStatus {
  /** Bytes of blocks that are in use. */
  live: number;
  /** Number of such blocks. */
  blocks: number;
  /** Bytes of the memory that have been handed out at least once. */
  reserved: number;
  /** Bytes moved out, and back in, since the start. */
  spilled: number;
  /** Bytes moved back in. */
  restored: number;
  /** Live bytes above which blocks are spilled. */
  soft_limit: number;
  /** Bytes that the heap never exceeds. */
  hard_limit: number;
}

/** The heap of the cpu device. */
export class Heap {
  /** Shared where the platform allows it, so that threads and native code see the same bytes. */
  readonly memory: WebAssembly.Memory;
  readonly limits: HeapLimits = { soft: 64 * MiB, maxSoft: 1024 * MiB, hard: 4096 * MiB - PAGE };
  readonly #free = new Map<number, number[]>();
  readonly #queue = new Map<Block, Place>();
  #top: number = RESERVED;
  #live = 0;
  #spilled = 0;
  #restored = 0;
  #windowSpilled = 0;
  #windowRestored = 0;
  #epoch = 1;
  #warned = false;

  constructor() {
    const shared = typeof SharedArrayBuffer !== "undefined";
    this.memory = new WebAssembly.Memory({ initial: (4 * MiB) / PAGE, maximum: 65536, shared });
  }

  /** Starts an operation: blocks used or made from now on stay in place until the next call. */
  beginOp(): void {
    this.#epoch++;
  }

  /** A storage for `numel` elements. */
  storage(device: Device, dtype: DType, numel: number): CpuStorage {
    const size = classBytes(numel * dtype.itemsize);
    const block = new Block(this, this.#take(size), size);
    block.epoch = this.#epoch;
    const place = new Place(block);
    this.#queue.set(block, place);
    return new CpuStorage(device, dtype, numel, place);
  }

  /** Address of a storage's first element; spilled elements are brought back. */
  ptr(storage: Storage): number {
    assertAlive(storage);
    const { place } = storage as CpuStorage;
    const { block } = place;
    block.epoch = this.#epoch;
    block.touched = true;
    if (place.spilled) {
      block.ptr = this.#take(block.bytes);
      new Uint8Array(this.memory.buffer, block.ptr, place.spilled.length).set(place.spilled);
      this.#restored += block.bytes;
      this.#windowRestored += block.bytes;
      place.spilled = null;
      this.#queue.set(block, place);
    }
    return block.ptr;
  }

  /** The elements of a storage, valid until the next operation. */
  array(storage: Storage): TypedArray {
    const ptr = this.ptr(storage);
    return new (arrayClass(storage.dtype))(this.memory.buffer as ArrayBuffer, ptr, storage.numel) as TypedArray;
  }

  /** A block that no tensor owns, for a kernel's intermediate values; give it back with `freeBytes`. */
  allocBytes(bytes: number): number {
    return this.#take(classBytes(bytes));
  }

  /** Gives back a block of `allocBytes`, with the same number of bytes. */
  freeBytes(ptr: number, bytes: number): void {
    this.#give(ptr, classBytes(bytes));
  }

  /** Called once for each block, by its allocation. */
  releaseBlock(block: Block): void {
    this.#queue.delete(block);
    if (block.ptr < 0) return;
    this.#give(block.ptr, block.bytes);
    block.ptr = -1;
  }

  /** How full the heap is. */
  status(): HeapStatus {
    return {
      live: this.#live,
      blocks: this.#queue.size,
      reserved: this.#top - RESERVED,
      spilled: this.#spilled,
      restored: this.#restored,
      soft_limit: this.limits.soft,
      hard_limit: this.limits.hard,
    };
  }

  #give(ptr: number, size: number): void {
    this.#live -= size;
    const list = this.#free.get(size);
    if (list) list.push(ptr);
    else this.#free.set(size, [ptr]);
  }

  #take(size: number): number {
    if (this.#live + size > this.limits.soft) this.#spill(size);
    const ptr = this.#free.get(size)?.pop() ?? this.#bump(size) ?? this.#split(size) ?? this.#merged(size);
    if (ptr === null) {
      throw new MemoryError(
        `Cannot allocate ${size} bytes: ${this.#live} of at most ${this.limits.hard} are in use: ` +
          "use scopes or tidy(), smaller batches, or a higher limit",
      );
    }
    this.#live += size;
    return ptr;
  }

  #bump(size: number): number | null {
    const end = this.#top + size;
    if (end > Math.min(this.limits.hard, 65536 * PAGE)) return null;
    const missing = end + SLACK - this.memory.buffer.byteLength;
    if (missing > 0) {
      // in steps, so that growing stays rare
      const pages = Math.max(Math.ceil(missing / PAGE), Math.min(256, Math.floor((this.limits.hard - end) / PAGE)));
      try {
        this.memory.grow(pages);
      } catch {
        return null;
      }
    }
    const ptr = this.#top;
    this.#top = end;
    return ptr;
  }

  /** Cuts the block from the smallest larger one that is free. */
  #split(size: number): number | null {
    let best = Infinity;
    for (const [other, list] of this.#free) if (other >= size && other < best && list.length > 0) best = other;
    if (best === Infinity) return null;
    const ptr = this.#free.get(best)!.pop()!;
    this.#offer(ptr + size, best - size);
    return ptr;
  }

  /** Puts a free range of any size into the lists, as blocks of the classes. */
  #offer(ptr: number, bytes: number): void {
    while (bytes >= 128) {
      let size = classBytes(bytes - SLACK);
      if (size > bytes) size = classBytes(bytes * 0.8 - SLACK);
      if (size > bytes) return;
      const list = this.#free.get(size);
      if (list) list.push(ptr);
      else this.#free.set(size, [ptr]);
      ptr += size;
      bytes -= size;
    }
  }

  /** The last resort: joins neighbouring free blocks and tries again. */
  #merged(size: number): number | null {
    const all = [...this.#free].flatMap(([bytes, list]) => list.map((ptr) => ({ ptr, bytes }))).sort((a, b) =>
      a.ptr - b.ptr
    );
    const joined: { ptr: number; bytes: number }[] = [];
    for (const b of all) {
      const last = joined[joined.length - 1];
      if (last && last.ptr + last.bytes === b.ptr) last.bytes += b.bytes;
      else joined.push({ ...b });
    }
    this.#free.clear();
    let found: number | null = null;
    for (const b of joined) {
      if (found === null && b.bytes >= size) {
        found = b.ptr;
        this.#offer(b.ptr + size, b.bytes - size);
      } else this.#offer(b.ptr, b.bytes);
    }
    return found;
  }

  /** Moves out the blocks that were not used for longest, until `size` more bytes fit with some room. */
  #spill(size: number): void {
    if (this.#windowSpilled > this.limits.soft) {
      // what is spilled is wanted back: the limit is too low for the work
      if (this.#windowRestored * 4 > this.#windowSpilled) {
        this.limits.soft = Math.min(this.limits.maxSoft, this.limits.soft * 2);
      }
      this.#windowSpilled = this.#windowRestored = 0;
    }
    const goal = this.limits.soft - size - this.limits.soft / 16;
    for (let looks = 2 * this.#queue.size; looks > 0 && this.#live > goal; looks--) {
      const [block, place] = this.#queue.entries().next().value!;
      this.#queue.delete(block);
      if (block.epoch === this.#epoch || block.touched) {
        block.touched = false;
        this.#queue.set(block, place);
        continue;
      }
      this.#moveOut(block, place);
    }
  }

  #moveOut(block: Block, place: Place): void {
    place.spilled = new Uint8Array(this.memory.buffer, block.ptr, block.bytes).slice();
    this.#give(block.ptr, block.bytes);
    block.ptr = -1;
    this.#spilled += block.bytes;
    this.#windowSpilled += block.bytes;
    if (this.#warned || this.#spilled < 4 * this.limits.soft) return;
    this.#warned = true;
    console.warn(
      "stegosaur: tensors are being moved out of the heap because nothing frees them; " +
        "wrap the training step in torch.tidy(() => ...) or `using _ = torch.scope()` to go faster",
    );
  }
}
