/** @file The command line of the example. */

import { parseArgs } from "node:util";

/** What the user asked for. */
export interface Options {
  readonly data: string | null;
  readonly dataset: "digits" | "mnist" | "cifar10";
  readonly model: "lenet" | "mlp";
  readonly device: string;
  readonly bits: readonly number[];
  readonly epochs: number;
  readonly qatEpochs: number;
  readonly qatLr: number;
  readonly lr: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly out: string;
  readonly show: boolean;
}

/** An option that cannot be used; shown without a stack. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What `--help` prints. */
export const help: string = `Train a network, quantize it, fine-tune it and export it to ONNX.

Usage: deno task qat [options]

  --dataset NAME    digits (drawn by the program, the default), mnist or cifar10
  --data DIR        folder with the data set's files (MNIST IDX, plain or gzip; CIFAR-10 binary); implies mnist
  --model NAME      lenet (default) or mlp
  --device NAME     cpu (default)
  --bits N          bits of the quantized networks, 2 to 8; may be given several times (default 8, 4 and 2)
  --epochs N        epochs of the float training (default 3)
  --qat-epochs N    epochs of the fine-tuning, fractions allowed (default a tenth of --epochs)
  --qat-lr F        initial rate of the fine-tuning as a fraction of --lr (default 0.01)
  --lr F            initial rate of the float training (default 0.05)
  --batch-size N    samples in a batch (default 64)
  --seed N          seed of all random numbers (default 0)
  --out DIR         folder for checkpoint, ONNX file and curves (default out)
  --show            print some samples and end
  --help            print this text`;

function number(name: string, text: string, least: number, most: number, whole: boolean): number {
  const v = Number(text);
  if (text.trim() === "" || !(v >= least && v <= most) || (whole && !Number.isInteger(v))) {
    throw new UsageError(
      `Cannot use --${name} ${text}: ${whole ? "a whole number" : "a number"} from ${least} to ${most} is needed`,
    );
  }
  return v;
}

function choice<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((c) => c === text);
  if (found === undefined) throw new UsageError(`Cannot use --${name} ${text}: one of ${choices.join(", ")} is needed`);
  return found;
}

/**
 * The options of a command line; null when help was asked for.
 *
 * @throws UsageError for an unknown option or a value that cannot be used
 */
export function parseOptions(args: readonly string[]): Options | null {
  const text = { type: "string" } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        dataset: text,
        data: text,
        model: text,
        device: text,
        bits: { type: "string", multiple: true },
        epochs: text,
        "qat-epochs": text,
        "qat-lr": text,
        lr: text,
        "batch-size": text,
        seed: text,
        out: text,
        show: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message.split(".")[0] : error}: see --help`);
  }
  if (values.help) return null;
  const epochs = number("epochs", values.epochs ?? "3", 0, 1000, true);
  const bits = (values.bits ?? ["8", "4", "2"]).flatMap((b) => b.split(","));
  return {
    data: values.data ?? null,
    dataset: choice("dataset", values.dataset ?? (values.data ? "mnist" : "digits"), ["digits", "mnist", "cifar10"]),
    model: choice("model", values.model ?? "lenet", ["lenet", "mlp"]),
    device: choice("device", values.device ?? "cpu", ["cpu"]),
    bits: bits.map((b) => number("bits", b, 2, 8, true)),
    epochs,
    qatEpochs: number("qat-epochs", values["qat-epochs"] ?? String(epochs / 10), 0, 1000, false),
    qatLr: number("qat-lr", values["qat-lr"] ?? "0.01", 0, 10, false),
    lr: number("lr", values.lr ?? "0.05", 0, 10, false),
    batchSize: number("batch-size", values["batch-size"] ?? "64", 1, 65536, true),
    seed: number("seed", values.seed ?? "0", 0, 2 ** 32 - 1, true),
    out: values.out ?? "out",
    show: values.show ?? false,
  };
}
