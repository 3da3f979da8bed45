/** @file Checks of arguments that several parts share. */

import { ValueError } from "./errors.ts";

/**
 * Throws unless every option is known.
 *
 * @throws ValueError naming the first unknown one
 */
export function checkKnown(op: string, options: object, known: readonly string[]): void {
  const odd = Object.keys(options).find((name) => !known.includes(name));
  if (odd !== undefined) throw new ValueError(`Cannot ${op} with option ${odd}: the options are ${known.join(", ")}`);
}

/**
 * Throws unless `value` is a number in `[0, max]`.
 *
 * @throws ValueError with the name of the argument
 */
export function checkNotNegative(op: string, name: string, value: unknown, max: number = Infinity): void {
  if (typeof value === "number" && value >= 0 && value <= max) return;
  throw new ValueError(`Cannot ${op} with ${name} ${value}: a number of at least 0 is needed`);
}
