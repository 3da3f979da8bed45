/** @file Descriptors: what they accept, print, compare and write. */
import * as fc from "fast-check";
import * as assert from "uvu/assert";
import { QuantDescriptor, type QuantDescriptorOptions } from "../../quantization/quant_descriptor.ts";
import { set_verbosity } from "../../quantization/utils/quant_logging.ts";
import { DTypeError, FormatError, ValueError } from "../../tensor/errors.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

set_verbosity("fatal");

const grid = fc.integer({ min: 1, max: 3000 }).map((i) => i / 1000);
const options: fc.Arbitrary<QuantDescriptorOptions> = fc.record({
  num_bits: fc.oneof(fc.integer({ min: 0, max: 16 }), fc.constant([4, 3] as const)),
  name: fc.oneof(fc.constant(null), fc.constantFrom("conv1", "a b", "true", "12", "x: y", "", "[1]", "#c", "it's")),
  fake_quant: fc.boolean(),
  axis: fc.oneof(fc.constant(null), fc.integer({ min: -4, max: 4 }), fc.array(fc.integer({ min: -4, max: 4 }))),
  amax: fc.oneof(fc.constant(null), grid, fc.array(grid, { minLength: 1 }), fc.array(fc.tuple(grid), { minLength: 1 })),
  scale_amax: fc.oneof(fc.constant(null), grid),
  calib_method: fc.constantFrom("max", "histogram"),
  unsigned: fc.boolean(),
  narrow_range: fc.boolean(),
}, { requiredKeys: [] });

suite("QuantDescriptor", (test) => {
  test("YAML round trip keeps every field (upstream loses two: A.14, 6)", () => {
    fc.assert(fc.property(options, (o) => {
      const a = new QuantDescriptor(o);
      const b = QuantDescriptor.from_yaml(a.to_yaml());
      assert.ok(a.equals(b), `${a.to_yaml()} gave ${b.to_yaml()}`);
      assert.ok(b.equals(a));
    }));
  });

  test("a changed field is another descriptor", () => {
    const a = new QuantDescriptor();
    for (
      const o of [
        { num_bits: 4 },
        { name: "x" },
        { fake_quant: false },
        { axis: 0 },
        { amax: 1 },
        { learn_amax: true },
        { scale_amax: 2 },
        { calib_method: "histogram" },
        { unsigned: true },
        { narrow_range: true },
      ]
    ) {
      assert.not(a.equals(new QuantDescriptor(o)), JSON.stringify(o));
      assert.ok(new QuantDescriptor(o).equals(new QuantDescriptor(o)));
    }
    assert.not(new QuantDescriptor({ axis: 0 }).equals(new QuantDescriptor({ axis: [0] })));
    assert.not(new QuantDescriptor({ amax: [1, 2] }).equals(new QuantDescriptor({ amax: [1, 3] })));
    assert.not(new QuantDescriptor({ amax: [[1, 2]] }).equals(new QuantDescriptor({ amax: [[1], [2]] })));
  });

  test("text form", () => {
    assert.is(String(new QuantDescriptor()), "QuantDescriptor(8bit fake axis= per-tensor)");
    const d = new QuantDescriptor({ num_bits: 5, name: "x", axis: [0], unsigned: true, scale_amax: 0.5 });
    assert.is(String(d), "x: (unsigned 5bit fake axis=(0,) scale_amax=0.5)");
    const amax = new QuantDescriptor({ amax: [1, 2.5], num_bits: [4, 3], fake_quant: false });
    assert.is(String(amax), "QuantDescriptor((4, 3)bit real axis= per-tensor amax=[1.  2.5] full_range)");
  });

  test("wrong arguments are refused", () => {
    const make = (o: unknown) => () => new QuantDescriptor(o as QuantDescriptorOptions);
    assertThrows(make({ num_bits: -1 }), ValueError, /num_bits -1: at least 0/);
    for (const num_bits of [8.5, "8", null, [5, 2]]) assertThrows(make({ num_bits }), DTypeError, /num_bits/);
    for (const amax of ["1", [[1, 2], [3]], [], [null]]) assertThrows(make({ amax }), DTypeError, /amax/);
    assertThrows(make({ name: 3 }), DTypeError, /name 3: a string/);
    assertThrows(make({ axis: 0.5 }), DTypeError, /axis/);
    assertThrows(make({ unsigned: 1 }), DTypeError, /unsigned/);
    assertThrows(make({ learn_amax: true, axis: [0] }), DTypeError, /axis/);
    assertThrows(make({ foo: 1 }), DTypeError, /unknown foo/);
    assertThrows(() => QuantDescriptor.from_yaml("num_bits: 8\nbogus: 1\n"), DTypeError, /bogus/);
    assertThrows(() => QuantDescriptor.from_yaml("num_bits\n"), FormatError, /line 1/);
    assertThrows(() => QuantDescriptor.from_yaml("num_bits: 4\nnum_bits: 8\n"), FormatError, /line 2/);
  });
});
