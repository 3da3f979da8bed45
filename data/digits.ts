/**
 * @file Handwritten-looking digits that need no download: drawn from pen strokes with a random style, slant, size, pen,
 * unsteady hand and noise, the same for the same seed on every machine.
 */

import { ValueError } from "../tensor/errors.ts";
import { checkKnown } from "../tensor/options.ts";
import { ImageDataset } from "./dataset.ts";
import { digitStyles, type Stroke } from "./digits_strokes.ts";
import type { SplitOptions } from "./idx.ts";

const size = 28;
const pixels = size * size;
const boxWidth = 16.5; // pixels of the digit's box before distortion; the margin leaves room for shift and turn
const boxHeight = 19;
const stepsOfCurve = 5; // straight pieces between two points of a stroke

/** Options of `digits`. */
export interface DigitsOptions extends SplitOptions {
  /** How many images; 10,000 for training and 2,000 for testing when left out. */
  readonly count?: number;
  /** Another seed gives other images; a whole number, 0 when left out. Training and test images differ for every seed. */
  readonly seed?: number;
}

/** Uniform numbers in [0, 1): the dataset's own generator (Mulberry32), so that no other draw changes the images. */
class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Roughly normal with deviation 1, at most 3: the sum of three uniform numbers, which rounds alike everywhere. */
  normal(): number {
    return 2 * (this.next() + this.next() + this.next()) - 3;
  }
}

/** Moves a point of the digit's box to its place in the image, in pixels. */
type Hand = (x: number, y: number) => readonly [x: number, y: number];

/** A random affine map with a smooth elastic distortion: low waves across the digit, as of an unsteady hand. */
function drawHand(draws: Draws): Hand {
  const turn = 0.13 * draws.normal();
  const slant = 0.18 * draws.normal() + 0.1;
  const width = boxWidth * (1 + 0.14 * draws.normal());
  const height = boxHeight * (1 + 0.07 * draws.normal());
  const shiftX = size / 2 + 1.1 * draws.normal();
  const shiftY = size / 2 + 1.0 * draws.normal();
  const cos = 1 - turn * turn / 2, sin = turn * (1 - turn * turn / 6); // exact enough, and alike on every machine
  const waves = Array.from({ length: 8 }, () => draws.normal());
  return (x, y) => {
    const u = x - 0.5, v = y - 0.5;
    // products of low polynomials bend the digit without folding it
    const bentX = u +
      0.22 * (waves[0] * u * v + waves[1] * (v * v - 0.08) + waves[2] * u * u + waves[3] * u * v * v * 2);
    const bentY = v +
      0.18 * (waves[4] * u * v + waves[5] * (u * u - 0.08) + waves[6] * v * v + waves[7] * v * u * u * 2);
    const px = (bentX - slant * bentY) * width, py = bentY * height;
    return [shiftX + cos * px - sin * py, shiftY + sin * px + cos * py];
  };
}

/** The points of a stroke after small random moves: no one hits the same point twice. */
function wobble(stroke: Stroke, draws: Draws): Stroke {
  return stroke.map(([x, y]) => [x + 0.028 * draws.normal(), y + 0.028 * draws.normal()]);
}

/** One coordinate of the Catmull-Rom curve between `b` and `c`. */
function curve(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/** How the pen marks the paper. */
interface Pen {
  /** Half the line's width at the start, and its change to the end of a stroke, in pixels. */
  readonly radius: number;
  readonly change: number;
  /** Width of the line's grey border, in pixels. */
  readonly softness: number;
}

/** Draws the straight piece from (ax, ay) to (bx, by) as the lighter of what is there and the piece. */
function drawPiece(
  image: Float32Array,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  radius: number,
  pen: Pen,
): void {
  const reach = radius + pen.softness;
  const left = Math.max(0, Math.ceil(Math.min(ax, bx) - reach - 0.5));
  const right = Math.min(size - 1, Math.floor(Math.max(ax, bx) + reach - 0.5));
  const top = Math.max(0, Math.ceil(Math.min(ay, by) - reach - 0.5));
  const bottom = Math.min(size - 1, Math.floor(Math.max(ay, by) + reach - 0.5));
  const dx = bx - ax, dy = by - ay;
  const scale = 1 / (dx * dx + dy * dy + 1e-9);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - ax, py = row + 0.5 - ay;
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) * scale));
      const ex = px - t * dx, ey = py - t * dy;
      const ink = Math.min(1, (reach - Math.sqrt(ex * ex + ey * ey)) / (2 * pen.softness));
      const at = row * size + column;
      if (ink > image[at]) image[at] = ink;
    }
  }
}

