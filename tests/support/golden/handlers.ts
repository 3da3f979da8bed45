/** @file Which handler runs which golden file: one line for each. */

import { calib } from "./calib.ts";
import type { Handler } from "./case.ts";
import { optim } from "./optim.ts";
import { quant_descriptor, tensor_quant } from "./quantization.ts";
import { tensor_quantizer } from "./quantizer.ts";
import { rng } from "./rng.ts";

/** Handlers by the file's name without `.json`; files that have none are counted as skipped. */
export const handlers: { readonly [file: string]: Handler } = {
  calib,
  optim,
  quant_descriptor,
  rng,
  tensor_quant,
  tensor_quantizer,
};
