/** @file Pictures of a dataset's samples: as text for a terminal, as an SVG, and as a PGM file. */

import { ValueError } from "../tensor/errors.ts";
import type { ImageDataset } from "./dataset.ts";

/** Which samples to show, and how. */
export interface ShowOptions {
  /** How many samples; 20 when left out, or as many as there are. */
  readonly count?: number;
  /** Samples in a row; 10 for pictures and 4 for text when left out. */
  readonly columns?: number;
  /** The first sample; 0 when left out. */
  readonly start?: number;
}

/** Grey levels 0 to 1 of some images, side by side. */
interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly grey: Float32Array;
  readonly columns: number;
  readonly rows: number;
  readonly start: number;
  readonly count: number;
}

function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ValueError(`Cannot show ${name} ${value}: a whole number of at least ${least} is needed`);
}

/** Brightness of a pixel: what `normalize` did is undone, channels are averaged. */
function greyOf(dataset: ImageDataset, image: Float32Array, pixel: number): number {
  const [channels, height, width] = dataset.sampleShape;
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    sum += image[c * height * width + pixel] * dataset.std[c] + dataset.mean[c];
  }
  return Math.min(1, Math.max(0, sum / channels));
}

function makeSheet(dataset: ImageDataset, options: ShowOptions, defaultColumns: number): Sheet {
  const start = wholeNumber("start", options.start ?? 0, 0);
  const count = Math.min(wholeNumber("count", options.count ?? 20, 1), dataset.length - start);
  if (count < 1) throw new ValueError(`Cannot show start ${start}: less than ${dataset.length} is needed`);
  const columns = Math.min(count, wholeNumber("columns", options.columns ?? defaultColumns, 1));
  const rows = Math.ceil(count / columns);
  const [, h, w] = dataset.sampleShape;
  const width = columns * w, height = rows * h;
  const grey = new Float32Array(width * height);
  for (let i = 0; i < count; i++) {
    const image = dataset.image(start + i);
    const corner = Math.floor(i / columns) * h * width + (i % columns) * w;
    for (let p = 0; p < h * w; p++) grey[corner + Math.floor(p / w) * width + p % w] = greyOf(dataset, image, p);
  }
  return { width, height, grey, columns, rows, start, count };
}

function labelsOf(dataset: ImageDataset, start: number, end: number): string[] {
  return Array.from(dataset.labels.subarray(start, end), (label) => dataset.classes[label]);
}

const ramp = " .:-=+*#%@";

/** Samples as text, two pixels (one above the other) for each character, with a line of labels under each row. */
export function showText(dataset: ImageDataset, options: ShowOptions = {}): string {
  const { width, grey, columns, rows, start, count } = makeSheet(dataset, options, 4);
  const [, h, w] = dataset.sampleShape;
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (let y = 0; y < h; y += 2) {
      const above = (row * h + y) * width;
      const below = y + 1 < h ? above + width : above;
      let line = "";
      for (let x = 0; x < width; x++) {
        const level = (grey[above + x] + grey[below + x]) / 2;
        line += ramp[Math.min(ramp.length - 1, Math.floor(level * ramp.length))];
      }
      lines.push(line.trimEnd());
    }
    const first = start + row * columns;
    const names = labelsOf(dataset, first, Math.min(first + columns, start + count));
    lines.push(names.map((name) => name.padEnd(w)).join("").trimEnd());
  }
  return lines.join("\n");
}

/** Samples as a PGM picture (portable grey map, binary): most image viewers and converters read it. */
export function showPgm(dataset: ImageDataset, options: ShowOptions = {}): Uint8Array {
  const { width, height, grey } = makeSheet(dataset, options, 10);
  const header = new TextEncoder().encode(`P5\n${width} ${height}\n255\n`);
  const file = new Uint8Array(header.length + grey.length);
  file.set(header);
  grey.forEach((level, i) => file[header.length + i] = Math.round(255 * level));
  return file;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** One row of pixels as horizontal bars of equal grey, black left out. */
function svgRow(sheet: Sheet, y: number, lift: number): string {
  let bars = "";
  for (let x = 0; x < sheet.width;) {
    const level = Math.round(15 * sheet.grey[y * sheet.width + x]);
    let end = x + 1;
    while (end < sheet.width && Math.round(15 * sheet.grey[y * sheet.width + end]) === level) end++;
    const shade = level.toString(16);
    if (level > 0) {
      bars += `<path fill="#${shade}${shade}${shade}" d="M${x} ${y + lift}h${end - x}v1h${x - end}z"/>`;
    }
    x = end;
  }
  return bars;
}

/** Samples as an SVG picture in 16 grey levels, with the label under each. */
export function showSvg(dataset: ImageDataset, options: ShowOptions = {}): string {
  const sheet = makeSheet(dataset, options, 10);
  const { width, height, columns, rows, start, count } = sheet;
  const [, h, w] = dataset.sampleShape;
  const caption = 7; // units under each row of samples
  const total = height + rows * caption;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${3 * width}" height="${
      3 * total
    }" viewBox="0 0 ${width} ${total}">`,
    `<title>${escape(dataset.name)}</title><rect width="${width}" height="${total}"/>`,
    `<g shape-rendering="crispEdges">`,
  ];
  for (let y = 0; y < height; y++) parts.push(svgRow(sheet, y, Math.floor(y / h) * caption));
  parts.push(`</g><g fill="#9cf" font-family="sans-serif" font-size="6" text-anchor="middle">`);
  labelsOf(dataset, start, start + count).forEach((name, i) => {
    const x = (i % columns + 0.5) * w;
    const y = (Math.floor(i / columns) + 1) * (h + caption) - 1.5;
    parts.push(`<text x="${x}" y="${y}">${escape(name)}</text>`);
  });
  parts.push("</g></svg>");
  return parts.filter((part) => part !== "").join("\n") + "\n";
}
