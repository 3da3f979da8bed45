/** @file Training, evaluation and calibration: what a user's own script would hold. */

import * as torch from "@stegosaur/stegosaur";
import { Progress } from "./progress.ts";

type Model = torch.models.LeNet | torch.models.MLP;

/** How a network is trained. */
export interface Recipe {
  readonly epochs: number;
  readonly lr: number;
  readonly batchSize: number;
}

/** What training tells: mean losses over short stretches of steps, and accuracies at the epochs' ends. */
export interface History {
  readonly loss: [step: number, loss: number][];
  readonly accuracy: [step: number, percent: number][];
}

/** Share of the right answers on a data set, in percent. */
export function evaluate(model: Model, dataset: torch.data.Dataset): number {
  const wasTraining = model.training;
  model.eval();
  let right = 0;
  torch.no_grad(() => {
    for (const [x, y] of new torch.data.DataLoader(dataset, { batch_size: 500 })) {
      right += torch.tidy(() => model(x).argmax(1).eq(y).sum().item());
    }
  });
  model.train(wasTraining);
  return 100 * right / dataset.length;
}

/** Trains with SGD (momentum 0.9, weight decay 1e-4) and a cosine from `lr` to 1 % of it, one step for each batch. */
export function train(
  title: string,
  model: Model,
  trainSet: torch.data.Dataset,
  testSet: torch.data.Dataset,
  recipe: Recipe,
): History {
  const loader = new torch.data.DataLoader(trainSet, { batch_size: recipe.batchSize, shuffle: true, drop_last: true });
  const perEpoch = Math.floor(trainSet.length / recipe.batchSize);
  const steps = Math.round(recipe.epochs * perEpoch);
  const history: History = { loss: [], accuracy: [] };
  if (steps === 0) return history;
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: recipe.lr, momentum: 0.9, weight_decay: 1e-4 });
  const scheduler = new torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, recipe.lr * 0.01);
  const progress = new Progress(title, steps);
  model.train();
  let step = 0, sum = 0, count = 0;
  while (step < steps) {
    for (const [x, y] of loader) {
      const loss = torch.tidy(() => {
        optimizer.zero_grad();
        const loss = torch.nn.functional.cross_entropy(model(x), y);
        loss.backward();
        optimizer.step();
        return loss.item();
      });
      scheduler.step();
      step++, sum += loss, count++;
      if (count === 20 || step === steps) {
        history.loss.push([step, sum / count]);
        progress.update(step, `loss ${(sum / count).toFixed(4)}`);
        sum = count = 0;
      }
      if (step === steps) break;
    }
    history.accuracy.push([step, evaluate(model, testSet)]);
  }
  return history;
}

/** A way to choose the ranges of the inputs. */
export interface Method {
  readonly name: string;
  readonly method: "entropy" | "percentile" | "mse";
  readonly percentile?: number;
}

/** The calibration methods that are compared. */
export const methods: readonly Method[] = [
  { name: "percentile 99.99", method: "percentile", percentile: 99.99 },
  { name: "percentile 99.9", method: "percentile", percentile: 99.9 },
  { name: "mse", method: "mse" },
  { name: "entropy", method: "entropy" },
];

/** All quantizers of a network. */
export function quantizers(model: Model): torch.quantization.TensorQuantizer[] {
  return [...model.named_modules()].map(([, m]) => m).filter((m) => m instanceof torch.quantization.TensorQuantizer);
}

/** Collects the statistics of the inputs and weights: quantizers watch, and let values pass unchanged. */
export function collect(model: Model, dataset: torch.data.Dataset, batchSize: number): void {
  model.eval();
  for (const q of quantizers(model)) q.disable_quant(), q.enable_calib();
  torch.no_grad(() => {
    for (const [x] of new torch.data.DataLoader(dataset, { batch_size: batchSize })) torch.tidy(() => void model(x));
  });
  for (const q of quantizers(model)) q.disable_calib(), q.enable_quant();
}

/** Sets all ranges from what was collected; weights by their largest value. */
export function loadRanges(model: Model, { method, percentile }: Method): void {
  for (const q of quantizers(model)) {
    if (q._calibrator instanceof torch.quantization.calib.MaxCalibrator) q.load_calib_amax();
    else q.load_calib_amax(method, percentile === undefined ? {} : { percentile });
  }
}
