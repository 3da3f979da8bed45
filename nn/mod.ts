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

/** Layers as functions. */
export * as functional from "./functional.ts";
/** Initial values of parameters. */
export * as init from "./init.ts";
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
export { Callable } from "./callable.ts";
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
  /** The layer of this name. */
  Conv2d: typeof Conv2d;
  /** The loss of this name. */
  CrossEntropyLoss: typeof CrossEntropyLoss;
  /** The layer of this name. */
  Dropout: typeof Dropout;
  /** The layer of this name. */
  Flatten: typeof Flatten;
  /** The layer of this name. */
  Identity: typeof Identity;
  /** The layer of this name. */
  Linear: typeof Linear;
  /** The layer of this name. */
  LogSoftmax: typeof LogSoftmax;
  /** The loss of this name. */
  MSELoss: typeof MSELoss;
  /** The layer of this name. */
  MaxPool2d: typeof MaxPool2d;
  /** The layer of this name. */
  ModuleList: typeof ModuleList;
  /** The loss of this name. */
  NLLLoss: typeof NLLLoss;
  /** The layer of this name. */
  ReLU: typeof ReLU;
  /** The layer of this name. */
  Sequential: typeof Sequential;
  /** The layer of this name. */
  Sigmoid: typeof Sigmoid;
  /** The layer of this name. */
  Softmax: typeof Softmax;
  /** The layer of this name. */
  Tanh: typeof Tanh;
  /** Base class of all layers. */
  readonly Module: typeof Module;
  /** A tensor that is trained. */
  readonly Parameter: typeof Parameter;
  /** Layers as functions. */
  readonly functional: typeof functional;
  /** Initial values. */
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
  /** The layer of this name. */
  export type Conv2d = import("./modules/conv.ts").Conv2d;
  /** The loss of this name. */
  export type CrossEntropyLoss = import("./modules/loss.ts").CrossEntropyLoss;
  /** The layer of this name. */
  export type Dropout = import("./modules/dropout.ts").Dropout;
  /** The layer of this name. */
  export type Flatten = import("./modules/flatten.ts").Flatten;
  /** The layer of this name. */
  export type Identity = import("./modules/linear.ts").Identity;
  /** The layer of this name. */
  export type Linear = import("./modules/linear.ts").Linear;
  /** The layer of this name. */
  export type LogSoftmax = import("./modules/activation.ts").LogSoftmax;
  /** The loss of this name. */
  export type MSELoss = import("./modules/loss.ts").MSELoss;
  /** The layer of this name. */
  export type MaxPool2d = import("./modules/pooling.ts").MaxPool2d;
  /** The layer of this name. */
  export type ModuleList = import("./modules/container.ts").ModuleList;
  /** The loss of this name. */
  export type NLLLoss = import("./modules/loss.ts").NLLLoss;
  /** The layer of this name. */
  export type ReLU = import("./modules/activation.ts").ReLU;
  /** The layer of this name. */
  export type Sequential = import("./modules/container.ts").Sequential;
  /** The layer of this name. */
  export type Sigmoid = import("./modules/activation.ts").Sigmoid;
  /** The layer of this name. */
  export type Softmax = import("./modules/activation.ts").Softmax;
  /** The layer of this name. */
  export type Tanh = import("./modules/activation.ts").Tanh;
  /** Base class of all layers. */
  export type Module = import("./module.ts").Module;
  /** A tensor that is trained. */
  export type Parameter = import("./parameter.ts").Parameter;
}
