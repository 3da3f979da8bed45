/** @file Running golden files: one handler for each, and a count of what passed, failed, was mended or left out. */

import "../../../setup.ts";
import { attempt, type GoldenCase, type Handler, parseCases, Skip, Thrown } from "./case.ts";
import { differences } from "./compare.ts";
import { handlers } from "./handlers.ts";

/** How the cases of one file came out. */
export interface Tally {
  readonly file: string;
  passed: number;
  /** Cases of a mended defect that give the mended values, by the defect's number. */
  readonly mended: Map<number, number>;
  /** What is wrong, one text for each case that failed. */
  readonly failed: string[];
  /** How many cases were left out, by reason. */
  readonly skipped: Map<string, number>;
}

/** The folder of the golden files: the environment's GOLDEN_DIR, or tests/golden. */
export function goldenFolder(): string | URL {
  return Deno.env.get("GOLDEN_DIR") ?? new URL("../../golden", import.meta.url);
}

/** Names of the golden files in `folder`, without `.json`, sorted. */
export function goldenFiles(folder: string | URL): string[] {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name);
  return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5)).sort();
}

/** Runs all cases of one file. */
export async function runGolden(folder: string | URL, file: string): Promise<Tally> {
  const path = folder instanceof URL ? new URL(`${folder.href}/${file}.json`) : `${folder}/${file}.json`;
  return await runCases(file, parseCases(Deno.readTextFileSync(path)), handlers[file]);
}

/** Runs cases by a handler; without one all are left out. */
export async function runCases(file: string, cases: readonly GoldenCase[], handler?: Handler): Promise<Tally> {
  const tally: Tally = { file, passed: 0, mended: new Map(), failed: [], skipped: new Map() };
  for (const c of cases) {
    if (!handler) count(tally.skipped, `no handler for ${file} yet`);
    else await runCase(c, handler, tally);
  }
  return tally;
}

async function runCase(c: GoldenCase, handler: Handler, tally: Tally): Promise<void> {
  try {
    const got = await settle(attempt(() => handler.run(c)));
    const mended = handler.mended?.(c) ?? null;
    const found = differences(got, mended ? mended.expected : c.expected, c.tol ?? { rtol: 0, atol: 0 });
    if (found.length > 0) tally.failed.push(`${c.name}: ${found.slice(0, 3).join("; ")}`);
    else if (mended) count(tally.mended, mended.defect);
    else tally.passed++;
  } catch (error) {
    if (error instanceof Skip) count(tally.skipped, error.reason);
    else tally.failed.push(`${c.name}: ${String(error)}`);
  }
}

async function settle(result: unknown): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Skip) throw error;
    return new Thrown(error);
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function total(counts: Map<unknown, number>): number {
  return Array.from(counts.values()).reduce((a, b) => a + b, 0);
}

/** A file's counts in a few lines, with the failures and the reasons. */
export function describeTally(t: Tally): string {
  const lines = [
    `${t.file}: ${t.passed} passed, ${t.failed.length} failed, ${total(t.mended)} mended, ${total(t.skipped)} skipped`,
  ];
  for (const text of t.failed) lines.push(`  failed ${text}`);
  for (const [defect, n] of t.mended) lines.push(`  mended ${n}: defect ${defect}`);
  for (const [reason, n] of t.skipped) lines.push(`  skipped ${n}: ${reason}`);
  return lines.join("\n");
}
