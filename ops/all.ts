/** @file Every definition of an operation. */

import type { AnyOp } from "../autograd/op.ts";
import { activationOps } from "./activation.ts";
import { arithmeticOps } from "./arithmetic.ts";
import { compareOps } from "./compare.ts";
import { convOps } from "./conv.ts";
import { indexingOps } from "./indexing.ts";
import { linalgOps } from "./linalg.ts";
import { poolOps } from "./pool.ts";
import { reduceOps } from "./reduce.ts";
import { shapeOps } from "./shape.ts";

/** Every definition: what the generated tests run over. */
export const allOps: readonly AnyOp[] = [
  ...arithmeticOps,
  ...compareOps,
  ...activationOps,
  ...reduceOps,
  ...shapeOps,
  ...indexingOps,
  ...linalgOps,
  ...convOps,
  ...poolOps,
];
