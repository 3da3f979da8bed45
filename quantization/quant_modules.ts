/** @file Automatic quantization: new modules are made quantized. */

import { nn } from "../nn/mod.ts";
import { StateError, ValueError } from "../tensor/errors.ts";
import { QuantConv2d } from "./nn/modules/quant_conv.ts";
import { QuantLinear } from "./nn/modules/quant_linear.ts";
import { TensorQuantizer } from "./nn/modules/tensor_quantizer.ts";

/** A class of modules. */
// deno-lint-ignore no-explicit-any
export type ModuleClass = new (...args: any[]) => object;

/** An entry of an object such as `nn`, and the class that takes its place. */
export type Replacement = readonly [holder: object, name: string, quantized: ModuleClass];

/** What `initialize` replaces. */
export const default_quant_map: readonly Replacement[] = [
  [nn, "Conv2d", QuantConv2d],
  [nn, "Linear", QuantLinear],
];

/** What stood in the place of replaced classes, in the order of replacement. */
let originals: { readonly holder: object; readonly name: string; readonly value: unknown }[] = [];

/**
 * Lets `nn.Conv2d` and `nn.Linear` be their quantized twins in all modules constructed from now on. Calling it again
 * applies the new arguments; one `deactivate` always restores everything (upstream loses originals: A.14, 7).
 *
 * @param float_module_list names of classes to leave as they are, such as `["Linear"]`
 * @param custom_quant_modules further replacements, made also for names in `float_module_list`
 * @throws ValueError for a name that is not replaced, or that an object does not have; nothing is changed then
 * @see pytorch_quantization.quant_modules.initialize
 */
export function initialize(
  float_module_list: readonly string[] | null = null,
  custom_quant_modules: readonly Replacement[] | null = null,
): void {
  const names = default_quant_map.map(([, name]) => name);
  const leave = float_module_list ?? [];
  const custom = custom_quant_modules ?? [];
  for (const name of leave) {
    if (names.includes(name) || custom.some((c) => c[1] === name)) continue;
    throw new ValueError(`Cannot initialize with float module "${name}": one of ${names.join(", ")} is needed`);
  }
  for (const [holder, name, quantized] of custom) {
    if (typeof Reflect.get(holder, name) === "function" && typeof quantized === "function") continue;
    throw new ValueError(`Cannot initialize with custom module "${name}": a class in the place of a class is needed`);
  }
  deactivate();
  for (const [holder, name, value] of [...default_quant_map.filter(([, n]) => !leave.includes(n)), ...custom]) {
    originals.push({ holder, name, value: Reflect.get(holder, name) });
    replace(holder, name, value);
  }
}

function replace(holder: object, name: string, value: unknown): void {
  if (!Reflect.set(holder, name, value)) {
    throw new StateError(`Cannot replace ${name}: the object that holds it is read-only`);
  }
}

/** Puts back all that `initialize` replaced; without effect when there is nothing. */
export function deactivate(): void {
  // last first: a name may have been replaced twice
  for (const { holder, name, value } of originals.reverse()) replace(holder, name, value);
  originals = [];
}

/**
 * Lets all quantizers check, while `f` runs, that they can be exported. It changes no numbers. The switch goes back
 * also after an error (upstream leaves it on: A.14, 8).
 *
 * @returns what `f` returns; without `f`, what `using` holds: `using _ = enable_onnx_export();`
 */
export function enable_onnx_export(): Disposable;
/** As above, for the time that `f` runs. */
export function enable_onnx_export<T>(f: () => T): T;
export function enable_onnx_export<T>(f?: () => T): T | Disposable {
  const before = TensorQuantizer._enable_onnx_export;
  const restore = () => {
    TensorQuantizer._enable_onnx_export = before;
  };
  TensorQuantizer._enable_onnx_export = true;
  if (!f) return { [Symbol.dispose]: restore };
  try {
    return f();
  } finally {
    restore();
  }
}
