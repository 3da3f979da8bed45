/** @file Puts the library together: registers the devices and gives `Tensor` its methods. Imported by every entry point. */

import { installAutogradMethods } from "./autograd/methods.ts";
import { CpuDevice } from "./devices/cpu/device.ts";
import { bestKernels } from "./devices/cpu/threads.ts";
import { registerGpu } from "./devices/gpu/init.ts";
import { installTensorMethods } from "./ops/methods.ts";
import { registerDevice } from "./tensor/device.ts";

/** The cpu device. */
export const cpu: CpuDevice = new CpuDevice("cpu", bestKernels);

registerDevice("cpu", () => cpu);
registerGpu();
installTensorMethods();
installAutogradMethods();
