/** @file The gpu device in gpu.js's synchronous modes: each kernel against the generic cpu kernels, sources, memory. */

import * as assert from "uvu/assert";
import { CpuDevice } from "../../devices/cpu/device.ts";
import type { GpuDevice } from "../../devices/gpu/device.ts";
import "../../setup.ts";
import { init } from "../../devices/gpu/init.ts";
import { helperSources } from "../../devices/gpu/source.ts";
import { type Device, device, type Kernels, type View } from "../../tensor/device.ts";
import { bool, float32, float64, int32, int64, uint8 } from "../../tensor/dtype.ts";
import { DeviceError, DTypeError, ValueError } from "../../tensor/errors.ts";
import { arrayFrom } from "../../tensor/host.ts";
import { contiguousStrides, numelOf, type Shape } from "../../tensor/shape.ts";
import { scope } from "../../tensor/storage.ts";
import { assertClose, assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

const cpu = new CpuDevice("cpu test");

/** A view of fresh elements; `strides` and `offset` choose among them. */
type Make = (
  values: ArrayLike<number>,
  shape: Shape,
  rest?: Partial<Pick<View, "dtype" | "strides" | "offset">>,
) => View;

function maker(on: Device): Make {
  return (values, shape, { dtype = float32, strides = contiguousStrides(shape), offset = 0 } = {}) => {
    const storage = on.alloc(dtype, values.length);
    on.write(storage, arrayFrom(values, dtype));
    return { storage, dtype, shape, strides, offset };
  };
}

/** Numbers in [-2, 2] on a grid, always the same ones for a seed. */
function numbers(n: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (state * 48271) % 2147483647;
    return (state % 4001) / 1000 - 2;
  });
}

/** Runs a kernel on both devices and compares every output's whole storage. */
function compare(on: Device, run: (k: Kernels, make: Make) => View[], tolerance = { rtol: 1e-5, atol: 1e-6 }): void {
  const open = scope();
  try {
    const want = run(cpu.kernels, maker(cpu));
    const got = run(on.kernels, maker(on));
    got.forEach((view, i) => {
      assertClose(on.readSync(view.storage), cpu.readSync(want[i].storage), tolerance, `output ${i}`);
    });
  } finally {
    open.end();
  }
}

const zeros = (shape: Shape): number[] => new Array(numelOf(shape)).fill(0);

