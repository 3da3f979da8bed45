/**
 * Layers and networks: `nn.Conv2d`, `nn.Linear`, `nn.Module`, and so on.
 *
 * @module
 */

import * as functional from "./functional.ts";
import * as init from "./init.ts";
import { LogSoftmax, ReLU, Sigmoid, Softmax, Tanh } from "./modules/activation.ts";
import { ModuleList, Sequential } from "./modules/container.ts";
import { Conv2d } from "./modules/conv.ts";
import { Dropout } from "./modules/dropout.ts";
import { Flatten } from "./modules/flatten.ts";
import { Identity, Linear } from "./modules/linear.ts";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "./modules/loss.ts";
import { MaxPool2d } from "./modules/pooling.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

export { functional, init };
export {
  Conv2d,
  CrossEntropyLoss,
  Dropout,
  Flatten,
  Identity,
  Linear,
  LogSoftmax,
  MaxPool2d,
  Module,
  ModuleList,
  MSELoss,
  NLLLoss,
  Parameter,
  ReLU,
  Sequential,
  Sigmoid,
  Softmax,
  Tanh,
};
export { _ConvNd, type ConvOptions } from "./modules/conv.ts";
export { Container } from "./modules/container.ts";
export type { FactoryOptions, Size } from "./modules/_factory.ts";
export type { LinearOptions } from "./modules/linear.ts";
export { ClassLoss } from "./modules/loss.ts";
export type { MaxPoolOptions } from "./modules/pooling.ts";
export { type IncompatibleKeys, LoadPlan, type StateDict, type StateDictLike } from "./state_dict.ts";
export type { ClassLossOptions, CrossEntropyOptions, Reduction } from "./functional.ts";
export type { FanMode, KaimingOptions, Nonlinearity } from "./init.ts";

/** What `nn` holds. */
export interface NN {
  Conv2d: typeof Conv2d;
  CrossEntropyLoss: typeof CrossEntropyLoss;
  Dropout: typeof Dropout;
  Flatten: typeof Flatten;
  Identity: typeof Identity;
  Linear: typeof Linear;
  LogSoftmax: typeof LogSoftmax;
  MSELoss: typeof MSELoss;
  MaxPool2d: typeof MaxPool2d;
  ModuleList: typeof ModuleList;
  NLLLoss: typeof NLLLoss;
  ReLU: typeof ReLU;
  Sequential: typeof Sequential;
  Sigmoid: typeof Sigmoid;
  Softmax: typeof Softmax;
  Tanh: typeof Tanh;
  readonly Module: typeof Module;
  readonly Parameter: typeof Parameter;
  readonly functional: typeof functional;
  readonly init: typeof init;
}

/**
 * All layers by name, in an object that can be changed: `quant_modules.initialize()` puts quantized layers in the place
 * of `nn.Conv2d`, `nn.Linear` and so on, and whoever makes layers through `nn` gets them.
 */
export const nn: NN = {
  Conv2d,
  CrossEntropyLoss,
  Dropout,
  Flatten,
  Identity,
  Linear,
  LogSoftmax,
  MSELoss,
  MaxPool2d,
  ModuleList,
  NLLLoss,
  ReLU,
  Sequential,
  Sigmoid,
  Softmax,
  Tanh,
  Module,
  Parameter,
  functional,
  init,
};

/** The layers as types: `nn.Conv2d`. */
export declare namespace nn {
  export type Conv2d = import("./modules/conv.ts").Conv2d;
  export type CrossEntropyLoss = import("./modules/loss.ts").CrossEntropyLoss;
  export type Dropout = import("./modules/dropout.ts").Dropout;
  export type Flatten = import("./modules/flatten.ts").Flatten;
  export type Identity = import("./modules/linear.ts").Identity;
  export type Linear = import("./modules/linear.ts").Linear;
  export type LogSoftmax = import("./modules/activation.ts").LogSoftmax;
  export type MSELoss = import("./modules/loss.ts").MSELoss;
  export type MaxPool2d = import("./modules/pooling.ts").MaxPool2d;
  export type ModuleList = import("./modules/container.ts").ModuleList;
  export type NLLLoss = import("./modules/loss.ts").NLLLoss;
  export type ReLU = import("./modules/activation.ts").ReLU;
  export type Sequential = import("./modules/container.ts").Sequential;
  export type Sigmoid = import("./modules/activation.ts").Sigmoid;
  export type Softmax = import("./modules/activation.ts").Softmax;
  export type Tanh = import("./modules/activation.ts").Tanh;
  export type Module = import("./module.ts").Module;
  export type Parameter = import("./parameter.ts").Parameter;
}