function drawStroke(image: Float32Array, stroke: Stroke, hand: Hand, pen: Pen): void {
  const last = stroke.length - 1;
  const pieces = stroke.length === 2 ? 2 : stepsOfCurve;
  let from = hand(...stroke[0]);
  for (let i = 0; i < last; i++) {
    const a = stroke[Math.max(0, i - 1)], b = stroke[i], c = stroke[i + 1], d = stroke[Math.min(last, i + 2)];
    for (let k = 1; k <= pieces; k++) {
      const t = k / pieces;
      const to = hand(curve(a[0], b[0], c[0], d[0], t), curve(a[1], b[1], c[1], d[1], t));
      drawPiece(image, from[0], from[1], to[0], to[1], pen.radius + pen.change * (i + t) / last, pen);
      from = to;
    }
  }
}

/** Paper and scanner: a random darkness of the ink, grain in the ink, and faint specks beside it; 256 grey levels. */
function addNoise(image: Float32Array, draws: Draws): void {
  const darkness = 0.82 + 0.18 * draws.next();
  const grain = 0.05 + 0.12 * draws.next();
  for (let i = 0; i < pixels; i++) {
    if (image[i] > 0) image[i] *= darkness * (1 - grain * draws.next());
    else if (draws.next() < 0.02) image[i] = 0.3 * draws.next();
    image[i] = Math.round(255 * image[i]) / 255;
  }
}

/** Draws one digit into an empty image of 28 x 28 pixels. */
function drawDigit(image: Float32Array, digit: number, draws: Draws): void {
  const styles = digitStyles[digit];
  const style = styles[Math.floor(draws.next() * styles.length)];
  const hand = drawHand(draws);
  const radius = 0.75 + 0.85 * draws.next();
  const pen: Pen = { radius, change: radius * 0.25 * draws.normal() / 3, softness: 0.45 + 0.3 * draws.next() };
  for (const stroke of style) drawStroke(image, wobble(stroke, draws), hand, pen);
  addNoise(image, draws);
}

/**
 * The embedded digits: white on black, pixels 0 to 1, shape [1, 28, 28], as many of each class as can be, in random order.
 *
 * @throws ValueError when `count` is not a positive whole number, `seed` not a whole number, or an option is unknown
 */
export function digits(options: DigitsOptions = {}): ImageDataset {
  checkKnown("draw digits", options, ["train", "count", "seed"]);
  const train = options.train ?? true;
  const { count = train ? 10_000 : 2_000, seed = 0 } = options;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ValueError(`Cannot draw digits count ${count}: a positive whole number is needed`);
  }
  if (!Number.isSafeInteger(seed)) throw new ValueError(`Cannot draw digits seed ${seed}: a whole number is needed`);
  const draws = new Draws(Math.imul(seed, 0x9e3779b1) ^ (train ? 0x51ed270b : 0x2545f491));
  const images = new Float32Array(count * pixels);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(draws.next() * (i + 1));
    [labels[i], labels[j]] = [labels[j], labels[i]];
  }
  for (let i = 0; i < count; i++) drawDigit(images.subarray(i * pixels, (i + 1) * pixels), labels[i], draws);
  return new ImageDataset(images, labels, [1, size, size], { name: "digits" });
}
