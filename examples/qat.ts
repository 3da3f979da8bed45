/**
 * @file The whole path: train a network in float, quantize it after training by four calibration methods, fine-tune it with
 * quantization-aware training, and export it to ONNX. `deno task qat --help` tells the options.
 */

import * as torch from "@stegosaur/stegosaur";
import { saveSafetensors, writeFileAtomic } from "../serialization/mod.ts";
import { type Curve, drawCurves } from "./qat/curves.ts";
import { help, type Options, parseOptions, UsageError } from "./qat/options.ts";
import { clock } from "./qat/progress.ts";
import { collect, evaluate, loadRanges, type Method, methods, train } from "./qat/train.ts";

const { quant_modules, QuantDescriptor, nn: quant_nn, TensorQuantizer } = torch.quantization;

type Model = torch.models.LeNet | torch.models.MLP;
type Row = readonly [what: string, accuracy: string, note: string];

function datasets(options: Options): [train: torch.data.ImageDataset, test: torch.data.ImageDataset] {
  const data = (name: string): string => {
    const dir = options.data ?? Deno.env.get("STEGOSAUR_DATA");
    if (!dir) throw new UsageError(`Cannot use --dataset ${name} without data: give its folder with --data`);
    return dir;
  };
  const both = (make: (train: boolean) => torch.data.ImageDataset, mean: number[], std: number[]) =>
    [make(true).normalize(mean, std), make(false).normalize(mean, std)] as [
      torch.data.ImageDataset,
      torch.data.ImageDataset,
    ];
  switch (options.dataset) {
    case "digits":
      return both((train) => torch.data.digits({ train }), [0.11], [0.25]);
    case "mnist": {
      const dir = data("mnist");
      return both((train) => torch.data.MNIST(dir, { train }), [0.1307], [0.3081]);
    }
    case "cifar10": {
      const dir = data("cifar10");
      return both((train) => torch.data.CIFAR10(dir, { train }), [0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]);
    }
  }
}

function makeModel(options: Options, shape: readonly number[]): Model {
  const [channels, size] = shape;
  return options.model === "lenet"
    ? torch.models.lenet({ in_channels: channels, image_size: size })
    : torch.models.mlp({ in_features: channels * size * size });
}

/** The same network with quantized layers of `bits` bits and the given parameters. */
function quantized(options: Options, shape: readonly number[], bits: number, from: Model): Model {
  for (const layer of [quant_nn.QuantConv2d, quant_nn.QuantLinear]) {
    layer.set_default_quant_desc_input(new QuantDescriptor({ num_bits: bits, calib_method: "histogram" }));
    layer.set_default_quant_desc_weight(new QuantDescriptor({ num_bits: bits, axis: [0] }));
  }
  quant_modules.initialize();
  try {
    const model = makeModel(options, shape);
    model.load_state_dict(from.state_dict());
    return model;
  } finally {
    quant_modules.deactivate();
  }
}

function printTable(rows: readonly Row[]): void {
  const widths = [0, 1, 2].map((c) => Math.max(...rows.map((r) => r[c].length)));
  for (const r of rows) console.log(`${r[0].padEnd(widths[0])}  ${r[1].padStart(widths[1])}  ${r[2]}`.trimEnd());
}

function exportOnnx(options: Options, model: Model, shape: readonly number[]): string {
  const path = `${options.out}/${options.model}_${options.dataset}_int8.onnx`;
  const before = TensorQuantizer.use_fb_fake_quant;
  TensorQuantizer.use_fb_fake_quant = true;
  try {
    torch.onnx.export(model, [torch.zeros(1, ...shape)], path, {
      opset_version: 13,
      input_names: ["input"],
      output_names: ["scores"],
      dynamic_axes: { input: { 0: "batch" }, scores: { 0: "batch" } },
    });
  } finally {
    TensorQuantizer.use_fb_fake_quant = before;
  }
  return path;
}

function run(options: Options): void {
  const started = performance.now();
  const [trainSet, testSet] = datasets(options);
  if (options.show) {
    console.log(torch.data.showText(trainSet, {}));
    return;
  }
  Deno.mkdirSync(options.out, { recursive: true });
  const shape = trainSet.sampleShape;
  torch.manual_seed(options.seed);
  const model = makeModel(options, shape);
  console.error(
    `${options.model} on ${options.dataset}: ${trainSet.length} training and ${testSet.length} test images, seed ${options.seed}`,
  );
  const history = train("float", model, trainSet, testSet, {
    epochs: options.epochs,
    lr: options.lr,
    batchSize: options.batchSize,
  });
  const name = `${options.out}/${options.model}_${options.dataset}`;
  saveSafetensors(`${name}.safetensors`, model.state_dict());
  const percent = (v: number): string => `${v.toFixed(2)} %`;
  const rows: Row[] = [["float", percent(evaluate(model, testSet)), `${name}.safetensors`]];
  const loss: Curve[] = [{ name: "float", points: history.loss }];
  const accuracy: Curve[] = [{ name: "float", points: history.accuracy }];
  for (const bits of options.bits) {
    const q = quantized(options, shape, bits, model);
    collect(q, trainSet.slice(0, Math.min(1024, trainSet.length)), 128);
    let best: { method: Method; accuracy: number } | null = null;
    for (const method of methods) {
      loadRanges(q, method);
      const accuracy = evaluate(q, testSet);
      rows.push([`${bits} bits, ${method.name}`, percent(accuracy), ""]);
      if (!best || accuracy > best.accuracy) best = { method, accuracy };
    }
    loadRanges(q, best!.method);
    torch.manual_seed(options.seed);
    const fine = train(`QAT ${bits} bits`, q, trainSet, testSet, {
      epochs: options.qatEpochs,
      lr: options.lr * options.qatLr,
      batchSize: options.batchSize,
    });
    loss.push({ name: `QAT ${bits} bits`, points: fine.loss });
    accuracy.push({ name: `QAT ${bits} bits`, points: [[0, best!.accuracy], ...fine.accuracy] });
    const path = bits === 8 ? exportOnnx(options, q.eval(), shape) : "";
    rows.push([`${bits} bits, QAT`, percent(evaluate(q, testSet)), `from ${best!.method.name} ${path}`.trim()]);
    saveSafetensors(`${name}_${bits}bits.safetensors`, q.state_dict());
  }
  writeFileAtomic(`${name}.svg`, new TextEncoder().encode(drawCurves(loss, accuracy)));
  printTable(rows);
  console.log(`\ncurves in ${name}.svg; ${clock((performance.now() - started) / 1000)} in all`);
}

if (import.meta.main) {
  try {
    const options = parseOptions(Deno.args);
    if (options) run(options);
    else console.log(help);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof torch.FormatError || error instanceof Deno.errors.NotFound)) {
      throw error;
    }
    console.error(error.message);
    Deno.exit(2);
  }
}
