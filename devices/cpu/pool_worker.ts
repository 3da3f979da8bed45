/** @file What a thread of the pool runs; it is sent to the worker as text, so it refers to nothing outside itself. */

/** Words (int32) of the pool's control block; jobs follow. Shared by both sides, which pass it along as data. */
export interface PoolLayout {
  /** Current job's number times 4096, plus the next chunk to be claimed. */
  readonly word: number;
  /** How many workers sleep. */
  readonly sleepers: number;
  /** First word of the job slots. */
  readonly slots: number;
  /** Words of one slot, and how many there are (a power of 2). */
  readonly slotWords: number;
  readonly slotCount: number;
}

/** What a worker is started with. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Names of the kernels in the order of their numbers. */
  readonly names: readonly string[];
  readonly layout: PoolLayout;
  /** This thread's number; the main thread is 0. */
  readonly thread: number;
  /** How often to look for a job before going to sleep. */
  readonly spins: number;
}

/**
 * Waits for jobs and takes chunks of them, for ever.
 * A slot is [kernel, chunks, lo, hi, grain, done, failed, argument count, threads, scratch, scratch stride], then the
 * arguments as float64 from word 16. A slot that is read while a later job overwrites it does no harm: claiming a
 * chunk then fails, because the job's number in the control word has changed.
 */
export function poolWorker(data: WorkerData): void {
  const { memory, names, layout, thread, spins } = data;
  const { exports } = new WebAssembly.Instance(data.module, { env: { memory } });
  const kernels = names.map((name) => exports[name] as (...args: number[]) => void);
  const words = new Int32Array(memory.buffer, 0, 16384), numbers = new Float64Array(memory.buffer, 0, 8192);
  const { word, sleepers, slots, slotWords, slotCount } = layout;
  let last = Atomics.load(words, word) >>> 12;
  for (;;) {
    let spun = 0, value = Atomics.load(words, word);
    while (value >>> 12 === last) {
      if (++spun > spins) {
        Atomics.add(words, sleepers, 1);
        Atomics.wait(words, word, value);
        Atomics.sub(words, sleepers, 1);
      }
      value = Atomics.load(words, word);
    }
    const job = value >>> 12;
    last = job;
    const slot = slots + (job % slotCount) * slotWords;
    const [kernel, chunks, lo, hi, grain, , , count, threads, scratch, stride] = words.subarray(slot, slot + 11);
    if (thread >= threads) continue;
    const args = [...numbers.subarray((slot >> 1) + 8, (slot >> 1) + 8 + count)];
    for (;;) {
      value = Atomics.load(words, word);
      const chunk = value & 4095;
      if (value >>> 12 !== job || chunk >= chunks) break;
      if (Atomics.compareExchange(words, word, value, value + 1) !== value) continue;
      const start = lo + chunk * grain;
      try {
        kernels[kernel](start, Math.min(hi, start + grain), chunk, scratch + thread * stride, ...args);
      } catch {
        Atomics.store(words, slot + 6, 1);
      }
      Atomics.add(words, slot + 5, 1);
      Atomics.notify(words, slot + 5);
    }
  }
}
