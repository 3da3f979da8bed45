/** @file Puts the library together: registers the cpu device and gives `Tensor` its methods. Imported by every entry point. */

import { installAutogradMethods } from "./autograd/methods.ts";
import { CpuDevice } from "./devices/cpu/device.ts";
import { installTensorMethods } from "./ops/methods.ts";
import { registerDevice } from "./tensor/device.ts";

/** The cpu device. */
export const cpu: CpuDevice = new CpuDevice();

registerDevice("cpu", () => cpu);
installTensorMethods();
installAutogradMethods();
