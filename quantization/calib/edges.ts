/** @file Bin edges in float32, to the bit as PyTorch makes them. */

const fround = Math.fround;

/** `bins + 1` edges from 0 to `max`: `max / bins` apart, counted from both ends. */
export function linearEdges(max: number, bins: number): Float32Array {
  const edges = new Float32Array(bins + 1);
  const step = fround(max / bins);
  const middle = (bins + 1) >> 1;
  for (let i = 0; i <= bins; i++) {
    edges[i] = i < middle ? fround(step * i) : fround(max - fround(step * (bins - i)));
  }
  return edges;
}

/** Edges `width` apart, from 0 to just beyond `max`: `ceil((max + width) / width)` of them. */
export function grownEdges(max: number, width: number): Float32Array {
  const end = fround(max + width);
  return Float32Array.from({ length: Math.ceil(end / width) }, (_, i) => i * width);
}
