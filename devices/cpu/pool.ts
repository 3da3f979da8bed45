/**
 * @file The thread pool: splits a kernel's range into chunks, which the threads claim one by one.
 *
 * The main thread claims too, so it never waits for a thread that has not started. How a range is split depends on the
 * caller alone and never on the number of threads, which is why results do not either.
 */

import { Worker } from "node:worker_threads";
import { DeviceError, ValueError } from "../../tensor/errors.ts";
import type { Engine } from "./engine.ts";
import { type PoolLayout, poolWorker, type WorkerData } from "./pool_worker.ts";

/** Chunks of one job are counted in 12 bits. */
export const MAX_CHUNKS = 4095;
/** Arguments fit into a slot behind its 16 words. */
const MAX_ARGS = 24;
const layout: PoolLayout = { word: 1024, sleepers: 1040, slots: 2048, slotWords: 64, slotCount: 8 };
/** About 100 microseconds. */
const SPINS = 20000;

/** Memory for the threads' scratch regions. */
export interface ScratchSource {
  readonly memory: WebAssembly.Memory;
  allocBytes(bytes: number): number;
  freeBytes(ptr: number, bytes: number): void;
}

/** The threads of one engine. */
export class Pool {
  readonly #engine: Engine;
  readonly #source: ScratchSource;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #names: string[];
  readonly #numberOf: Map<string, number>;
  #threads: number;
  #started = 1;
  #job = 0;
  #scratch = 0;
  #stride = 0;
  #scratchThreads = 0;

  constructor(engine: Engine, source: ScratchSource, threads: number = defaultThreads()) {
    this.#engine = engine;
    this.#source = source;
    this.#words = new Int32Array(source.memory.buffer, 0, 16384);
    this.#numbers = new Float64Array(source.memory.buffer, 0, 8192);
    this.#names = Object.keys(engine.kernels).filter((name) => typeof engine.kernels[name] === "function");
    this.#numberOf = new Map(this.#names.map((name, i) => [name, i]));
    this.#threads = threads;
  }

  /** How many threads compute, the main thread among them. */
  get threads(): number {
    return this.#threads;
  }

  /** Sets the number of threads; new ones start with the next job that needs them. */
  set threads(n: number) {
    if (!Number.isInteger(n) || n < 1 || n > 64) {
      throw new ValueError(`Cannot set_num_threads num_threads ${n}: a whole number from 1 to 64 is needed`);
    }
    this.#threads = n;
  }

  /** Calls a kernel that takes no range, in this thread. */
  call(name: string, args: readonly number[]): void {
    this.#engine.kernels[name](...args);
  }

  /**
   * Runs a kernel on `[lo, hi)` in chunks of `grain`, each called as `kernel(lo, hi, chunk number, scratch, ...args)`
   * with at least `scratchBytes` of scratch memory for each thread. Returns when all are done.
   *
   * @throws DeviceError when a kernel failed in another thread
   */
  run(name: string, lo: number, hi: number, grain: number, scratchBytes: number, args: readonly number[]): void {
    const size = Math.max(grain, Math.ceil((hi - lo) / MAX_CHUNKS));
    const chunks = Math.ceil((hi - lo) / size);
    this.#needScratch(scratchBytes);
    const kernel = this.#engine.kernels[name];
    if (chunks <= 1 || this.#threads === 1 || args.length > MAX_ARGS) {
      for (let c = 0; c < chunks; c++) {
        kernel(lo + c * size, Math.min(hi, lo + (c + 1) * size), c, this.#scratch, ...args);
      }
      return;
    }
    this.#start();
    const slot = this.#publish(name, chunks, lo, hi, size, args);
    this.#claim(kernel, slot, chunks, lo, hi, size, args);
    this.#await(name, slot, chunks);
  }

  #publish(name: string, chunks: number, lo: number, hi: number, grain: number, args: readonly number[]): number {
    const words = this.#words;
    this.#job = (this.#job + 1) & 0xfffff;
    const slot = layout.slots + (this.#job % layout.slotCount) * layout.slotWords;
    const kernel = this.#numberOf.get(name)!;
    const head = [kernel, chunks, lo, hi, grain, 0, 0, args.length, this.#threads, this.#scratch, this.#stride];
    for (let i = 0; i < head.length; i++) words[slot + i] = head[i];
    this.#numbers.set(args, (slot >> 1) + 8);
    Atomics.store(words, layout.word, this.#job << 12);
    if (Atomics.load(words, layout.sleepers) > 0) Atomics.notify(words, layout.word);
    return slot;
  }

  #claim(
    kernel: (...args: number[]) => unknown,
    slot: number,
    chunks: number,
    lo: number,
    hi: number,
    grain: number,
    args: readonly number[],
  ): void {
    const words = this.#words;
    for (;;) {
      const value = Atomics.load(words, layout.word);
      const chunk = value & 4095;
      if (chunk >= chunks) return;
      if (Atomics.compareExchange(words, layout.word, value, value + 1) !== value) continue;
      const start = lo + chunk * grain;
      try {
        kernel(start, Math.min(hi, start + grain), chunk, this.#scratch, ...args);
      } catch {
        Atomics.store(words, slot + 6, 1);
      }
      Atomics.add(words, slot + 5, 1);
    }
  }

  #await(name: string, slot: number, chunks: number): void {
    let spun = 0;
    for (;;) {
      const done = Atomics.load(this.#words, slot + 5);
      if (done === chunks) break;
      if (++spun > 5 * SPINS) Atomics.wait(this.#words, slot + 5, done, 1);
    }
    if (Atomics.load(this.#words, slot + 6)) {
      throw new DeviceError(`Cannot run kernel ${name}: it failed in one of ${this.#threads} threads`);
    }
  }

  /** Makes sure that each thread has `bytes` of scratch memory. No job is running here. */
  #needScratch(bytes: number): void {
    if (bytes <= this.#stride && this.#threads <= this.#scratchThreads) return;
    if (this.#stride > 0) this.#source.freeBytes(this.#scratch, this.#stride * this.#scratchThreads);
    const stride = Math.ceil(Math.max(bytes, this.#stride) / 4096 + 1) * 4096;
    this.#stride = this.#scratchThreads = 0; // should the next line throw
    this.#scratch = this.#source.allocBytes(stride * this.#threads);
    this.#stride = stride;
    this.#scratchThreads = this.#threads;
  }

  /** Starts the threads that are missing; where that fails, fewer do the work. */
  #start(): void {
    for (; this.#started < this.#threads; this.#started++) {
      const workerData: WorkerData = {
        module: this.#engine.module,
        memory: this.#source.memory,
        names: this.#names,
        layout,
        thread: this.#started,
        spins: SPINS,
      };
      const source = `(${poolWorker})(require("node:worker_threads").workerData)`;
      try {
        new Worker(source, { eval: true, workerData }).on("error", () => {}).unref();
      } catch {
        this.#threads = this.#started;
        return;
      }
    }
  }
}

/** As many threads as there are cores, at most 8: more do not pay for tensors of this library's usual sizes. */
function defaultThreads(): number {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.max(1, Math.min(8, cores));
}
