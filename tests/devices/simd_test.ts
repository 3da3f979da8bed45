/** @file The SIMD kernels against the generic ones, on grids of shapes, and with equal bits for 1, 2 and 3 threads. */

import * as assert from "uvu/assert";
import { CpuDevice } from "../../devices/cpu/device.ts";
import { makeEngine } from "../../devices/cpu/engine.ts";
import { GenericKernels } from "../../devices/cpu/generic/kernels.ts";
import { SimdKernels } from "../../devices/cpu/simd/kernels.ts";
import type { Kernels, QuantParams, View } from "../../tensor/device.ts";
import { type DType, float32, int32 } from "../../tensor/dtype.ts";
import { contiguousStrides } from "../../tensor/shape.ts";
import { bestKernels, get_num_threads, set_num_threads } from "../../devices/cpu/threads.ts";
import { DeviceError, ValueError } from "../../tensor/errors.ts";
import { assertClose, assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

const cpu = new CpuDevice();
const engine = makeEngine(cpu.heap.memory);
if (!engine) throw new Error("this machine has no SIMD engine");
/** Counts what the SIMD kernels hand on, so that a test cannot pass by comparing the oracle with itself. */
let handedOn = 0;
const oracle = new GenericKernels(cpu.heap);
const counting: Kernels = new Proxy(oracle, {
  get(target, name) {
    handedOn++;
    return Reflect.get(target, name).bind(target);
  },
});
const simd = new SimdKernels(cpu.heap, engine, counting, 1);
const plain = new SimdKernels(cpu.heap, makeEngine(cpu.heap.memory, "plain")!, counting, 1);

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.round((seed / 2 ** 32) * 4000 - 2000) / 1000;
}

