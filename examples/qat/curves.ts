/** @file Loss and accuracy over the steps, as an SVG picture. */

/** One line of a plot. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const colors: readonly string[] = ["#2563a8", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0e7490"];
const width = 760, height = 300, left = 64, right = 150, top = 34, bottom = 44;

function ticks(low: number, high: number): number[] {
  const raw = (high - low) / 5 || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= raw)!;
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.floor((high - first) / step + 1e-9) + 1 }, (_, i) => first + i * step);
}

const short = (v: number): string => String(Number(v.toPrecision(4)));

function panel(title: string, yLabel: string, curves: readonly Curve[], offset: number): string {
  const all = curves.flatMap((c) => c.points);
  if (all.length === 0) return "";
  const xs = all.map((p) => p[0]), ys = all.map((p) => p[1]).filter(Number.isFinite);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)], [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const px = (x: number): number => left + (x - x0) / (x1 - x0 || 1) * (width - left - right);
  const py = (y: number): number => offset + height - bottom - (y - y0) / (y1 - y0 || 1) * (height - top - bottom);
  const parts = [`<text x="${left}" y="${offset + 20}" font-weight="bold">${title}</text>`];
  for (const y of ticks(y0, y1)) {
    parts.push(`<path d="M${left} ${py(y).toFixed(1)}H${width - right}" stroke="#ddd"/>`);
    parts.push(`<text x="${left - 8}" y="${(py(y) + 4).toFixed(1)}" text-anchor="end">${short(y)}</text>`);
  }
  for (const x of ticks(x0, x1)) {
    parts.push(
      `<text x="${px(x).toFixed(1)}" y="${offset + height - bottom + 18}" text-anchor="middle">${short(x)}</text>`,
    );
  }
  parts.push(`<text x="${(left + width - right) / 2}" y="${offset + height - 8}" text-anchor="middle">step</text>`);
  const middle = offset + height / 2;
  parts.push(`<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${yLabel}</text>`);
  curves.forEach((c, i) => {
    const color = colors[i % colors.length];
    const path = c.points.filter((p) => Number.isFinite(p[1])).map(([x, y]) =>
      `${px(x).toFixed(1)},${py(y).toFixed(1)}`
    );
    parts.push(`<polyline points="${path.join(" ")}" fill="none" stroke="${color}" stroke-width="1.5"/>`);
    parts.push(`<text x="${width - right + 10}" y="${offset + top + 16 * i + 4}" fill="${color}">${c.name}</text>`);
  });
  return parts.join("\n");
}

/** Two panels, one below the other. */
export function drawCurves(loss: readonly Curve[], accuracy: readonly Curve[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${
    2 * height
  }" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${panel("Training loss", "loss", loss, 0)}
${panel("Accuracy on the test images", "%", accuracy, height)}
</svg>
`;
}
