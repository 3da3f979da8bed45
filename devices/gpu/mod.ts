/** @file What users see of the gpu device, as `torch.gpu`. */

export type { GpuMode } from "./gpujs.ts";
export { type GpuInitOptions, init, is_available } from "./init.ts";
