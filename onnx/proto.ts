/** @file ONNX's messages: the element types' numbers, and how tensors, attributes and value descriptions are made. */

import onnxProto, { type onnx as types } from "onnx-proto";
import { bfloat16, type DType, type DTypeName, toBfloat16, type TypedArray } from "../tensor/dtype.ts";
import type { OnnxAttributes } from "../autograd/op.ts";
import type { Shape } from "../tensor/shape.ts";

/** A whole model as a plain object. */
export type ModelMessage = types.IModelProto;
/** A graph as a plain object. */
export type GraphMessage = types.IGraphProto;
/** One operator of a graph as a plain object. */
export type NodeMessage = types.INodeProto;
/** A stored tensor as a plain object. */
export type TensorMessage = types.ITensorProto;
/** Name, element type and shape of a value as a plain object. */
export type ValueInfoMessage = types.IValueInfoProto;

/** `TensorProto.DataType` by PyTorch's names. */
export const elementTypes: { readonly [N in DTypeName]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** A size of a dimension, or the name of one that differs from run to run. */
export type Dim = number | string;

// `AttributeProto.AttributeType`
const FLOAT = 1, INT = 2, INTS = 7;

/**
 * A stored tensor. The elements are written as raw bytes, which is a hundred times faster than lists of numbers.
 *
 * @param array the elements, row by row, as `Tensor.numpy()` gives them
 */
export function tensorMessage(name: string, dtype: DType, shape: Shape, array: TypedArray): TensorMessage {
  const stored = dtype === bfloat16 && array instanceof Float32Array ? Uint16Array.from(array, toBfloat16) : array;
  const raw = new Uint8Array(stored.byteLength);
  raw.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  return { name, dataType: elementTypes[dtype.name], dims: [...shape], rawData: raw };
}

/** The description of a graph's input, output or inner value. */
export function valueInfoMessage(name: string, dtype: DType, dims: readonly Dim[]): ValueInfoMessage {
  const dim = dims.map((d) => typeof d === "string" ? { dimParam: d } : { dimValue: d });
  return { name, type: { tensorType: { elemType: elementTypes[dtype.name], shape: { dim } } } };
}

/** One operator; an empty input name stands for an input that is left out. */
export function nodeMessage(
  opType: string,
  name: string,
  input: readonly string[],
  output: readonly string[],
  attributes: OnnxAttributes = {},
): NodeMessage {
  const attribute = Object.entries(attributes).map(([name, value]) => {
    if ("int" in value) return { name, type: INT, i: value.int };
    if ("ints" in value) return { name, type: INTS, ints: [...value.ints] };
    return { name, type: FLOAT, f: value.float };
  });
  return { opType, name, input: [...input], output: [...output], attribute };
}

/** The bytes of a model. */
export function encodeModel(model: ModelMessage): Uint8Array {
  return onnxProto.onnx.ModelProto.encode(model).finish();
}

/** The model in `bytes`; its tensors' raw data are views into `bytes`. */
export function decodeModel(bytes: Uint8Array): ModelMessage {
  return onnxProto.onnx.ModelProto.decode(bytes);
}
