/** @file LeNet: two convolutions and two linear layers. */

import { nn } from "../nn/mod.ts";
import { ValueError } from "../tensor/errors.ts";
import { checkKnown } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Sizes of LeNet. */
export interface LeNetOptions {
  /** Channels of the two convolutions; `[16, 32]` by default. */
  channels?: readonly [number, number];
  /** Size of the hidden linear layer; 128 by default. */
  hidden?: number;
  /** Zeros around the images of both convolutions; 2 by default. */
  padding?: number;
  /** Channels of the images; 1 by default. */
  in_channels?: number;
  /** Height and width of the images; 28 by default. */
  image_size?: number;
  /** 10 by default. */
  num_classes?: number;
}

const known = ["channels", "hidden", "padding", "in_channels", "image_size", "num_classes"] as const;

/** Two 5x5 convolutions, each with ReLU and 2x2 max-pooling, then two linear layers: `[N, 1, 28, 28]` to `[N, 10]`. */
export class LeNet extends nn.Module {
  /** First convolution. */
  readonly conv1: nn.Conv2d;
  /** Second convolution. */
  readonly conv2: nn.Conv2d;
  /** Hidden linear layer. */
  readonly fc1: nn.Linear;
  /** Last linear layer. */
  readonly fc2: nn.Linear;

  /**
   * Makes a network with fresh parameters.
   *
   * @throws ValueError for unknown options and sizes out of range
   */
  constructor(options: LeNetOptions = {}) {
    super();
    checkKnown("LeNet", options, known);
    const { channels = [16, 32], hidden = 128, padding = 2 } = options;
    const { in_channels = 1, image_size = 28, num_classes = 10 } = options;
    const halved = (side: number): number => Math.floor((side + 2 * padding - 4) / 2);
    const side = halved(halved(image_size));
    if (!(side >= 1)) {
      throw new ValueError(`Cannot LeNet with image_size ${image_size} and padding ${padding}: nothing would be left`);
    }
    this.conv1 = new nn.Conv2d(in_channels, channels[0], 5, { padding });
    this.conv2 = new nn.Conv2d(channels[0], channels[1], 5, { padding });
    this.fc1 = new nn.Linear(channels[1] * side * side, hidden);
    this.fc2 = new nn.Linear(hidden, num_classes);
  }

  /** Scores of the classes. */
  override forward(x: Tensor): Tensor {
    const { flatten, max_pool2d, relu } = nn.functional;
    let h = max_pool2d(relu(this.conv1(x)), 2);
    h = max_pool2d(relu(this.conv2(h)), 2);
    return this.fc2(relu(this.fc1(flatten(h, 1))));
  }
}

/** Makes a LeNet. */
export function lenet(options: LeNetOptions = {}): LeNet {
  return new LeNet(options);
}
