/** @file Exports a quantized network and compares it with ONNX Runtime: codes exactly, results by class. */

import "../../setup.ts";
import { conv2d, flatten, linear, max_pool2d, relu } from "../../ops/mod.ts";

import { manual_seed, randn } from "../../ops/random.ts";
import { quantize } from "../../quantization/tensor_quant.ts";
import { type Exportable, exportModel, toModel } from "../../onnx/export.ts";
import { decodeModel, encodeModel, type TensorMessage } from "../../onnx/proto.ts";
import { float32 } from "../../tensor/dtype.ts";
import { device } from "../../tensor/device.ts";
import { fromArray, type Tensor } from "../../tensor/tensor.ts";
import { type QuantizeNode, quantizersOf, runModel, type RuntimeValue } from "./runtime.ts";

const settings = (unsigned: boolean) => ({ num_bits: 8, unsigned, narrow_range: false, mode: "step" as const });

/** A small convolutional network whose quantizers have been calibrated by hand; the ranges cut off some elements. */
class Network implements Exportable {
  training = true;
  readonly tensors: Record<string, Tensor> = {
    "conv.weight": randn(6, 1, 5, 5).mul(0.2),
    "conv.bias": randn(6).mul(0.1),
    "fc.weight": randn(10, 6 * 12 * 12).mul(0.05),
    "fc.bias": randn(10).mul(0.1),
  };
  readonly ranges: { readonly image: Tensor; readonly hidden: Tensor } = {
    image: scalar(2.37),
    hidden: scalar(1.913),
  };

  modules(): Exportable[] {
    return [this];
  }
  named_parameters(): [string, Tensor][] {
    return Object.entries(this.tensors);
  }
  named_buffers(): [string, Tensor][] {
    return [];
  }
  forward(x: Tensor): Tensor {
    const t = this.tensors;
    const { image, hidden } = this.ranges;
    const w1 = quantize(t["conv.weight"], this.#amax("conv.weight"), settings(false), "value");
    const w2 = quantize(t["fc.weight"], this.#amax("fc.weight"), settings(false), "value");
    const h = relu(conv2d(quantize(x, image, settings(false), "value"), w1, t["conv.bias"]));
    const flat = flatten(max_pool2d(h, 2), 1);
    return linear(quantize(flat, hidden, settings(true), "value"), w2, t["fc.bias"]);
  }
  // outside the record, as a calibrated range is: one number for each output channel, the last one is cut
  #amax(key: string): Tensor {
    const w = this.tensors[key];
    const values = w.numpy() as Float32Array;
    const n = w.shape[0], size = values.length / n;
    const out = Float32Array.from({ length: n }, (_, c) => {
      const largest = values.subarray(c * size, (c + 1) * size).reduce((a, v) => Math.max(a, Math.abs(v)), 0);
      return c === n - 1 ? largest / 2 : largest;
    });
    return fromArray(device("cpu"), float32, [n, ...w.shape.slice(1).map(() => 1)], out);
  }
}

function scalar(value: number): Tensor {
  return fromArray(device("cpu"), float32, [], Float32Array.of(value));
}

/** How many codes of one quantizer differ when this library quantizes the tensor that ONNX Runtime had there. */
function differingCodes(node: QuantizeNode, x: RuntimeValue, codes: RuntimeValue): number {
  const bound = node.unsigned ? 255 : 127, low = node.unsigned ? 0 : -128;
  const inner = node.axis === null ? 1 : x.dims.slice(node.axis + 1).reduce((a, b) => a * b, 1);
  let differ = 0;
  for (let i = 0; i < x.data.length; i++) {
    const scale = node.scale[node.axis === null ? 0 : Math.floor(i / inner) % node.scale.length];
    const steps = Math.fround(x.data[i] / scale);
    const down = Math.floor(steps), rest = steps - down;
    const even = rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
    if (codes.data[i] !== Math.min(bound, Math.max(low, even))) differ++;
  }
  return differ;
}

function initializerValue(tensors: readonly TensorMessage[], name: string): RuntimeValue | undefined {
  const t = tensors.find((t) => t.name === name);
  return t && { dims: t.dims!.map(Number), data: new Float32Array(new Uint8Array(t.rawData!).buffer) };
}

function argMax(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}

/** Compares one network on random images; returns the number of failures and prints what was compared. */
async function verify(seed: number): Promise<number> {
  manual_seed(seed);
  const network = new Network(), x = randn(64, 1, 28, 28);
  const bytes = encodeModel(toModel(network, x, { input_names: ["image"], output_names: ["scores"] }));
  const graph = decodeModel(bytes).graph!;
  const nodes = quantizersOf(graph);
  const names = new Set(nodes.flatMap((n) => [n.x, n.codes]));
  names.delete("image");
  const inner = [...names].filter((name) => !graph.initializer!.some((t) => t.name === name));
  const image = { dims: x.shape, data: x.numpy() as Float32Array };
  const got = await runModel(bytes, image, inner);
  let failed = 0;
  for (const node of nodes) {
    const fed = node.x === "image" ? image : got.get(node.x) ?? initializerValue(graph.initializer!, node.x)!;
    const differ = differingCodes(node, fed, got.get(node.codes)!);
    if (differ > 0) failed++;
    console.log(`seed ${seed} ${node.codes}: ${differ} of ${fed.data.length} codes differ`);
  }
  const own = network.forward(x).numpy() as Float32Array, theirs = got.get("scores")!.data as Float32Array;
  const largest = own.reduce((a, v, i) => Math.max(a, Math.abs(v - theirs[i])), 0);
  let wrong = 0;
  for (let i = 0; i < 64; i++) {
    if (argMax(own.subarray(i * 10, i * 10 + 10)) !== argMax(theirs.subarray(i * 10, i * 10 + 10))) wrong++;
  }
  console.log(`seed ${seed}: ${wrong} of 64 classes differ, largest difference of scores ${largest.toExponential(2)}`);
  return failed + (wrong > 0 || !(largest < 0.05) ? 1 : 0);
}

/** Runs onnx.checker with the first Python on the search path that has it; true when it found no fault, or none has it. */
function runChecker(path: string): boolean {
  const args = [new URL("../onnx_check.py", import.meta.url).pathname, path];
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      const { code } = new Deno.Command(`${folder}/python3`, { args, stdout: "inherit", stderr: "inherit" })
        .outputSync();
      if (code !== 3) return code === 0;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  console.log("onnx.checker: no Python has it, nothing was checked");
  return true;
}

/** Runs onnx.checker on the network with a free batch size, where Python has it; true when it found no fault. */
function check(): boolean {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/network.onnx`;
    exportModel(new Network(), randn(2, 1, 28, 28), path, {
      input_names: ["image"],
      output_names: ["scores"],
      dynamic_axes: { image: { 0: "batch" }, scores: { 0: "batch" } },
    });
    return runChecker(path);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

let failed = 0, passed = 0;
for (const seed of [0, 1, 2]) (await verify(seed)) > 0 ? failed++ : passed++;
check() ? passed++ : failed++;
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);
