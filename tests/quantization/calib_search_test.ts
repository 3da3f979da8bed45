/** @file The range searches against direct, slow forms of their definitions. */
import * as fc from "fast-check";
import * as assert from "uvu/assert";
import { grownEdges, linearEdges } from "../../quantization/calib/edges.ts";
import { entropyAmax, type Histogram, mseAmax, percentileAmax } from "../../quantization/calib/search.ts";
import { roundE4M3, roundHalfEven } from "../../quantization/utils/scalar_quant.ts";
import { DTypeError, ShapeError, ValueError } from "../../tensor/errors.ts";
import { assertThrows } from "../support/assert.ts";
import { suite } from "../support/suite.ts";

const histograms: fc.Arbitrary<Histogram> = fc.array(fc.nat(50), { minLength: 12, maxLength: 60 })
  .filter((c) => c.some((v) => v > 0))
  .map((c) => ({ counts: Float64Array.from(c), edges: linearEdges(3, c.length) }));

/** Divergence of one candidate, bin by bin as the definition reads. */
function slowDivergence(source: Float64Array, i: number, levels: number): number {
  const bins = source.slice();
  bins[0] = bins[1];
  const total = bins.reduce((a, b) => a + b, 0);
  const level = (j: number) => {
    let k = 0;
    while (k + 1 < levels && (k + 1) * (i / levels) <= j) k++;
    return k;
  };
  const used = [...bins.keys()].filter((j) => j < i && bins[j] > 0);
  const merged = (j: number) => {
    const same = used.filter((u) => level(u) === level(j));
    return same.reduce((a, u) => a + bins[u], 0) / same.length;
  };
  const inside = used.reduce((a, u) => a + bins[u], 0);
  if (inside === 0) return NaN;
  let kl = 0;
  for (let j = 0; j < i; j++) {
    const p = (bins[j] + (j === i - 1 ? total - inside : 0)) / total;
    if (p > 0) kl += p * Math.log(p / (bins[j] > 0 ? merged(j) / inside : 0));
  }
  return kl;
}

suite("range searches", (test) => {
  test("entropy picks a candidate of least divergence", () => {
    fc.assert(fc.property(histograms, fc.integer({ min: 2, max: 4 }), fc.boolean(), (h, num_bits, unsigned) => {
      const levels = 2 ** (num_bits - 1 + Number(unsigned));
      const start_bin = 6;
      const scores = [...h.counts.keys()].slice(start_bin - 1).map((j) => slowDivergence(h.counts, j + 1, levels));
      const got = entropyAmax(h, { num_bits, unsigned, stride: 1, start_bin });
      const score = scores[h.edges.indexOf(got) - start_bin];
      const nan = scores.some(Number.isNaN);
      if (nan) assert.ok(Number.isNaN(score));
      else assert.ok(score <= Math.min(...scores) + 1e-9, `${score} of ${scores}`);
    }));
  });

  test("the percentile's edge is where its share of the data begins", () => {
    fc.assert(fc.property(histograms, fc.integer({ min: 1, max: 99 }), (h, p) => {
      const i = h.edges.indexOf(percentileAmax(h, p + 0.5));
      const total = h.counts.reduce((a, b) => a + b, 0);
      const below = (n: number) => h.counts.subarray(0, n).reduce((a, b) => a + b, 0) / total;
      assert.ok(below(i) <= (p + 0.5) / 100 + 1e-9 && below(i + 1) >= (p + 0.5) / 100 - 1e-9);
    }));
  });

  test("mean squared error: a lone bin within reach is met exactly, more bits never choose a worse range", () => {
    const counts = new Float64Array(64);
    counts[40] = 7;
    const edges = linearEdges(6.4, 64);
    const got = mseAmax({ counts, edges }, { num_bits: 8, unsigned: false, stride: 1, start_bin: 0 });
    assert.ok(Math.abs(got - 4.05) < 1e-5, String(got));
  });

  test("searches do not change the counts (A.14, 12)", () => {
    fc.assert(fc.property(histograms, (h) => {
      const before = h.counts.slice();
      const o = { num_bits: 4, unsigned: false, stride: 1, start_bin: 4 };
      entropyAmax(h, o);
      mseAmax(h, o);
      percentileAmax(h, 50);
      assert.equal(h.counts, before);
    }));
  });

  test("wrong arguments are refused", () => {
    const h: Histogram = { counts: new Float64Array(8).fill(1), edges: linearEdges(1, 8) };
    const o = { num_bits: 8, unsigned: false, stride: 1, start_bin: 2 };
    assertThrows(() => percentileAmax(h, 101), ValueError, /percentile 101/);
    assertThrows(() => percentileAmax(h, NaN), ValueError, /percentile NaN/);
    assertThrows(() => entropyAmax(h, { ...o, num_bits: [4, 3] }), DTypeError, /entropy/);
    assertThrows(() => entropyAmax(h, { ...o, start_bin: 128 }), ValueError, /start_bin 128/);
    assertThrows(() => mseAmax(h, { ...o, start_bin: 128 }), ValueError, /start_bin 128/);
    assertThrows(() => mseAmax(h, { ...o, stride: 0 }), ValueError, /stride 0/);
    assertThrows(() => mseAmax({ counts: h.counts, edges: linearEdges(1, 9) }, o), ShapeError, /8 counts and 10 edges/);
  });

  test("grown edges continue the first ones", () => {
    const first = linearEdges(1, 8);
    assert.equal([...grownEdges(2, first[1]).subarray(0, 9)], [...first]);
    assert.is(grownEdges(2, 0.125).at(-1), 2);
  });

  test("rounding of single numbers", () => {
    assert.equal([0.5, 1.5, 2.5, -0.5, -1.5, 2.4].map(roundHalfEven).map((v) => v + 0), [0, 2, 2, 0, -2, 2]);
    assert.equal([448, 464, 465, 1000, -1000, 1.0625, 1.1875, 0.001].map(roundE4M3), [
      448,
      448,
      448,
      448,
      -448,
      1,
      1.25,
      0.001953125 * 1,
    ]);
  });
});