/** Faults of a kernel's source that gpu.js does not report, or that only some of its modes have. */
function faults(source: string): string[] {
  const found: string[] = [];
  if (!source.startsWith("function")) found.push("does not begin with function");
  const loops = [...source.matchAll(/for\(\s*let (\w+)\s*=\s*([^;]+);/g)];
  if (new Set(loops.map((l) => l[1])).size !== loops.length) found.push("loop variable used twice");
  if (loops.some((l) => !/^\d+$/.test(l[2]))) found.push("loop does not start at a literal");
  if (/isNaN|Infinity|Math\.(round|tanh|log1p|expm1|pow)|%/.test(source)) found.push("function that modes disagree on");
  if (/\b(\w+)\s*!==?\s*\1\b/.test(source)) found.push("NaN test that is optimised away");
  return found;
}

/** Runs deno on a program given as its input; the lines that it prints. */
async function runWithInput(args: string[], program: string): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

const gpus: Record<"cpu" | "webasm", GpuDevice> = {} as Record<"cpu" | "webasm", GpuDevice>;

suite("devices/gpu before init", (test) => {
  // in a process of its own, because other tests may have called init in this one
  test("the device's names say what to do", async () => {
    const names = ["gpu", "cuda", "gpu:webgpu"];
    const program = `import ${JSON.stringify(import.meta.resolve("../../setup.ts"))};
      import { device } from ${JSON.stringify(import.meta.resolve("../../tensor/device.ts"))};
      for (const name of ${JSON.stringify(names)}) {
        try { console.log(device(name).name); } catch (error) { console.log(String(error)); }
      }`;
    const args = ["run", "-A", "--no-check", `--config=${new URL("../../deno.json", import.meta.url).pathname}`, "-"];
    const lines = await runWithInput(args, program);
    assert.is(lines.length, names.length);
    for (const line of lines) assert.match(line, /^DeviceError: Cannot use device .*await torch\.gpu\.init/);
    assert.match(lines[2], /mode: "webgpu"/);
  });
  test("an unknown mode is refused", async () => {
    let error: unknown;
    await init({ mode: "metal" as "cpu" }).catch((e) => error = e);
    assert.instance(error, ValueError);
  });
});

for (const mode of ["cpu", "webasm"] as const) {
  suite(`devices/gpu mode ${mode}`, (test) => {
    let gpu: GpuDevice;
    let before = 0;
    test.before(async () => {
      gpu = await init({ mode }) as GpuDevice;
      gpus[mode] = gpu;
      before = gpu.liveBytes;
    });
    test.after(() => assert.is(gpu.liveBytes, before, "live bytes"));

    test("init makes the device known", () => {
      assert.is(device("gpu"), gpu);
      assert.is(device(`gpu:${mode}`), gpu);
    });

    test("fill, copy, conversion, views as outputs", () => {
      compare(gpu, (k, make) => {
        const whole = make(zeros([6]), [2, 3]);
        k.fill(whole, -Infinity);
        const part = make(numbers(24), [2, 2], { strides: [12, 2], offset: 3 });
        k.fill(part, 7);
        const transposed = make(numbers(12), [3, 4], { strides: [1, 3] });
        k.copy(make(numbers(4, 2), [4]), transposed);
        const ints = [int64, uint8, bool].map((dtype) => {
          const out = make(zeros([5]), [5], { dtype });
          k.copy(make([-1.5, 0, 2.7, 300.2, -300], [5]), out);
          return out;
        });
        return [whole, part, transposed, ...(ints as View[])];
      });
    });

    test("a storage that was never written can be used", () => {
      const open = scope();
      try {
        const storage = gpu.alloc(float32, 4);
        const part: View = { storage, dtype: float32, shape: [2], strides: [1], offset: 1 };
        gpu.kernels.fill(part, 3);
        assert.equal([...gpu.readSync(storage)].slice(1, 3), [3, 3]);
      } finally {
        open.end();
      }
    });

    test("map broadcasts, steps, takes parameters and works in place", () => {
      compare(gpu, (k, make) => {
        const f = {
          name: "mix",
          js: (a: number, b: number, c: number, p = 0, q = 0) => a * b + (c > p ? c : q),
          gpu: "a*b+(c>p?c:q)",
        };
        const x = make(numbers(24), [2, 3, 4]);
        const out = make(zeros([24]), [2, 3, 4]);
        const column = make(numbers(6, 3), [2, 3, 1], { strides: [1, 2, 0] });
        k.map(f, [x, make(numbers(4, 2), [4]), column], out, [0.5, -0.25]);
        k.map({ name: "neg", js: (a) => -a, gpu: "-a" }, [x], x, []);
        const answer = make(zeros([24]), [2, 3, 4], { dtype: bool });
        k.map({ name: "gt", js: (a, b) => a > b ? 1 : 0, gpu: "a > b ? 1.0 : 0.0" }, [x, out], answer, []);
        return [out, x, answer];
      });
    });

    for (const kind of ["sum", "prod", "amax", "amin", "any", "all"] as const) {
      test(`reduce ${kind}`, () => {
        compare(gpu, (k, make) => {
          const outs = ([[[0], [1, 3, 4]], [[1], [2, 1, 4]], [[0, 2], [1, 3, 1]], [[0, 1, 2], [1, 1, 1]]] as const)
            .map(([dims, shape]) => {
              const out = make(zeros(shape), shape);
              k.reduce(kind, make(numbers(24), [2, 3, 4], { strides: [1, 2, 6] }), dims, out);
              return out;
            });
          const long = make(zeros([2]), [2, 1]);
          k.reduce(kind, make(numbers(2 * 1700, 5).map((v) => 1 + v / 1e4), [2, 1700]), [1], long);
          return [...outs, long];
        }, { rtol: 1e-4, atol: 1e-4 });
      });
    }

    test("argReduce takes the first, and NaN before all", () => {
      compare(gpu, (k, make) => {
        return (["argmax", "argmin"] as const).flatMap((kind) =>
          [0, 1].map((dim) => {
            const shape = dim === 0 ? [1, 4] : [3, 1];
            const out = make(zeros(shape), shape, { dtype: int64 });
            k.argReduce(kind, make([1, 5, 2, 5, NaN, 1, NaN, 0, 3, 3, -1, -1], [3, 4]), dim, out);
            return out;
          })
        );
      });
    });

    test("matmul: strides, bias, broadcast batches", () => {
      compare(gpu, (k, make) => {
        const plain = make(zeros([3, 5]), [3, 5]);
        k.matmul(make(numbers(12), [3, 4]), make(numbers(20, 2), [4, 5], { strides: [1, 4] }), null, plain);
        const biased = make(zeros([3, 5]), [3, 5]);
        const left = make(numbers(12), [3, 4], { strides: [1, 3] });
        k.matmul(left, make(numbers(20, 2), [4, 5]), make(numbers(5, 3), [5]), biased);
        const batched = make(zeros([2, 3, 3, 5]), [2, 3, 3, 5]);
        k.matmul(make(numbers(24), [2, 1, 3, 4]), make(numbers(60, 2), [3, 4, 5]), null, batched);
        const long = make(zeros([1]), [1, 1]);
        k.matmul(make(numbers(1500), [1, 1500]), make(numbers(1500, 4), [1500, 1]), null, long);
        return [plain, biased, batched, long];
      }, { rtol: 1e-5, atol: 1e-4 });
    });

    test("softmax and its gradient", () => {
      compare(gpu, (k, make) => {
        return [0, 1, 2].flatMap((dim) =>
          [false, true].flatMap((log) => {
            const y = make(zeros([24]), [2, 3, 4]), dx = make(zeros([24]), [2, 3, 4]);
            k.softmax(make(numbers(24).map((v) => v * 40), [2, 3, 4]), y, dim, log);
            k.softmaxGrad(y, make(numbers(24, 2), [2, 3, 4]), dx, dim, log);
            return [y, dx];
          })
        );
      });
    });

    test("gather and scatterAdd", () => {
      compare(gpu, (k, make) => {
        const picked = make(zeros([3]), [3, 1]);
        const index = make([3, 0, 2], [3, 1], { dtype: int64 });
        k.gather(make(numbers(12), [3, 4]), 1, index, picked);
        const back = make(numbers(12, 2), [3, 4]);
        k.scatterAdd(back, 1, index, picked);
        const repeated = make(zeros([12]), [3, 4]);
        const rows = make([2, 2, 1, 0, 2, 1, 1, 0], [2, 4], { dtype: int32 });
        k.scatterAdd(repeated, 0, rows, make(numbers(8, 3), [2, 4]));
        return [picked, back, repeated];
      });
    });

    test("fakeQuant and its gradient, ties to even, all bits", () => {
      compare(gpu, (k, make) => {
        const values = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.5, -300, 300, 0.1, -0.1, ...numbers(12)];
        const outs = (["scale", "step"] as const).flatMap((rule) =>
          (["value", "code"] as const).flatMap((output) =>
            [[[127], [1]], [[0.7, 2 ** -24], [2, 1]], [[127, 1.3, 0.01], [3, 1, 1]]].map(([amax, shape]) => {
              const out = make(zeros([24]), shape.length === 3 ? [3, 2, 4] : [2, 12]);
              const p = { maxBound: 127, minBound: -127, mode: rule, output };
              k.fakeQuant(make(values, out.shape), make(amax, shape), out, p);
              return out;
            })
          )
        );
        const grad = make(zeros([24]), [2, 12]);
        const x = make([...values.slice(0, 23), NaN], [2, 12]);
        k.fakeQuantGrad(make(numbers(24, 9), [2, 12]), x, make([127, 0.5], [2, 1]), grad);
        return [...outs, grad];
      }, { rtol: 0, atol: 0 });
    });

    test("sgd with and without momentum", () => {
      compare(gpu, (k, make) => {
        const options = { lr: 0.1, weight_decay: 0.01, dampening: 0.2 };
        return [false, true].flatMap((nesterov) =>
          [false, true].flatMap((maximize) => {
            const w = make(numbers(6), [2, 3]), buffer = make(zeros([6]), [2, 3]), v = make(numbers(6), [2, 3]);
            const grad = make(numbers(6, 2), [2, 3]);
            for (const first of [true, false]) {
              k.sgd(w, grad, buffer, { ...options, momentum: 0.9, nesterov, maximize, first });
            }
            k.sgd(v, grad, null, { ...options, momentum: 0, nesterov: false, maximize, first: true });
            return [w, buffer, v];
          })
        );
      });
    });

    test("what is missing says so", () => {
      const open = scope();
      try {
        const x = maker(gpu)(numbers(4), [2, 2]);
        const text = new RegExp(`Cannot \\w+ on "gpu:${mode}": no kernel yet: use \\.to\\("cpu"\\)`);
        assertThrows(() => gpu.kernels.maxPoolGrad(x, x, x), DeviceError, text);
        assertThrows(() => gpu.kernels.map({ name: "erf", js: (a) => a }, [x], x, []), DeviceError, text);
        assertThrows(() => gpu.alloc(float64, 2), DTypeError, /float64/);
        const far = gpu.alloc(int64, 1);
        assertThrows(() => gpu.write(far, BigInt64Array.of(2n ** 24n + 1n)), ValueError, /16777217/);
      } finally {
        open.end();
      }
    });
  });
}

suite("devices/gpu sources", (test) => {
  test("no kernel breaks the rules of gpu.js's modes", () => {
    for (const gpu of Object.values(gpus)) {
      assert.ok(gpu.engine.sources.size > 20);
      for (const [key, { source, types }] of gpu.engine.sources) {
        const arrays = Object.values(types).filter((t) => t === "Array").length;
        assert.equal([key, arrays > 7, faults(source)], [key, false, []]);
      }
    }
    for (const source of helperSources) assert.equal(faults(source), [], source);
  });
  test("planted faults are found", () => {
    const planted = [
      "(x)=>x",
      "function(x,n){ for(let i=0;i<n;i++){} for(let i=0;i<n;i++){} }",
      "function(n){ for(let i=n;i<4;i++){} }",
      "function(x){ return Math.round(x[0]); }",
      "function(x){ return x!==x; }",
    ];
    for (const source of planted) assert.is(faults(source).length, 1, source);
  });
});
