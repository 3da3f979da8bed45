/** @file Running a written graph in ONNX Runtime, with its inner values. */

import { decodeModel, encodeModel, type GraphMessage } from "../../onnx/proto.ts";

/** What is used of onnxruntime-node; the package itself is only known to this folder's configuration. */
interface Runtime {
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, string | number>>): Promise<Session>;
  };
}

interface Session {
  run(feed: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, RuntimeValue>>>;
  release(): Promise<void>;
}

const packageName: string = "onnxruntime-node";
const ort: Runtime = (await import(packageName)).default;

/** A value that ONNX Runtime computed. */
export interface RuntimeValue {
  readonly dims: readonly number[];
  readonly data: Float32Array | Int8Array | Uint8Array;
}

/**
 * Runs the model in `bytes` without graph optimization on one float32 input.
 *
 * @param inner names of inner values that are wanted too
 * @returns all outputs and the inner values, by name
 */
export async function runModel(
  bytes: Uint8Array,
  input: { readonly dims: readonly number[]; readonly data: Float32Array },
  inner: readonly string[] = [],
): Promise<Map<string, RuntimeValue>> {
  const model = decodeModel(bytes);
  const graph = model.graph!;
  graph.output!.push(...inner.map((name) => ({ name }))); // ONNX Runtime infers their types
  const session = await ort.InferenceSession.create(new Uint8Array(encodeModel(model)), {
    graphOptimizationLevel: "disabled",
    intraOpNumThreads: 1,
  });
  try {
    const feed = { [graph.input![0].name!]: new ort.Tensor("float32", input.data, input.dims) };
    const results = await session.run(feed);
    return new Map(Object.entries(results));
  } finally {
    await session.release();
  }
}

/** A QuantizeLinear node: the names of what it reads and gives, and the dimension of its scales. */
export interface QuantizeNode {
  readonly x: string;
  readonly codes: string;
  readonly scale: Float32Array;
  readonly axis: number | null;
  readonly unsigned: boolean;
}

/** The quantizers of a graph, in order. */
export function quantizersOf(graph: GraphMessage): QuantizeNode[] {
  const initializer = (name: string) => graph.initializer!.find((t) => t.name === name)!;
  return graph.node!.filter((n) => n.opType === "QuantizeLinear").map((n) => {
    const axis = n.attribute!.find((a) => a.name === "axis")?.i;
    return {
      x: n.input![0],
      codes: n.output![0],
      scale: new Float32Array(new Uint8Array(initializer(n.input![1]).rawData!).buffer),
      axis: axis === undefined || axis === null ? null : Number(axis),
      unsigned: initializer(n.input![2]).dataType === 2,
    };
  });
}
