/** @file A line that shows how far the work is. */

const interactive = Deno.stderr.isTerminal();
const encoder = new TextEncoder();

/** Seconds as `1:05`. */
export function clock(seconds: number): string {
  const s = Math.round(seconds);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** Progress of one stage: a bar on a terminal, a plain line at each tenth elsewhere. */
export class Progress {
  readonly #start = performance.now();
  #shown = 0;
  #tenth = 0;
  constructor(readonly title: string, readonly total: number) {}

  /** Tells that `done` of `total` steps are behind, with a note such as the loss. */
  update(done: number, note: string): void {
    const now = performance.now();
    if (
      interactive ? now - this.#shown < 100 && done < this.total : Math.floor(10 * done / this.total) <= this.#tenth
    ) return;
    this.#shown = now;
    this.#tenth = Math.floor(10 * done / this.total);
    const share = done / this.total;
    const left = (now - this.#start) / 1000 / share * (1 - share);
    const bar = "#".repeat(Math.round(share * 24)).padEnd(24, ".");
    const line = `${this.title.padEnd(18)} ${interactive ? `[${bar}] ` : ""}${done}/${this.total}  ${note}  left ${
      clock(left)
    }`;
    Deno.stderr.writeSync(
      encoder.encode(interactive ? `\r${line}\x1b[K${done === this.total ? "\n" : ""}` : `${line}\n`),
    );
  }
}
