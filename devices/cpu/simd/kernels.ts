/** @file The kernels of the cpu device: SIMD for plain float32, the generic kernels for all else. */

import type {
  ConvParams,
  Kernels,
  PoolParams,
  QuantParams,
  ReduceKind,
  ScalarFunction,
  SgdParams,
  View,
} from "../../../tensor/device.ts";
import type { Engine } from "../engine.ts";
import type { Heap } from "../heap.ts";
import { Pool } from "../pool.ts";
import type { Runner } from "./access.ts";
import * as convolution from "./convolution.ts";
import * as elementwise from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import * as reduction from "./reduction.ts";

/** Kernels on the SIMD engine, in the threads of its pool. */
export class SimdKernels implements Kernels {
  readonly pool: Pool;
  readonly #runner: Runner;

  /**
   * @param engine from `makeEngine(heap.memory)`
   * @param generic does what has no SIMD kernel
   */
  constructor(heap: Heap, engine: Engine, readonly generic: Kernels, threads?: number) {
    this.pool = new Pool(engine, heap, threads);
    this.#runner = { heap, pool: this.pool };
  }

  fill(out: View, value: number): void {
    if (!elementwise.fill(this.#runner, out, value)) this.generic.fill(out, value);
  }

  copy(x: View, out: View): void {
    if (!elementwise.copy(this.#runner, x, out)) this.generic.copy(x, out);
  }

  map(f: ScalarFunction, inputs: readonly View[], out: View, params: readonly number[]): void {
    if (!elementwise.map(this.#runner, f.name, inputs, out)) this.generic.map(f, inputs, out, params);
  }

  reduce(kind: ReduceKind, x: View, dims: readonly number[], out: View): void {
    if (!reduction.reduce(this.#runner, kind, x, out)) this.generic.reduce(kind, x, dims, out);
  }

  argReduce(kind: "argmax" | "argmin", x: View, dim: number, out: View): void {
    this.generic.argReduce(kind, x, dim, out);
  }

  matmul(a: View, b: View, bias: View | null, out: View): void {
    if (!matmul(this.#runner, a, b, bias, out)) this.generic.matmul(a, b, bias, out);
  }

  conv(x: View, weight: View, bias: View | null, out: View, p: ConvParams): void {
    if (!convolution.conv(this.#runner, x, weight, bias, out, p)) this.generic.conv(x, weight, bias, out, p);
  }

  convInputGrad(g: View, weight: View, out: View, p: ConvParams): void {
    if (!convolution.convInputGrad(this.#runner, g, weight, out, p)) this.generic.convInputGrad(g, weight, out, p);
  }

  convWeightGrad(g: View, x: View, out: View, p: ConvParams): void {
    if (!convolution.convWeightGrad(this.#runner, g, x, out, p)) this.generic.convWeightGrad(g, x, out, p);
  }

  maxPool(x: View, out: View, indices: View, p: PoolParams): void {
    if (!reduction.maxPool(this.#runner, x, out, indices, p)) this.generic.maxPool(x, out, indices, p);
  }

  maxPoolGrad(g: View, indices: View, out: View): void {
    if (!reduction.maxPoolGrad(this.#runner, g, indices, out)) this.generic.maxPoolGrad(g, indices, out);
  }

  softmax(x: View, out: View, dim: number, log: boolean): void {
    this.generic.softmax(x, out, dim, log);
  }

  softmaxGrad(y: View, g: View, out: View, dim: number, log: boolean): void {
    this.generic.softmaxGrad(y, g, out, dim, log);
  }

  gather(x: View, dim: number, index: View, out: View): void {
    this.generic.gather(x, dim, index, out);
  }

  scatterAdd(out: View, dim: number, index: View, src: View): void {
    this.generic.scatterAdd(out, dim, index, src);
  }

  fakeQuant(x: View, amax: View, out: View, p: QuantParams): void {
    if (!elementwise.fakeQuant(this.#runner, x, amax, out, p)) this.generic.fakeQuant(x, amax, out, p);
  }

  fakeQuantGrad(g: View, x: View, amax: View, out: View): void {
    if (!elementwise.fakeQuantGrad(this.#runner, g, x, amax, out)) this.generic.fakeQuantGrad(g, x, amax, out);
  }

  histogram(x: View, out: View, min: number, max: number): void {
    this.generic.histogram(x, out, min, max);
  }

  sgd(param: View, grad: View, buffer: View | null, p: SgdParams): void {
    if (!elementwise.sgd(this.#runner, param, grad, buffer, p)) this.generic.sgd(param, grad, buffer, p);
  }
}
