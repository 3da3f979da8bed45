/** @file `torch.gpu`: loads gpu.js and makes the gpu devices known. */

import { type Device, registerDevice } from "../../tensor/device.ts";
import { DeviceError, ValueError } from "../../tensor/errors.ts";
import { GpuDevice } from "./device.ts";
import { Engine } from "./engine.ts";
import { type GpuJs, type GpuMode, loadGpuJs } from "./gpujs.ts";

/** Options of `init`. */
export interface GpuInitOptions {
  /** `"webgpu"` needs an adapter; `"webasm"` and `"cpu"` run everywhere. Left out: WebGPU on a real adapter, else webasm. */
  readonly mode?: GpuMode;
}

const modes: readonly GpuMode[] = ["webgpu", "webasm", "cpu"];
const devices = new Map<GpuMode, GpuDevice>();
let latest: GpuDevice | null = null;

/**
 * Loads gpu.js and makes the device usable, as `"gpu"` and as `"gpu:<mode>"`; with another mode, makes that `"gpu"`.
 *
 * @returns the device
 * @throws ValueError for an unknown mode
 * @throws DeviceError when gpu.js cannot be loaded, or there is no WebGPU adapter for `"webgpu"`
 */
export async function init(options: GpuInitOptions = {}): Promise<Device> {
  const { mode } = options;
  if (mode !== undefined && !modes.includes(mode)) {
    throw new ValueError(`Cannot init gpu mode "${mode}": the modes are ${modes.map((m) => `"${m}"`).join(", ")}`);
  }
  const lib = await loadGpuJs();
  const chosen = mode ?? (await hasRealAdapter(lib) ? "webgpu" : "webasm");
  const made = devices.get(chosen) ?? new GpuDevice(await Engine.create(lib, chosen));
  devices.set(chosen, made);
  latest = made;
  return made;
}

// an adapter in software is slower than webasm
async function hasRealAdapter(lib: GpuJs): Promise<boolean> {
  if (!await lib.GPU.isWebGPUAvailable()) return false;
  const { adapter } = await lib.WebGPUContext.acquire();
  return !adapter.info.isFallbackAdapter;
}

/** True once `init` has made a device usable. */
export function is_available(): boolean {
  return latest !== null;
}

/** Makes the names of the gpu devices known; using one before `init` is an error that says so. Called once, by setup. */
export function registerGpu(): void {
  const ready = (name: string, found: GpuDevice | null | undefined, options: string): Device => {
    if (found) return found;
    throw new DeviceError(`Cannot use device "${name}" yet: await torch.gpu.init(${options}) first, or use "cpu"`);
  };
  registerDevice("gpu", () => ready("gpu", latest, ""));
  for (const mode of modes) {
    registerDevice(`gpu:${mode}`, () => ready(`gpu:${mode}`, devices.get(mode), `{ mode: "${mode}" }`));
  }
}
