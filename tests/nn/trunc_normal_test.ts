/** @file Normal numbers within bounds. */

import "../../setup.ts";
import * as assert from "uvu/assert";
import { trunc_normal_ } from "../../nn/trunc_normal.ts";
import { zeros } from "../../ops/creation.ts";
import { DTypeError, ValueError } from "../../tensor/errors.ts";
import { int64 } from "../../tensor/dtype.ts";
import { Generator } from "../../tensor/random.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

suite("trunc_normal_", (test) => {
  test("the numbers lie within the bounds and spread as the normal distribution does there", () => {
    const x = trunc_normal_(zeros(20000), 1, 2, 0, 3, new Generator().manual_seed(1)).tolist() as number[];
    assert.ok(x.every((v) => v >= 0 && v <= 3));
    const below = x.filter((v) => v < 1).length / x.length;
    // P(-0.5 < z < 0) / P(-0.5 < z < 1) = 0.191462 / 0.532807
    assert.ok(Math.abs(below - 0.359346) < 0.015, `${below}`);
  });

  test("bad arguments are refused", () => {
    assertThrows(() => trunc_normal_(zeros(2), 0, 0), ValueError, /std > 0/);
    assertThrows(() => trunc_normal_(zeros(2), 0, 1, 2, 1), ValueError, /a < b/);
    assertThrows(() => trunc_normal_(zeros(2, { dtype: int64 })), DTypeError, /int64/);
  });
});
