/** @file Running operations, and recording them so that `backward()` can walk the record. */

import type { View } from "../tensor/device.ts";
import { DeviceError, GradError } from "../tensor/errors.ts";
import type { Meta } from "./op.ts";
import { assertAlive, free } from "../tensor/storage.ts";
import { allocate, Tensor } from "../tensor/tensor.ts";
import { is_grad_enabled } from "./grad_mode.ts";
import type { AnyOp, Named, OpDef } from "./op.ts";

/** Where a gradient goes next: into a recorded operation's result, or into a leaf. */
export type Edge = { readonly fn: GradFunction; readonly index: number } | { readonly leaf: Tensor };

/** A recorded operation: how to get from the gradients of its results to those of its inputs. */
export interface GradFunction {
  /** For example `MulBackward`. */
  readonly name: string;
  /** Its number on the tape; an operation always has a higher number than those that made its inputs. */
  readonly sequence: number;
  /** One edge for each input; null where no gradient is needed. */
  readonly edges: readonly (Edge | null)[];
  /** The results' shapes and dtypes. */
  readonly outputs: readonly Meta[];
  /** Results that keep their gradient or have hooks. */
  readonly watched: Map<number, Tensor>;
  /** Gradients of the inputs, in their order. `grads` has one entry for each result, null where none arrived. */
  backward(grads: readonly (Tensor | null)[]): readonly (Tensor | null | undefined)[];
  /** Lets go of what was saved; backward through it again is an error. */
  release(): void;
}

let sequence = 0;

/** The next number on the tape. */
export function nextSequence(): number {
  return ++sequence;
}

/** Where the gradient of `x` goes, or null when none is needed. */
export function edgeOf(x: Tensor | null): Edge | null {
  if (!x?.requires_grad) return null;
  return x.grad_fn ? { fn: x.grad_fn, index: x.outputIndex } : { leaf: x };
}

/** Called for each operation with its inputs and results, while a recorder is set. */
export type Recorder = (
  op: AnyOp,
  inputs: readonly (Tensor | null)[],
  outputs: readonly Tensor[],
  params: unknown,
) => void;

let recorder: Recorder | null = null;

/** Sets who is told of every operation, and returns who was before; used by the ONNX export. */
export function setRecorder(next: Recorder | null): Recorder | null {
  const before = recorder;
  recorder = next;
  return before;
}

/** A tensor that a gradient needs, with its state at that time. */
class SavedTensor {
  readonly #version: number;
  constructor(readonly tensor: Tensor) {
    this.#version = tensor.storage.version;
  }
  unpack(op: string, name: string): Tensor {
    assertAlive(this.tensor.storage);
    if (this.tensor.storage.version !== this.#version) {
      throw new GradError(
        `Cannot use ${name} in the gradient of ${op}: ${name} was changed in place ` +
          `(version ${this.tensor.storage.version}, saved at ${this.#version})`,
      );
    }
    return this.tensor;
  }
}

