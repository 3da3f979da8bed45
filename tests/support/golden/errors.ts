/** @file Which of the library's error classes stand for which exception class of Python. */

import {
  DeviceError,
  DTypeError,
  FormatError,
  GradError,
  MemoryError,
  OnnxError,
  ShapeError,
  StateError,
  ValueError,
} from "../../../tensor/errors.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

const table: { readonly [python: string]: readonly ErrorClass[] } = {
  AssertionError: [StateError, ValueError, DTypeError, OnnxError],
  AttributeError: [StateError],
  ConstructorError: [FormatError],
  IndexError: [ShapeError, ValueError],
  NotImplementedError: [ValueError, DTypeError, DeviceError, StateError],
  OverflowError: [ValueError, StateError],
  RuntimeError: [
    ShapeError,
    DTypeError,
    ValueError,
    DeviceError,
    GradError,
    StateError,
    MemoryError,
    FormatError,
    OnnxError,
  ],
  TypeError: [DTypeError, ValueError],
  ValidationError: [OnnxError],
  ValueError: [ValueError, ShapeError, DTypeError],
};

/** True when `error` is what the library throws where Python throws `python`. */
export function standsFor(error: unknown, python: string): boolean {
  return (table[python] ?? []).some((c) => error instanceof c);
}
