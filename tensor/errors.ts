/** @file The classes of the library's errors; texts read `Cannot <op> <argument> <what it is>: <what is needed>`. */

/** Shapes or sizes that do not fit together, or a dimension out of range. */
export class ShapeError extends RangeError {
  /** The name of the class. */
  override name = "ShapeError";
}

/** An element type, or an argument of the wrong type, that an operation cannot take. */
export class DTypeError extends TypeError {
  /** The name of the class. */
  override name = "DTypeError";
}

/** A value outside the range that an operation is defined for. */
export class ValueError extends RangeError {
  /** The name of the class. */
  override name = "ValueError";
}

/** Tensors on different devices, a device that is not there, or something that a device cannot do. */
export class DeviceError extends Error {
  /** The name of the class. */
  override name = "DeviceError";
}

/** A gradient that cannot be computed. */
export class GradError extends Error {
  /** The name of the class. */
  override name = "GradError";
}

/** A tensor that was used after it had been freed, or memory that has run out. */
export class MemoryError extends Error {
  /** The name of the class. */
  override name = "MemoryError";
}

/** A step that was taken too early or too late, such as reading a result that has not been computed. */
export class StateError extends Error {
  /** The name of the class. */
  override name = "StateError";
}

/** A file whose contents are not what its format asks for. */
export class FormatError extends SyntaxError {
  /** The name of the class. */
  override name = "FormatError";
}

/** A model that cannot be written as an ONNX graph. */
export class OnnxError extends Error {
  /** The name of the class. */
  override name = "OnnxError";
}
