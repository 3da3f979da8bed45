/** @file Tests made from the operations' definitions: gradients against differences, second derivatives, truthful shapes. */

import "../../setup.ts";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { gradcheck } from "../../autograd/gradcheck.ts";
import { grad } from "../../autograd/backward.ts";
import { type AnyOp, defineOp } from "../../autograd/op.ts";
import { apply } from "../../autograd/tape.ts";
import { allOps } from "../../ops/all.ts";
import { mul, sum, tensor } from "../../ops/mod.ts";
import { float64, int64 } from "../../tensor/dtype.ts";
import { GradError } from "../../tensor/errors.ts";
import { numelOf, type Shape } from "../../tensor/shape.ts";
import { scope } from "../../tensor/storage.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { suite } from "../support/suite.ts";

/** Elements on a grid in the operation's domain, away from its kinks and from each other. */
function values(op: AnyOp, n: number): fc.Arbitrary<number[]> {
  const [low, high] = op.samples!.domain;
  const kinks = op.samples!.kinks ?? [];
  const steps = Math.floor((high - low) * 100);
  const one = fc.integer({ min: 1, max: steps - 1 }).map((i) => low + i / 100 + 0.003)
    .filter((v) => kinks.every((k) => Math.abs(v - k) > 0.02));
  return fc.uniqueArray(one, { minLength: n, maxLength: n });
}

function run(op: AnyOp, inputs: readonly (Tensor | null)[], params: unknown): Tensor {
  return apply(op, Object.fromEntries(op.inputs.map((name, i) => [name, inputs[i]])), params);
}

function makeInputs(op: AnyOp, shapes: readonly (Shape | null)[], flat: readonly number[]): (Tensor | null)[] {
  let at = 0;
  return shapes.map((shape, i) => {
    if (!shape) return null;
    const list = flat.slice(at, at += numelOf(shape));
    const classes = op.samples!.integers?.[op.inputs[i]];
    if (classes !== undefined) {
      return tensor(list.map((v) => Math.abs(Math.round(v * 100)) % classes), { dtype: int64 }).reshape(shape);
    }
    return tensor(list, { dtype: float64 }).viewAs(shape, tensorStrides(shape)).requires_grad_();
  });
}

function tensorStrides(shape: Shape): number[] {
  return shape.map((_, i) => numelOf(shape.slice(i + 1)));
}

function fits(op: AnyOp, inputs: readonly (Tensor | null)[], params: unknown): boolean {
  try {
    op.infer(Object.fromEntries(op.inputs.map((name, i) => [name, inputs[i]])), params);
    return true;
  } catch {
    return false;
  }
}

/** Calls `f` with fresh inputs for each sample of an operation. */
function forSamples(op: AnyOp, f: (inputs: (Tensor | null)[], params: unknown) => void): number {
  let count = 0;
  for (const shapes of op.samples!.shapes) {
    const n = shapes.reduce((a, s) => a + (s ? numelOf(s) : 0), 0);
    for (const params of op.samples!.params) {
      fc.assert(
        fc.property(values(op, n), (flat) => {
          using _ = scope();
          const inputs = makeInputs(op, shapes, flat);
          if (needsDim(params) >= (shapes[0]?.length ?? 0) || !fits(op, inputs, params)) return;
          count++;
          f(inputs, params);
        }),
        { numRuns: 3, includeErrorInReport: true },
      );
    }
  }
  return count;
}

// samples list every shape with every parameter; a dimension that a shape lacks is left out
function needsDim(params: unknown): number {
  const p = params as { dim?: number; dims?: readonly number[] } | null;
  return Math.max(p?.dim ?? -1, ...(p?.dims ?? [-1]));
}

suite("operations", (test) => {
  for (const op of allOps.filter((o) => o.samples && o.vjp)) {
    test(`${op.name} has the gradient that differences show`, () => {
      const count = forSamples(op, (inputs, params) => {
        gradcheck((...args: (Tensor | null)[]) => run(op, args, params), inputs);
      });
      assert.ok(count > 0, "at least one sample must run");
    });

    test(`${op.name} has the second derivative that differences show`, () => {
      forSamples(op, (inputs, params) => {
        const wanted = inputs.filter((x) => x?.requires_grad) as Tensor[];
        const weights = run(op, inputs, params).detach();
        for (const x of wanted) {
          const first = (...args: (Tensor | null)[]): Tensor => {
            const y = run(op, args, params);
            const target = args[inputs.indexOf(x)]!;
            const [g] = grad(sum(mul(y, weights)), [target], { create_graph: true, allow_unused: true });
            return g!.requires_grad ? g! : mul(target, 0);
          };
          gradcheck(
            (v: Tensor) => {
              if (!v.requires_grad) v.requires_grad = true;
              return first(...inputs.map((i) => i === x ? v : i));
            },
            [x],
            { atol: 1e-4 },
          );
        }
      });
    });

    test(`${op.name} makes what infer promises`, () => {
      forSamples(op, (inputs, params) => {
        const promised = op.infer(Object.fromEntries(op.inputs.map((n, i) => [n, inputs[i]])), params);
        const [first] = Array.isArray(promised) ? promised : [promised];
        const out = run(op, inputs, params);
        assert.equal([...out.shape], [...first.shape]);
        assert.is(out.dtype, first.dtype);
      });
    });
  }

  test("a wrong gradient is caught", () => {
    const wrong = defineOp({
      name: "wrong",
      inputs: ["x"],
      save: [],
      infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
      forward: (k, { x }, out) => k.map({ name: "twice", js: (a) => 2 * a }, [x], out, []),
      vjp: (g) => ({ x: mul(g, 2.001) }),
      onnx: null,
      samples: null,
    });
    const x = tensor([0.5, -1], { dtype: float64, requires_grad: true });
    assert.throws(
      () => gradcheck((v: Tensor) => apply(wrong, { x: v }, null), [x], { rtol: 1e-4 }),
      (e: unknown) => e instanceof GradError,
    );
  });
});
