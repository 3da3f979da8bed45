/** @file What a model did in one run: the operations it called and the values that went between them. */

import type { AnyOp } from "../autograd/op.ts";
import { type Recorder, setRecorder } from "../autograd/tape.ts";
import type { DType, TypedArray } from "../tensor/dtype.ts";
import { OnnxError } from "../tensor/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A value of a traced run. Values are compared by identity. */
export interface TraceValue {
  readonly dtype: DType;
  readonly shape: Shape;
  /** The parameter's or buffer's key in the state dict; null for all other values. */
  readonly key: string | null;
  /** The elements, row by row, as they were during the run. */
  read(): TypedArray;
}

/** A call of an operation. */
export interface TraceStep {
  readonly op: AnyOp;
  /** Null where an optional input was left out. */
  readonly inputs: readonly (TraceValue | null)[];
  readonly outputs: readonly TraceValue[];
  readonly params: unknown;
}

/** A traced run. Values that are neither inputs nor results of steps are constants of the model. */
export interface Trace {
  readonly inputs: readonly TraceValue[];
  readonly outputs: readonly TraceValue[];
  readonly steps: readonly TraceStep[];
}

class TensorValue implements TraceValue {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly #tensor: Tensor;
  readonly #version: number;
  constructor(tensor: Tensor, readonly key: string | null) {
    this.dtype = tensor.dtype;
    this.shape = tensor.shape;
    this.#tensor = tensor; // also keeps the elements alive until the graph is built
    this.#version = tensor.storage.version;
  }
  get unchanged(): boolean {
    return this.#tensor.storage.version === this.#version;
  }
  shows(x: Tensor): boolean {
    const own = this.#tensor;
    return own.storage === x.storage && own.offset === x.offset && same(own.shape, x.shape) &&
      same(own.strides, x.strides);
  }
  read(): TypedArray {
    return this.#tensor.numpy();
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}

/** Finds the value of a tensor: the tensor itself, or another one that shows the same elements, such as `x.detach()`. */
class Values {
  readonly #byTensor: Map<Tensor, TensorValue> = new Map();
  readonly #byStorage: Map<Storage, TensorValue[]> = new Map();

  add(x: Tensor, key: string | null = null): TensorValue {
    const value = new TensorValue(x, key);
    this.#byTensor.set(x, value);
    const list = this.#byStorage.get(x.storage);
    if (list) list.unshift(value);
    else this.#byStorage.set(x.storage, [value]);
    return value;
  }

  find(x: Tensor, op: string): TensorValue {
    const known = this.#byTensor.get(x) ?? this.#byStorage.get(x.storage)?.find((v) => v.shows(x));
    if (!known) return this.add(x);
    if (!known.unchanged) {
      throw new OnnxError(
        `Cannot export ${op} of a tensor that was changed in place: use the operation without underscore in forward()`,
      );
    }
    return known;
  }
}

/** What a traced run starts from. */
export interface TraceOptions {
  /** The tensors that become the graph's inputs. */
  readonly inputs: readonly Tensor[];
  /** Parameters and buffers by their keys. */
  readonly named: Iterable<readonly [string, Tensor]>;
  /** Runs the model on the inputs. */
  readonly run: () => readonly Tensor[];
}

/**
 * Runs a model and notes what it does.
 *
 * @throws OnnxError when the model changes a tensor in place that it uses afterwards
 */
export function trace(options: TraceOptions): Trace {
  const values = new Values();
  for (const [key, tensor] of options.named) values.add(tensor, key);
  const inputs = options.inputs.map((x) => values.add(x));
  const steps: TraceStep[] = [];
  const recorder: Recorder = (op, ins, outs, params) => {
    const used = ins.map((x) => x && values.find(x, op.name));
    steps.push({ op, inputs: used, outputs: outs.map((x) => values.add(x)), params });
  };
  const before = setRecorder(recorder);
  try {
    const results = options.run();
    return { inputs, outputs: results.map((x) => values.find(x, "the result")), steps };
  } finally {
    setRecorder(before);
  }
}