function empty(shape: number[], dtype: DType = float32): View {
  const n = shape.reduce((a, s) => a * s, 1);
  return { storage: cpu.alloc(dtype, n), dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

function make(shape: number[], value: (i: number) => number = random): View {
  const view = empty(shape);
  const array = cpu.heap.array(view.storage) as Float32Array;
  for (let i = 0; i < array.length; i++) array[i] = value(i);
  return view;
}

function values(view: View): number[] {
  return Array.from(cpu.heap.array(view.storage), Number);
}

function bits(view: View): Uint8Array {
  const { buffer, byteOffset, byteLength } = cpu.heap.array(view.storage);
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

interface Options {
  dtype?: DType;
  rtol?: number;
  atol?: number;
  /** The generic kernels may do the work. */
  generic?: boolean;
  /** Elements that are in the output before. */
  start?: View;
}

/** Runs `f` on the oracle and on the SIMD kernels with 1, 2 and 3 threads, on both builds, and compares. */
function compare(label: string, shape: number[], f: (k: Kernels, out: View) => void, options: Options = {}): void {
  const { dtype = float32, rtol = 0, atol = 0 } = options;
  const run = (kernels: Kernels): View => {
    cpu.beginOp();
    const out = empty(shape, dtype);
    if (options.start) oracle.copy(options.start, out);
    else oracle.fill(out, 77);
    f(kernels, out);
    return out;
  };
  const want = values(run(oracle));
  handedOn = 0;
  const one = run(simd);
  if (!options.generic) assert.is(handedOn, 0, `${label}: has a SIMD kernel`);
  assertClose(values(one), want, { rtol, atol }, label);
  assertClose(values(run(plain)), want, { rtol, atol }, `${label}, plain SIMD`);
  for (const threads of [2, 3]) {
    simd.pool.threads = threads;
    assert.equal(bits(run(simd)), bits(one), `${label}: bits with ${threads} threads`);
  }
  simd.pool.threads = 1;
}

const sizes = [1, 2, 3, 4, 5, 7, 8, 15, 64, 1000, 70001];
const functions = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  maximum: (a: number, b: number) => Math.max(a, b),
  minimum: (a: number, b: number) => Math.min(a, b),
  relu_grad: (g: number, y: number) => y <= 0 ? 0 : g,
};
const unary = {
  neg: (a: number) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  relu: (a: number) => a < 0 ? 0 : a,
};

suite("simd elementwise", (test) => {
  test("two inputs, scalars and rows", () => {
    for (const [name, js] of Object.entries(functions)) {
      for (const n of sizes) {
        const a = make([n]), b = make([n]), s = make([1]);
        compare(`${name} ${n}`, [n], (k, out) => k.map({ name, js }, [a, b], out, []));
        compare(`${name} ${n} scalar`, [n], (k, out) => k.map({ name, js }, [a, s], out, []));
        compare(`scalar ${name} ${n}`, [n], (k, out) => k.map({ name, js }, [s, a], out, []));
      }
      for (const [r, c] of [[3, 5], [7, 8], [40, 1001]]) {
        const a = make([r, c]), b = make([c]);
        compare(`${name} rows`, [r, c], (k, out) => k.map({ name, js }, [a, b], out, []));
        compare(`rows ${name}`, [r, c], (k, out) => k.map({ name, js }, [b, a], out, []));
      }
    }
  });

  test("one input, with NaN and infinities", () => {
    const special = [NaN, Infinity, -Infinity, 0, -0, 1e-40];
    for (const [name, js] of Object.entries(unary)) {
      for (const n of sizes) {
        const a = make([n], (i) => i % 7 === 3 ? special[i % special.length] : random());
        compare(`${name} ${n}`, [n], (k, out) => k.map({ name, js }, [a], out, []));
      }
    }
  });

  test("in place, and what has no native kernel", () => {
    const a = make([1001]), b = make([1001]);
    compare("in place", [1001], (k, out) => k.map({ name: "add", js: functions.add }, [out, b], out, []), { start: a });
    const js = (x: number) => x * x * x;
    compare("cube", [1001], (k, out) => k.map({ name: "cube", js }, [a], out, []), { generic: true });
    const turned = { ...make([6, 4]), shape: [4, 6], strides: [1, 4] };
    const c = make([4, 6]);
    const map = (k: Kernels, out: View) => k.map({ name: "add", js: functions.add }, [turned, c], out, []);
    compare("transposed", [4, 6], map, { generic: true });
  });

  test("a part of a storage leaves the rest alone", () => {
    for (const n of [1, 2, 3, 5, 6]) {
      const whole = make([20]);
      const before = values(whole);
      simd.fill({ ...whole, shape: [n], strides: [1], offset: 3 }, 9);
      assert.equal(values(whole), before.map((v, i) => i >= 3 && i < 3 + n ? 9 : v));
    }
  });

  test("fill and copy", () => {
    for (const n of sizes) {
      const a = make([n]);
      compare(`fill ${n}`, [n], (k, out) => k.fill(out, 1.5));
      compare(`copy ${n}`, [n], (k, out) => k.copy(a, out));
    }
  });
});

suite("simd quantization and descent", (test) => {
  const modes: QuantParams[] = [];
  for (const mode of ["scale", "step"] as const) {
    for (const output of ["value", "code"] as const) {
      modes.push({ maxBound: 127, minBound: -127, mode, output }, { maxBound: 7, minBound: -8, mode, output });
      modes.push({ maxBound: 255, minBound: 0, mode, output });
    }
  }
  test("fake quantization is bit-exact", () => {
    for (const p of modes) {
      for (const n of [1, 3, 5, 1000, 70001]) {
        const x = make([n], (i) => i === 2 ? NaN : random());
        for (const range of [1.7, 0.3, 2 ** -24, 0, NaN]) {
          const amax = make([1], () => range);
          const label = `fakeQuant ${p.mode} ${p.output} ${p.maxBound} n=${n} amax=${range}`;
          compare(label, [n], (k, out) => k.fakeQuant(x, amax, out, p));
        }
      }
      for (const [shape, channels] of [[[6, 3, 5, 5], [6, 1, 1, 1]], [[4, 6, 7], [1, 6, 1]], [[9, 100], [9, 1]]]) {
        const x = make(shape), amax = make(channels, (i) => i === 1 ? 0 : Math.abs(random()));
        compare("fakeQuant by channel", shape, (k, out) => k.fakeQuant(x, amax, out, p));
      }
    }
  });

  test("straight-through gradient", () => {
    for (const n of [1, 3, 5, 1000, 70001]) {
      const x = make([n], (i) => i === 2 ? NaN : random()), g = make([n]), amax = make([], () => 1.25);
      compare(`fakeQuantGrad ${n}`, [n], (k, out) => k.fakeQuantGrad(g, x, amax, out));
    }
    const x = make([6, 3, 5, 5]), g = make([6, 3, 5, 5]), amax = make([6, 1, 1, 1], () => Math.abs(random()));
    compare("fakeQuantGrad by channel", [6, 3, 5, 5], (k, out) => k.fakeQuantGrad(g, x, amax, out));
  });

  test("sgd", () => {
    for (const n of [1, 3, 5, 1000, 70001]) {
      for (const nesterov of [false, true]) {
        for (const first of [false, true]) {
          const p = { lr: 0.1, momentum: 0.9, dampening: nesterov ? 0 : 0.2, weight_decay: 0.01, nesterov, first };
          const param = make([n]), grad = make([n]), buffer = make([n]);
          const close = { rtol: 1e-6, atol: 1e-6 };
          for (const maximize of [false, true]) {
            const step = { ...p, maximize };
            const update = (k: Kernels, out: View) => {
              const b = empty([n]);
              oracle.copy(buffer, b);
              k.sgd(out, grad, b, step);
            };
            compare(`sgd param ${n}`, [n], update, { ...close, start: param });
            const velocity = (k: Kernels, out: View) => {
              const w = empty([n]);
              oracle.copy(param, w);
              k.sgd(w, grad, out, step);
            };
            compare(`sgd buffer ${n}`, [n], velocity, { ...close, start: buffer });
          }
          const bare = { ...p, momentum: 0, maximize: false };
          compare(`sgd ${n}`, [n], (k, out) => k.sgd(out, grad, null, bare), { ...close, start: param });
        }
      }
    }
  });
});

suite("simd matmul", (test) => {
  const close = { rtol: 1e-5, atol: 2e-4 };
  test("all transposes, edges and bias", () => {
    const shapes = [[1, 1, 1], [2, 3, 4], [6, 8, 5], [7, 9, 11], [13, 17, 520], [64, 10, 128], [70, 33, 19], [
      200,
      8,
      9,
    ]];
    for (const [M, N, K] of shapes) {
      const a = make([M, K]), b = make([K, N]), at = make([K, M]), bt = make([N, K]), bias = make([N]);
      const aT = { ...at, shape: [M, K], strides: [1, M] }, bT = { ...bt, shape: [K, N], strides: [1, K] };
      for (const left of [a, aT]) {
        for (const right of [b, bT]) {
          for (const add of [null, bias]) {
            compare(`matmul ${M}x${N}x${K}`, [M, N], (k, out) => k.matmul(left, right, add, out), close);
          }
        }
      }
    }
  });

  test("work for several threads", () => {
    for (const [M, N, K] of [[64, 512, 300], [300, 20, 700]]) {
      const a = make([M, K]), b = make([K, N]);
      compare(`matmul ${M}x${N}x${K}`, [M, N], (k, out) => k.matmul(a, b, null, out), { rtol: 1e-4, atol: 1e-3 });
    }
  });

  test("batches broadcast", () => {
    const a = make([3, 1, 4, 5]), b = make([2, 5, 6]);
    compare("batches", [3, 2, 4, 6], (k, out) => k.matmul(a, b, null, out), close);
  });
});

suite("simd convolution", (test) => {
  const close = { rtol: 1e-4, atol: 1e-3 };
  const cases: [x: number[], weight: number[], padding: number[], dilation: number[], groups: number][] = [
    [[1, 1, 1, 8], [1, 1, 1, 1], [0, 0], [1, 1], 1],
    [[3, 1, 12, 12], [6, 1, 5, 5], [2, 2], [1, 1], 1],
    [[2, 3, 9, 13], [7, 3, 3, 3], [1, 1], [1, 1], 1],
    [[9, 6, 10, 11], [4, 3, 3, 2], [1, 0], [1, 1], 2],
    [[2, 4, 14, 16], [13, 4, 3, 3], [2, 2], [2, 2], 1],
    [[10, 5, 8, 9], [9, 5, 1, 1], [0, 0], [1, 1], 1],
  ];
  for (const [xShape, wShape, padding, dilation, groups] of cases) {
    const p = { stride: [1, 1], padding, dilation, groups };
    const outer = [2, 3].map((d) => xShape[d] + 2 * padding[d - 2] - dilation[d - 2] * (wShape[d] - 1));
    const yShape = [xShape[0], wShape[0], ...outer];
    test(`${xShape} * ${wShape}`, () => {
      const x = make(xShape), weight = make(wShape), bias = make([wShape[0]]), g = make(yShape);
      compare("conv", yShape, (k, out) => k.conv(x, weight, null, out, p), close);
      compare("conv with bias", yShape, (k, out) => k.conv(x, weight, bias, out, p), close);
      compare("input gradient", xShape, (k, out) => k.convInputGrad(g, weight, out, p), close);
      compare("weight gradient", wShape, (k, out) => k.convWeightGrad(g, x, out, p), close);
    });
  }

  test("strides and narrow images", () => {
    const x = make([2, 3, 9, 9]), weight = make([4, 3, 3, 3]);
    const p = { stride: [2, 2], padding: [1, 1], dilation: [1, 1], groups: 1 }, g = make([2, 4, 5, 5]);
    compare("conv", [2, 4, 5, 5], (k, out) => k.conv(x, weight, null, out, p), { ...close, generic: true });
    compare("dX", [2, 3, 9, 9], (k, out) => k.convInputGrad(g, weight, out, p), { ...close, generic: true });
    compare("dW", [4, 3, 3, 3], (k, out) => k.convWeightGrad(g, x, out, p), { ...close, generic: true });
  });
});

suite("simd reductions and pooling", (test) => {
  const shapes: [x: number[], out: number[]][] = [
    [[1], [1]],
    [[7], []],
    [[70001], [1]],
    [[5, 6], [1, 6]],
    [[5, 7], [5, 1]],
    [[300, 130], [130]],
    [[6, 5, 4, 9], [1, 5, 1, 1]],
    [[40, 33], [40, 1]],
  ];
  test("sums", () => {
    for (const [shape, out] of shapes) {
      const x = make(shape);
      compare(`sum ${shape}`, out, (k, o) => k.reduce("sum", x, [], o), {
        rtol: 1e-6,
        atol: 1e-4,
        generic: out.length < shape.length,
      });
    }
  });

  test("extrema", () => {
    for (const kind of ["amax", "amin"] as const) {
      for (const [shape, out] of shapes) {
        const x = make(shape), bad = make(shape, (i) => i === 3 ? NaN : random());
        compare(`${kind} ${shape}`, out, (k, o) => k.reduce(kind, x, [], o), { generic: true });
        compare(`${kind} ${shape}`, out, (k, o) => k.reduce(kind, bad, [], o), { generic: true });
      }
    }
  });

  test("max-pooling", () => {
    const p = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] };
    for (const [N, C, H, W] of [[1, 1, 2, 2], [2, 3, 4, 6], [3, 5, 7, 9], [2, 16, 28, 28], [1, 2, 10, 16]]) {
      const x = make([N, C, H, W], (i) => i % 11 === 5 ? NaN : Math.round(random()));
      const outer = [N, C, H >> 1, W >> 1];
      compare("values", outer, (k, out) => k.maxPool(x, out, empty(outer, int32), p));
      compare("places", outer, (k, out) => k.maxPool(x, empty(outer), out, p), { dtype: int32 });
      const places = empty(outer, int32), g = make(outer);
      oracle.maxPool(x, empty(outer), places, p);
      compare("gradient", [N, C, H, W], (k, out) => k.maxPoolGrad(g, places, out));
    }
  });
});

