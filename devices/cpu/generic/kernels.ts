/** @file The kernels in plain TypeScript: any dtype, any strides; the oracle that the fast kernels are tested against. */

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
import type { Heap } from "../heap.ts";
import * as convolution from "./convolution.ts";
import * as elementwise from "./elementwise.ts";
import * as indexing from "./indexing.ts";
import { matmul } from "./matmul.ts";
import * as pooling from "./pooling.ts";
import * as quantize from "./quantize.ts";
import * as reduction from "./reduction.ts";
import { sgd } from "./sgd.ts";

/** Kernels on typed arrays. */
export class GenericKernels implements Kernels {
  constructor(readonly heap: Heap) {}
  fill(out: View, value: number): void {
    elementwise.fill(this.heap, out, value);
  }
  copy(x: View, out: View): void {
    elementwise.copy(this.heap, x, out);
  }
  map(f: ScalarFunction, inputs: readonly View[], out: View, params: readonly number[]): void {
    elementwise.map(this.heap, f, inputs, out, params);
  }
  reduce(kind: ReduceKind, x: View, dims: readonly number[], out: View): void {
    reduction.reduce(this.heap, kind, x, dims, out);
  }
  argReduce(kind: "argmax" | "argmin", x: View, dim: number, out: View): void {
    reduction.argReduce(this.heap, kind, x, dim, out);
  }
  matmul(a: View, b: View, bias: View | null, out: View): void {
    matmul(this.heap, a, b, bias, out);
  }
  conv(x: View, weight: View, bias: View | null, out: View, p: ConvParams): void {
    convolution.conv(this.heap, x, weight, bias, out, p);
  }
  convInputGrad(g: View, weight: View, out: View, p: ConvParams): void {
    convolution.convInputGrad(this.heap, g, weight, out, p);
  }
  convWeightGrad(g: View, x: View, out: View, p: ConvParams): void {
    convolution.convWeightGrad(this.heap, g, x, out, p);
  }
  maxPool(x: View, out: View, indices: View, p: PoolParams): void {
    pooling.maxPool(this.heap, x, out, indices, p);
  }
  maxPoolGrad(g: View, indices: View, out: View): void {
    pooling.maxPoolGrad(this.heap, g, indices, out);
  }
  softmax(x: View, out: View, dim: number, log: boolean): void {
    reduction.softmax(this.heap, x, out, dim, log);
  }
  softmaxGrad(y: View, g: View, out: View, dim: number, log: boolean): void {
    reduction.softmaxGrad(this.heap, y, g, out, dim, log);
  }
  gather(x: View, dim: number, index: View, out: View): void {
    indexing.gather(this.heap, x, dim, index, out);
  }
  scatterAdd(out: View, dim: number, index: View, src: View): void {
    indexing.scatterAdd(this.heap, out, dim, index, src);
  }
  fakeQuant(x: View, amax: View, out: View, p: QuantParams): void {
    quantize.fakeQuant(this.heap, x, amax, out, p);
  }
  fakeQuantGrad(g: View, x: View, amax: View, out: View): void {
    quantize.fakeQuantGrad(this.heap, g, x, amax, out);
  }
  histogram(x: View, out: View, min: number, max: number): void {
    quantize.histogram(this.heap, x, out, min, max);
  }
  sgd(param: View, grad: View, buffer: View | null, p: SgdParams): void {
    sgd(this.heap, param, grad, buffer, p);
  }
}
