/** @file Puts the library together: registers the devices and gives `Tensor` its methods. Imported by every entry point. */

import { installAutogradMethods } from "./autograd/methods.ts";
import { CpuDevice } from "./devices/cpu/device.ts";
import { registerGpu } from "./devices/gpu/init.ts";
import { installTensorMethods } from "./ops/methods.ts";
import { registerDevice } from "./tensor/device.ts";

/** The cpu device. */
export const cpu: CpuDevice = new CpuDevice();

registerDevice("cpu", () => cpu);
registerGpu();
installTensorMethods();
installAutogradMethods();
