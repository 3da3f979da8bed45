/** @file Comparing gradients with differences. */

import { float64 } from "../tensor/dtype.ts";
import { DTypeError, GradError } from "../tensor/errors.ts";
import { fromArray, Tensor, tidy } from "../tensor/tensor.ts";
import { grad } from "./backward.ts";
import { enable_grad } from "./grad_mode.ts";

/** How close is close enough. */
export interface GradcheckOptions {
  /** Half the distance of the two points of a difference. */
  eps?: number;
  atol?: number;
  rtol?: number;
}

/**
 * Compares the gradients of `f`, which must return one tensor, with central differences, element by element.
 *
 * @param inputs float64 tensors that require gradients, or anything else that `f` takes
 * @returns true; a difference is an error
 * @throws GradError that names the element where the two differ most; DTypeError for inputs of another dtype
 * @see torch.autograd.gradcheck
 */
export function gradcheck<A extends readonly unknown[]>(
  f: (...inputs: A) => Tensor,
  inputs: A,
  options: GradcheckOptions = {},
): true {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options;
  const wanted = inputs.filter((x): x is A[number] & Tensor => x instanceof Tensor && x.requires_grad);
  for (const x of wanted) {
    if (x.dtype !== float64) throw new DTypeError(`Cannot gradcheck an input of ${x.dtype.name}: float64 is needed`);
  }
  const out = enable_grad(() => f(...inputs));
  const outputs = out.numel();
  const numeric = wanted.map((x) => differences(f, inputs, x, eps, outputs));
  for (let o = 0; o < outputs; o++) {
    const unit = fromArray(
      out.device,
      out.dtype,
      out.shape,
      Float64Array.from({ length: outputs }, (_, i) => i === o ? 1 : 0),
    );
    const grads = grad(out, wanted, { grad_outputs: unit, retain_graph: true, allow_unused: true });
    grads.forEach((g, i) => compare(g, numeric[i], o, outputs, i, atol, rtol));
  }
  return true;
}

/** Column `o` of each row: how output `o` changes with an element of `x`. */
function differences<A extends readonly unknown[]>(
  f: (...inputs: A) => Tensor,
  inputs: A,
  x: Tensor,
  eps: number,
  outputs: number,
): Float64Array {
  const at = x.numpy() as Float64Array;
  const result = new Float64Array(at.length * outputs);
  const evaluate = (i: number, shift: number): Float64Array =>
    tidy(() => {
      const moved = at.slice();
      moved[i] += shift;
      const args = inputs.map((a) => a === x ? fromArray(x.device, float64, x.shape, moved) : a) as unknown as A;
      return enable_grad(() => f(...args)).numpy() as Float64Array; // f may itself take gradients
    });
  for (let i = 0; i < at.length; i++) {
    const up = evaluate(i, eps), down = evaluate(i, -eps);
    for (let o = 0; o < outputs; o++) result[i * outputs + o] = (up[o] - down[o]) / (2 * eps);
  }
  return result;
}

function compare(
  g: Tensor | null,
  numeric: Float64Array,
  o: number,
  outputs: number,
  input: number,
  atol: number,
  rtol: number,
): void {
  const got = g?.numpy() as Float64Array | undefined;
  for (let i = 0; i < numeric.length / outputs; i++) {
    const want = numeric[i * outputs + o], have = got ? got[i] : 0;
    if (Math.abs(have - want) <= atol + rtol * Math.abs(want)) continue;
    throw new GradError(
      `Cannot confirm the gradient of output ${o} by element ${i} of input ${input}: the gradient is ${have}, the difference ${want}`,
    );
  }
}
