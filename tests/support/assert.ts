/** @file Assertions that uvu lacks: closeness of numbers within a tolerance, and errors by class and text. */

/** Numbers in any of the shapes that tests hold them in: one, a list, nested lists, or a tensor (anything with `tolist()`). */
export type Numbers = number | bigint | boolean | ArrayLike<number | bigint> | NestedNumbers | { tolist(): unknown };

/** Nested lists of numbers; they are compared flattened, row by row. */
export type NestedNumbers = readonly (number | bigint | boolean | NestedNumbers)[];

/** How far apart two numbers may be: `|got - want| <= atol + rtol * |want|`. */
export interface Tolerance {
  /** Relative tolerance; 1e-5 by default. */
  readonly rtol?: number;
  /** Absolute tolerance; 1e-8 by default. */
  readonly atol?: number;
}

/**
 * Asserts that `got` equals `want` element by element within the tolerance. NaN equals NaN, an infinity only itself.
 * @param label names the compared quantity in the error
 * @throws Error naming the first and the worst element, when the counts differ or an element is out of tolerance
 */
export function assertClose(got: Numbers, want: Numbers, tolerance: Tolerance = {}, label = "value"): void {
  const { rtol = 1e-5, atol = 1e-8 } = tolerance;
  const actual = flatten(got), expected = flatten(want);
  if (actual.length !== expected.length) {
    throw new Error(`${label}: ${actual.length} elements, expected ${expected.length}`);
  }
  const wrong: number[] = [];
  for (let i = 0; i < actual.length; i++) if (!isClose(actual[i], expected[i], rtol, atol)) wrong.push(i);
  if (wrong.length === 0) return;
  const distance = (i: number): number => {
    const gap = Math.abs(actual[i] - expected[i]);
    return Number.isNaN(gap) ? Infinity : gap;
  };
  const worst = wrong.reduce((a, b) => (distance(b) > distance(a) ? b : a));
  const show = (i: number): string => `[${i}] is ${actual[i]}, expected ${expected[i]}`;
  throw new Error(
    `${label}: ${wrong.length} of ${actual.length} elements differ (rtol ${rtol}, atol ${atol}); ` +
      `first ${show(wrong[0])}; worst ${show(worst)}`,
  );
}

/** A constructor of errors, as `assertThrows` compares by `instanceof`. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/**
 * Asserts that `f` throws an `errorClass` whose message matches `text`.
 * @returns the error, for further checks
 * @throws Error when `f` returns, throws another class, or the message does not match
 */
export function assertThrows<E extends Error>(f: () => unknown, errorClass: ErrorClass<E>, text?: RegExp): E {
  let thrown: unknown;
  try {
    f();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error(`nothing was thrown, expected ${errorClass.name} ${text ?? ""}`);
  if (!(thrown instanceof errorClass)) {
    throw new Error(`${String(thrown)} was thrown, expected ${errorClass.name}`, { cause: thrown });
  }
  if (text && !text.test(thrown.message)) {
    throw new Error(`the message ${JSON.stringify(thrown.message)} does not match ${text}`, { cause: thrown });
  }
  return thrown;
}

function isClose(got: number, want: number, rtol: number, atol: number): boolean {
  if (Object.is(got, want) || got === want) return true;
  if (!Number.isFinite(got) || !Number.isFinite(want)) return Number.isNaN(got) && Number.isNaN(want);
  return Math.abs(got - want) <= atol + rtol * Math.abs(want);
}

function flatten(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (typeof value === "bigint" || typeof value === "boolean") return [Number(value)];
  if (typeof value !== "object" || value === null) throw new Error(`not numbers: ${String(value)}`);
  if ("tolist" in value && typeof value.tolist === "function") return flatten(value.tolist());
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  if ("length" in value) return Array.from(value as ArrayLike<unknown>, flatten).flat();
  throw new Error(`not numbers: ${String(value)}`);
}
