/** @file The multi-layer perceptron. */

import { nn } from "../nn/mod.ts";
import { checkKnown } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Sizes of the MLP. */
export interface MLPOptions {
  /** Numbers of a sample; 784 by default. */
  in_features?: number;
  /** Sizes of the hidden layers; `[512, 512]` by default. */
  hidden?: readonly number[];
  /** 10 by default. */
  num_classes?: number;
}

/** Linear layers with ReLU between them: `[N, ...]` to `[N, num_classes]`. */
export class MLP extends nn.Module {
  /** The layers. */
  readonly net: nn.Sequential;

  /**
   * Makes a network with fresh parameters.
   *
   * @throws ValueError for unknown options and sizes out of range
   */
  constructor(options: MLPOptions = {}) {
    super();
    checkKnown("MLP", options, ["in_features", "hidden", "num_classes"]);
    const { in_features = 784, hidden = [512, 512], num_classes = 10 } = options;
    const layers: nn.Module[] = [];
    let inputs = in_features;
    for (const size of hidden) {
      layers.push(new nn.Linear(inputs, size), new nn.ReLU());
      inputs = size;
    }
    this.net = new nn.Sequential(...layers, new nn.Linear(inputs, num_classes));
  }

  /** Scores of the classes. */
  override forward(x: Tensor): Tensor {
    return this.net(nn.functional.flatten(x, 1));
  }
}

/** Makes an MLP. */
export function mlp(options: MLPOptions = {}): MLP {
  return new MLP(options);
}