suite("thread pool", (test) => {
  test("a kernel that fails is reported, and the pool goes on", () => {
    for (const threads of [2, 3]) {
      simd.pool.threads = threads;
      const beyond = 2 ** 32 - 65536; // the memory is smaller than that
      assertThrows(() => simd.pool.run("fill", 0, 8, 1, 0, [beyond, 0]), DeviceError, /Cannot run kernel fill/);
      const a = make([70001]);
      compare("after it", [70001], (k, out) => k.copy(a, out));
    }
    simd.pool.threads = 1;
  });

  test("many small jobs, with several threads", () => {
    simd.pool.threads = 3;
    const out = empty([64]);
    const at = cpu.heap.ptr(out.storage);
    for (let i = 0; i < 20000; i++) {
      simd.pool.run("fill", 0, 64, 4, 0, [at, i]);
      if (i % 1000 === 0) assert.equal(values(out), new Array(64).fill(i));
    }
    assert.equal(values(out), new Array(64).fill(19999));
    simd.pool.threads = 1;
  });

  test("number of threads", () => {
    for (const bad of [0, -1, 1.5, NaN, 65]) assertThrows(() => set_num_threads(bad), ValueError, /num_threads/);
    const before = get_num_threads();
    set_num_threads(2);
    assert.is(get_num_threads(), 2);
    set_num_threads(before);
    assert.ok(bestKernels(new CpuDevice().heap) instanceof SimdKernels);
  });

  test("without shared memory there is no engine", () => {
    assert.is(makeEngine(new WebAssembly.Memory({ initial: 16 })), null);
  });
});
