/** @file Fake quantizers as pairs of QuantizeLinear and DequantizeLinear. */

import type { OnnxAttributes } from "../autograd/op.ts";
import { float32, int8, uint8 } from "../tensor/dtype.ts";
import { OnnxError } from "../tensor/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { GraphWriter } from "./graph.ts";
import type { TraceStep, TraceValue } from "./trace.ts";

/** Name of the operation that quantizes and dequantizes; its inputs are the elements and their ranges (`amax`). */
export const QUANTIZER = "fake_tensor_quant";

/** What the operation's parameters say, as far as the export reads them. */
export interface QuantizerParams {
  readonly num_bits: number;
  readonly unsigned: boolean;
  readonly narrow_range: boolean;
  /** `"code"` when the result is the integers and not their values. */
  readonly output?: "value" | "code";
}

/**
 * Writes a quantizer with the step `fround(amax / bound)`, where `bound` is the largest code; a step of 0 becomes 1.
 * One range for the whole tensor gives a scalar, one for each channel a list and the attribute `axis`.
 *
 * @throws OnnxError when the range is not known before the run, is NaN or infinite, or cannot be written in this opset
 */
export function writeQuantizer(writer: GraphWriter, step: TraceStep): void {
  const [x, amax] = step.inputs;
  const params = step.params as QuantizerParams;
  if (!x || !amax) throw new OnnxError(`Cannot export ${step.op.name}: it needs x and amax`);
  const source = writer.nameOf(x);
  const label = x.key ?? source;
  if (dependsOn(writer, amax, x)) {
    throw new OnnxError(`Cannot export the quantizer of ${label}: it has not been calibrated: load its amax first`);
  }
  checkParams(label, params);
  const axis = channelAxis(label, x.shape, amax.shape);
  const { opset } = writer.options;
  const needed = axis === null ? 10 : 13;
  if (opset < needed) {
    const what = axis === null ? "QuantizeLinear" : "a range for each channel";
    throw new OnnxError(`Cannot export the quantizer of ${label} with opset ${opset}: ${what} needs opset ${needed}`);
  }
  const scales = steps(label, amax, params);
  const shape = axis === null ? [] : [scales.length];
  const [type, zeros] = params.unsigned
    ? [uint8, new Uint8Array(scales.length)] as const
    : [int8, new Int8Array(scales.length)] as const;
  const scale = writer.addConstant(`${label}_scale`, float32, shape, scales);
  const zero = writer.addConstant(`${label}_zero_point`, type, shape, zeros);
  const attributes: OnnxAttributes = axis === null ? {} : { axis: { int: axis } };
  const codes = writer.addNode("QuantizeLinear", [source, scale, zero], `${label}_codes`, attributes);
  writer.addResult(step.outputs[0], "DequantizeLinear", [codes, scale, zero], `${label}_dequantized`, attributes);
}

function checkParams(label: string, { num_bits, unsigned, narrow_range, output }: QuantizerParams): void {
  if (output === "code") {
    throw new OnnxError(
      `Cannot export the codes of ${label}: only fake quantization, which gives values, can be written`,
    );
  }
  if (num_bits !== 8) {
    throw new OnnxError(`Cannot export the quantizer of ${label} with ${num_bits} bits: QuantizeLinear needs 8`);
  }
  if (narrow_range && !unsigned) {
    throw new OnnxError(
      `Cannot export the quantizer of ${label} with narrow_range: ONNX uses all codes from -128 to 127: ` +
        "set narrow_range to false",
    );
  }
}

/** True when `value` was computed from `source`, or from any of the graph's inputs. */
function dependsOn(writer: GraphWriter, value: TraceValue, source: TraceValue): boolean {
  if (value === source || writer.dependsOnInput(value)) return true;
  const step = writer.producer(value);
  return step !== undefined && step.inputs.some((v) => v !== null && dependsOn(writer, v, source));
}

/** The only dimension that `amax` differs along, or null when it is one number. */
function channelAxis(label: string, shape: Shape, amax: Shape): number | null {
  const long = amax.flatMap((size, d) => size === 1 ? [] : [d]);
  if (long.length === 0) return null;
  const axis = long[0] + shape.length - amax.length;
  if (long.length > 1 || axis < 0 || shape[axis] !== amax[long[0]]) {
    throw new OnnxError(
      `Cannot export the quantizer of ${label} with ranges of shape [${amax.join(", ")}] for [${shape.join(", ")}]: ` +
        "ONNX takes one range, or one for each index of one dimension",
    );
  }
  return axis;
}

function steps(label: string, amax: TraceValue, { num_bits, unsigned }: QuantizerParams): Float32Array {
  const bound = 2 ** (num_bits - (unsigned ? 0 : 1)) - 1;
  return Float32Array.from(amax.read() as Float32Array, (a) => {
    if (!(a >= 0 && a < Infinity)) {
      throw new OnnxError(`Cannot export the quantizer of ${label} with amax ${a}: a finite number from 0 is needed`);
    }
    return Math.fround(a / bound) || 1;
  });
}
