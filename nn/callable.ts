/** @file The root of Module: makes objects that are called like functions. */

/**
 * A class whose instances are functions: calling one calls its `forward`.
 *
 * It must stay apart from Module: fields and private members of the class that returns the function would land on the
 * object that is thrown away.
 */
export class Callable {
  constructor() {
    const self = (...args: unknown[]): unknown => (self as unknown as HasForward).forward(...args);
    return Object.setPrototypeOf(self, new.target.prototype);
  }
}

interface HasForward {
  forward(...args: unknown[]): unknown;
}