class OpNode implements GradFunction {
  readonly sequence = nextSequence();
  readonly watched: Map<number, Tensor> = new Map();
  #saved: Map<string, SavedTensor | null> | null;
  constructor(
    readonly op: AnyOp,
    readonly edges: readonly (Edge | null)[],
    readonly outputs: readonly Meta[],
    readonly params: unknown,
    saved: Map<string, SavedTensor | null>,
  ) {
    this.#saved = saved;
  }
  get name(): string {
    const camel = this.op.name.replace(/(?:^|_)([a-z0-9])/g, (_, c: string) => c.toUpperCase());
    return `${camel}Backward`;
  }
  backward([g]: readonly (Tensor | null)[]): (Tensor | null | undefined)[] {
    if (!this.#saved) {
      throw new GradError(
        `Cannot run backward through ${this.op.name} twice: what it saved has been freed: pass { retain_graph: true } the first time`,
      );
    }
    if (!g) return this.edges.map(() => null);
    const saved: Record<string, Tensor | null> = {};
    for (const [name, s] of this.#saved) saved[name] = s && s.unpack(this.op.name, name);
    const needs: Record<string, boolean> = {};
    this.op.inputs.forEach((name, i) => needs[name] = this.edges[i] !== null);
    const grads = this.op.vjp!(g, saved, this.params, needs);
    return this.op.inputs.map((name) => grads[name]);
  }
  release(): void {
    const aux = this.#saved?.get("aux");
    if (aux && this.op.ownsAux) free(aux.tensor.storage.allocation);
    this.#saved = null;
  }
}

/** Runs an operation and, when a gradient is wanted, records it. Returns the first result. */
export function apply<N extends string, O extends N, S extends N | "out" | "aux", P>(
  op: OpDef<N, O, S, P>,
  inputs: Named<N, O, Tensor>,
  params: P,
): Tensor {
  return applyAll(op, inputs, params)[0];
}

/** As `apply`, for operations with several results. */
export function applyAll<N extends string, O extends N, S extends N | "out" | "aux", P>(
  op: OpDef<N, O, S, P>,
  inputs: Named<N, O, Tensor>,
  params: P,
): Tensor[] {
  const list = op.inputs.map((name) => (inputs as { readonly [name: string]: Tensor | null })[name]);
  const first = checkInputs(op.name, op.inputs, list);
  const metas = asList(op.infer(inputs as unknown as Named<N, O, View>, params));
  const record = op.vjp !== null && is_grad_enabled() && list.some((x) => x?.requires_grad);
  let outs: Tensor[];
  if (op.view) {
    const { shape, strides, offset } = op.view(inputs as unknown as Named<N, O, View>, params);
    outs = [first.viewAs(shape, strides, offset)];
  } else {
    const { device } = first;
    device.beginOp();
    outs = metas.map((m) => allocate(device, m.dtype, m.shape));
    try {
      op.forward!(device.kernels, inputs as unknown as Named<N, O, View>, outs[0], params, outs);
    } catch (error) {
      for (const out of outs) free(out.storage.allocation);
      throw error;
    }
  }
  if (record) recordOp(op, list, outs, metas, params);
  else if (op.ownsAux && outs.length > 1) free(outs[1].storage.allocation);
  recorder?.(op, list, outs, params);
  return outs;
}

/** Runs an elementwise operation on `x` and stores the result in `x` itself. */
export function applyInPlace<N extends string, O extends N, S extends N | "out" | "aux", P>(
  op: OpDef<N, O, S, P>,
  x: Tensor,
  inputs: Named<N, O, Tensor>,
  params: P,
): Tensor {
  const list = op.inputs.map((name) => (inputs as { readonly [name: string]: Tensor | null })[name]);
  checkInputs(op.name, op.inputs, list);
  const [meta] = asList(op.infer(inputs as unknown as Named<N, O, View>, params));
  if (meta.shape.length !== x.ndim || meta.shape.some((s, i) => s !== x.shape[i])) {
    throw new GradError(
      `Cannot ${op.name} in place on [${x.shape.join(", ")}]: the result has shape [${meta.shape.join(", ")}]`,
    );
  }
  if (is_grad_enabled() && list.some((t) => t?.requires_grad)) {
    throw new GradError(
      `Cannot ${op.name} in place on a tensor that takes part in a gradient: use the form without underscore, or no_grad()`,
    );
  }
  x.device.beginOp();
  op.forward!(x.device.kernels, inputs as unknown as Named<N, O, View>, x, params, [x]);
  x.storage.version++;
  return x;
}

function asList(metas: Meta | readonly Meta[]): readonly Meta[] {
  return Array.isArray(metas) ? metas : [metas as Meta];
}

function checkInputs(op: string, names: readonly string[], list: readonly (Tensor | null)[]): Tensor {
  let first: Tensor | null = null;
  for (let i = 0; i < list.length; i++) {
    const x = list[i];
    if (x === null) continue;
    if (!(x instanceof Tensor)) {
      throw new TypeError(
        `Cannot ${op} ${names[i]} ${x === undefined ? "left out" : `of type ${typeof x}`}: a tensor is needed`,
      );
    }
    assertAlive(x.storage);
    first ??= x;
    if (x.device !== first.device) {
      throw new DeviceError(
        `Cannot ${op} ${names[list.indexOf(first)]} on "${first.device.name}" and ${names[i]} on "${x.device.name}": ` +
          `move one with .to("${first.device.name}")`,
      );
    }
  }
  return first!;
}

function recordOp(
  op: AnyOp,
  list: readonly (Tensor | null)[],
  outs: readonly Tensor[],
  metas: readonly Meta[],
  params: unknown,
) {
  const saved = new Map<string, SavedTensor | null>();
  const node = new OpNode(op, list.map(edgeOf), metas, params, saved);
  outs.forEach((out, i) => {
    if (!out.dtype.is_floating_point || i > 0) return;
    out.grad_fn = node;
    out.outputIndex = i;
  });
  for (const name of op.save) {
    const x = name === "out" ? outs[0] : name === "aux" ? outs[1] : list[op.inputs.indexOf(name)];
    saved.set(name, x && new SavedTensor(x));
  }
}
