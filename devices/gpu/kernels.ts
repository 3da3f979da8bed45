/** @file The kernels of the gpu device; those that it lacks say so. */

import type { Kernels } from "../../tensor/device.ts";
import { DeviceError } from "../../tensor/errors.ts";
import type { Engine } from "./engine.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { indexKernels } from "./indexing.ts";
import { matmulKernel } from "./matmul.ts";
import { quantizeKernels } from "./quantize.ts";
import { reduceKernels } from "./reduce.ts";
import { softmaxKernels } from "./softmax.ts";

/** The kernels of an engine; `name` is the device's, for messages. */
export function gpuKernels(name: string, engine: Engine): Kernels {
  const missing = (kernel: string) => (): never => {
    throw new DeviceError(`Cannot ${kernel} on "${name}": no kernel yet: use .to("cpu")`);
  };
  return {
    ...elementwiseKernels(name, engine),
    ...reduceKernels(engine),
    matmul: matmulKernel(engine),
    ...softmaxKernels(engine),
    ...indexKernels(engine),
    ...quantizeKernels(engine),
    conv: missing("conv"),
    convInputGrad: missing("convInputGrad"),
    convWeightGrad: missing("convWeightGrad"),
    maxPool: missing("maxPool"),
    maxPoolGrad: missing("maxPoolGrad"),
    histogram: missing("histogram"),
  };
}
