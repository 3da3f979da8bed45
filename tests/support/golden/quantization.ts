/** @file Golden cases of tensor_quant.json and quant_descriptor.json. */

import { QuantDescriptor } from "../../../quantization/quant_descriptor.ts";
import * as tensorQuant from "../../../quantization/tensor_quant.ts";
import { set_verbosity } from "../../../quantization/utils/quant_logging.ts";
import { reduce_amax } from "../../../quantization/utils/reduce_amax.ts";
import { get_default_device } from "../../../tensor/device.ts";
import { float32 } from "../../../tensor/dtype.ts";
import { fromArray, Tensor } from "../../../tensor/tensor.ts";
import { attempt, decode, type GoldenCase, type Handler, type Json, type Mended, Skip, Thrown } from "./case.ts";

set_verbosity("fatal");

function withGradient(c: GoldenCase, f: (x: Tensor) => Tensor | [Tensor, Tensor]): Json {
  const { x, grad_output } = decode(c.inputs);
  if (grad_output) x.requires_grad = true;
  const result = f(x);
  const out = result instanceof Tensor ? result : result[0];
  if (grad_output) out.backward(grad_output);
  return { out: out.detach(), scale: result instanceof Tensor ? undefined : result[1], grad_x: x.grad };
}

function tensorQuantCase(c: GoldenCase): Json {
  const { fn, num_bits, unsigned, narrow_range, E, M, axis, keepdims } = c.args;
  const { x, amax, min_range, max_range } = decode(c.inputs);
  switch (fn) {
    case "reduce_amax":
      return { out: reduce_amax(x, axis, keepdims) };
    case "scaled_e4m3":
      return withGradient(c, (x) => tensorQuant.scaled_e4m3(x, amax, E, M));
    case "fake_affine_tensor_quant":
      return withGradient(c, (x) => tensorQuant.fake_affine_tensor_quant(x, min_range, max_range, num_bits));
    case "fake_tensor_quant":
    case "legacy_fake_tensor_quant":
      return withGradient(c, (x) => tensorQuant[fn as "fake_tensor_quant"](x, amax, num_bits, unsigned, narrow_range));
    case "tensor_quant":
      return withGradient(c, (x) => tensorQuant.tensor_quant(x, amax, num_bits, unsigned, narrow_range));
    default:
      throw new Skip(`needs tensor_quant's ${fn}`);
  }
}

/** Runs tensor_quant.json. */
export const tensor_quant: Handler = { run: tensorQuantCase };

/** Arguments of a descriptor as JavaScript has them; skips what it cannot tell apart. */
export function descriptorOptions(kwargs: Json, name: string): Json {
  if (typeof kwargs.num_bits === "boolean") throw new Skip("JavaScript's booleans are not integers");
  const indistinct = name === "err_bits_float" || name === "err_bits_list_43" || name === "err_amax_int";
  if (indistinct) throw new Skip("JavaScript has neither tuples nor a difference between 1 and 1.0");
  const { amax } = kwargs;
  return { ...decode(kwargs), ...(amax?.ndarray ? { amax: Float32Array.from(amax.ndarray) } : {}) };
}

function attributes(d: QuantDescriptor): Json {
  const { amax } = d;
  return { ...d, amax: amax && fromArray(get_default_device(), float32, amax.shape, amax.data) };
}

function descriptorCase(c: GoldenCase): Json {
  if (c.name === "predefined_descriptors") {
    const names = Object.entries(tensorQuant).filter(([, v]) => v instanceof QuantDescriptor);
    return Object.fromEntries(names.map(([name, d]) => [name, attributes(d as QuantDescriptor)]));
  }
  if (c.inputs.yaml !== undefined) {
    if (c.name === "from_yaml_y6") throw new Skip("JavaScript has no difference between 1 and 1.0");
    return { attrs: attributes(QuantDescriptor.from_yaml(c.inputs.yaml)) };
  }
  if (c.args.kwargs === undefined) {
    const a = new QuantDescriptor(descriptorOptions(c.args.a, c.name));
    const b = c.args.same_object ? a : new QuantDescriptor(descriptorOptions(c.args.b, c.name));
    return { equal: a.equals(b) };
  }
  const d = new QuantDescriptor(descriptorOptions(c.args.kwargs, c.name));
  const yaml = d.to_yaml();
  const back = attempt(() => QuantDescriptor.from_yaml(yaml));
  const yaml_roundtrip = back instanceof Thrown ? back : { attrs: attributes(back), equals_original: back.equals(d) };
  return { attrs: attributes(d), str: String(d), dict: d.dict(), yaml, yaml_roundtrip };
}

const LOSSY = 6; // dict() and YAML lose fields, and what they keep cannot always be read or compared

function descriptorMended(c: GoldenCase): Mended | null {
  const many = (amax: Json) => (amax?.ndarray ?? amax)?.length > 1;
  if (many(c.args.a?.amax) && many(c.args.b?.amax)) return { defect: LOSSY, expected: { equal: true } };
  const k = c.args.kwargs;
  if (!k || c.expected.error) return null;
  const hidden = ["narrow_range", "calib_method"].filter((key) => k[key] !== undefined);
  const changes = hidden.length > 0 || typeof k.axis === "number" || k.num_bits?.tuple || many(k.amax);
  if (!changes) return null;
  const { attrs, str, dict, yaml } = c.expected;
  const lines = typeof k.axis === "number"
    ? `axis: ${k.axis}\nname: null\nnum_bits: ${attrs.num_bits}\n`
    : yaml.replace("!!python/tuple", "").replace("num_bits: \n", "num_bits:\n");
  const extra = (key: string) => `${key}: ${k[key]}\n`;
  const mendedYaml = hidden.length === 0 ? lines : sortEntries(lines + hidden.map(extra).join(""));
  return {
    defect: LOSSY,
    expected: {
      attrs,
      str,
      dict: { ...dict, ...Object.fromEntries(hidden.map((key) => [key, k[key]])) },
      yaml: mendedYaml,
      yaml_roundtrip: { attrs, equals_original: true },
    },
  };
}

/** Sorts the entries of a YAML map, each with its list. */
function sortEntries(yaml: string): string {
  return (yaml.match(/^\w+:.*\n(?:- .*\n)*/gm) ?? []).sort().join("");
}

/** Runs quant_descriptor.json. */
export const quant_descriptor: Handler = { run: descriptorCase, mended: descriptorMended };
