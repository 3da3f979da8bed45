/** @file The source of random numbers: the Mersenne twister, seeded and stepped as PyTorch's CPU generator. */

import { ValueError } from "./errors.ts";

const size = 624;
const shift = 397;

// PyTorch's layout of a saved state, in bytes; what lies between is not used any more
const stateBytes = 5056;
const at = { seed: 0, left: 8, seeded: 12, next: 16, words: 24, normal: 5024, normalValid: 5040 };

/**
 * A stream of random numbers, the same as that of PyTorch's CPU generator with the same seed.
 * Every random operation takes one as its option `generator`; without it, `default_generator` is used.
 */
export class Generator {
  readonly #words: Uint32Array = new Uint32Array(size);
  #next = 0;
  #left = 1;
  #seed = 0n;
  #normal: number | null = null;

  /** Starts from PyTorch's default seed of a new generator. */
  constructor() {
    this.manual_seed(67280421310721);
  }

  /**
   * Starts the stream anew; only the low 32 bits of the seed count. Returns the generator.
   *
   * @throws ValueError unless `seed` is an integer in [-2^63, 2^64)
   */
  manual_seed(seed: number | bigint): this {
    this.#seed = checkSeed(seed);
    const words = this.#words;
    words[0] = Number(this.#seed & 0xffffffffn);
    for (let i = 1; i < size; i++) {
      const before = words[i - 1] ^ (words[i - 1] >>> 30);
      words[i] = Math.imul(before, 1812433253) + i;
    }
    this.#left = 1;
    this.#next = 0;
    this.#normal = null;
    return this;
  }

  /** Starts the stream from a seed that nobody can foresee, and returns that seed. */
  seed(): number {
    const [high, low] = crypto.getRandomValues(new Uint32Array(2));
    const seed = (high & 0x1fffff) * 2 ** 32 + low;
    this.manual_seed(seed);
    return seed;
  }

  /** The seed that the stream was started from, in [0, 2^64); a bigint when a number cannot hold it. */
  initial_seed(): number | bigint {
    return this.#seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(this.#seed) : this.#seed;
  }

  /** The next 32 random bits as an integer in [0, 2^32). */
  random(): number {
    if (--this.#left === 0) this.#twist();
    let y = this.#words[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** The next 64 random bits: two draws, the high word first. */
  random64(): bigint {
    const high = this.random();
    return (BigInt(high) << 32n) | BigInt(this.random());
  }

  /** A number in [0, 1) with 53 random bits: two draws. */
  uniform53(): number {
    const high = this.random() & 0x1fffff;
    return (high * 2 ** 32 + this.random()) * 2 ** -53;
  }

  /** A standard normal number by Box and Muller's method in float64; its twin is kept for the next call. */
  normal(): number {
    const kept = this.#normal;
    if (kept !== null) {
      this.#normal = null;
      return kept;
    }
    const u1 = this.uniform53();
    const u2 = this.uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-u2));
    const angle = 2 * Math.PI * u1;
    this.#normal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** All that decides the further stream, in the 5056 bytes that PyTorch's `get_state` gives. */
  get_state(): Uint8Array {
    const bytes = new Uint8Array(stateBytes);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(at.seed, this.#seed, true);
    view.setInt32(at.left, this.#left, true);
    view.setInt32(at.seeded, 1, true);
    view.setBigUint64(at.next, BigInt(this.#next), true);
    this.#words.forEach((word, i) => view.setUint32(at.words + 8 * i, word, true));
    if (this.#normal !== null) {
      view.setFloat64(at.normal, this.#normal, true);
      view.setInt32(at.normalValid, 1, true);
    }
    return bytes;
  }

  /**
   * Continues from a state that `get_state` gave. Returns the generator.
   *
   * @throws ValueError when `state` is not one
   */
  set_state(state: Uint8Array): this {
    if (!(state instanceof Uint8Array) || state.length !== stateBytes) {
      throw new ValueError(`Cannot set_state state of another size: the ${stateBytes} bytes of get_state() are needed`);
    }
    const view = new DataView(state.buffer, state.byteOffset, state.length);
    const left = view.getInt32(at.left, true);
    const next = Number(view.getBigUint64(at.next, true));
    const fresh = left === 1 && next === 0;
    if (!fresh && (left < 1 || left > size || left + next !== size + 1)) {
      throw new ValueError(
        "Cannot set_state state with positions outside the generator: bytes of get_state() are needed",
      );
    }
    this.#seed = view.getBigUint64(at.seed, true);
    this.#left = left;
    this.#next = next;
    for (let i = 0; i < size; i++) this.#words[i] = view.getUint32(at.words + 8 * i, true);
    this.#normal = view.getInt32(at.normalValid, true) ? view.getFloat64(at.normal, true) : null;
    return this;
  }

  #twist(): void {
    const words = this.#words;
    for (let i = 0; i < size; i++) {
      const y = (words[i] & 0x80000000) | (words[(i + 1) % size] & 0x7fffffff);
      words[i] = words[(i + shift) % size] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#left = size;
    this.#next = 0;
  }
}

function checkSeed(seed: number | bigint): bigint {
  if (typeof seed === "bigint" || Number.isInteger(seed)) {
    const value = BigInt(seed);
    if (value >= -(2n ** 63n) && value < 2n ** 64n) return BigInt.asUintN(64, value);
  }
  throw new ValueError(`Cannot manual_seed seed ${String(seed)}: an integer in [-2^63, 2^64) is needed`);
}

/** The generator of random operations that are given none. */
export const default_generator: Generator = new Generator();
default_generator.seed();
