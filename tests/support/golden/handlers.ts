/** @file Which handler runs which golden file: one line for each. */

import type { Handler } from "./case.ts";
import { optim } from "./optim.ts";
import { rng } from "./rng.ts";

/** Handlers by the file's name without `.json`; files that have none are counted as skipped. */
export const handlers: { readonly [file: string]: Handler } = {
  optim,
  rng,
};
