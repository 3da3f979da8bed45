/** @file `onnx.export`: runs a model once and writes what it did as an ONNX file. */

import { no_grad } from "../autograd/grad_mode.ts";
import { TensorQuantizer } from "../quantization/nn/modules/tensor_quantizer.ts";
import { OnnxError } from "../tensor/errors.ts";
import { Scope } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { buildGraph } from "./graph.ts";
import { checkOptions, type ExportOptions, graphOptions, irVersion } from "./options.ts";
import { encodeModel, type GraphMessage, type ModelMessage } from "./proto.ts";
import { trace } from "./trace.ts";
import { writeWhole } from "./write.ts";

/** What is exported of a model; every `nn.Module` is one. */
export interface Exportable {
  /** Whether the model is in training mode. */
  training: boolean;
  /** Takes tensors, gives one or a list. */
  // deno-lint-ignore no-explicit-any
  forward(...args: any[]): any;
  /** The model itself and all modules inside. */
  modules(): Iterable<{ training: boolean }>;
  /** The same modules with their paths, for errors. */
  named_modules?(): Iterable<readonly [string, unknown]>;
  /** The trained tensors with their keys in the state dict, which become the initializers' names. */
  named_parameters(): Iterable<readonly [string, Tensor]>;
  /** The other tensors of the state, with their keys. */
  named_buffers(): Iterable<readonly [string, Tensor]>;
}

/**
 * Writes a model as an ONNX file. The model is run once on `args` in evaluation mode, without gradients; afterwards every
 * module is in the mode it was in. Fake quantizers become pairs of QuantizeLinear and DequantizeLinear whose scale is
 * `fround(amax / bound)`; the other operations become the operators that their definitions name. The file is written
 * under a temporary name and renamed.
 *
 * @param args one tensor, or a list with one for each argument of `forward`; their values only matter where the model
 * looks at them, their shapes become the inputs' shapes
 * @param path where the file goes
 * @throws OnnxError for a quantizer that has not been calibrated, an operation without an ONNX operator (it is named),
 * a change in place, and options that do not fit
 */
export function exportModel(
  model: Exportable,
  args: Tensor | readonly Tensor[],
  path: string | URL,
  options: ExportOptions = {},
): void {
  const message = toModel(model, args, options);
  if (options.verbose) console.log(describeGraph(message.graph!));
  writeWhole(path, encodeModel(message));
}

/** The ONNX model as a plain object, as `onnx.export` writes it. */
export function toModel(
  model: Exportable,
  args: Tensor | readonly Tensor[],
  options: ExportOptions = {},
): ModelMessage {
  checkOptions(options);
  const inputs: readonly Tensor[] = args instanceof Tensor ? [args] : args;
  const odd = inputs.findIndex((x) => !(x instanceof Tensor));
  if (odd >= 0) throw new OnnxError(`Cannot export args[${odd}] of type ${typeof inputs[odd]}: a tensor is needed`);
  checkCalibrated(model);
  const scope = new Scope(); // what the run makes is needed until the graph has been built
  try {
    const run = trace({
      inputs,
      named: [...model.named_parameters(), ...model.named_buffers()],
      run: () => evaluate(model, () => asTensors(model.forward(...inputs))),
    });
    const graph = buildGraph(run, graphOptions(model.constructor.name, options, run.inputs, run.outputs));
    const version = options.opset_version ?? 13;
    return { irVersion: irVersion(version), producerName: "stegosaur", opsetImport: [{ domain: "", version }], graph };
  } finally {
    scope.end();
  }
}

// a range that is computed from the data would be written as that of `args`
function checkCalibrated(model: Exportable): void {
  for (const [name, module] of model.named_modules?.() ?? []) {
    if (!(module instanceof TensorQuantizer) || module._disabled || !module._if_quant) continue;
    if (module._amax || module.clip) continue;
    throw new OnnxError(`Cannot export the quantizer ${name}: it has not been calibrated: load_calib_amax() first`);
  }
}

function evaluate<T>(model: Exportable, f: () => T): T {
  const modules = [...model.modules()];
  const modes = modules.map((m) => m.training);
  try {
    for (const m of modules) m.training = false;
    return no_grad(f);
  } finally {
    modules.forEach((m, i) => m.training = modes[i]);
  }
}

function asTensors(result: unknown): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  if (list.length > 0 && list.every((x) => x instanceof Tensor)) return list;
  throw new OnnxError(`Cannot export a result of type ${typeof result}: a tensor or a list of tensors is needed`);
}

/** The nodes of a graph, one on a line. */
function describeGraph(graph: GraphMessage): string {
  const nodes = (graph.node ?? []).map((n) => `  ${n.output} = ${n.opType}(${n.input?.join(", ")})`);
  return [`graph ${graph.name} (${graph.input?.map((v) => v.name).join(", ")})`, ...nodes].join("\n");
}
