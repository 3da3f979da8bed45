/**
 * @file Runs the tests: `deno task test [--jobs=N] [--root=folder] [regexp of path ...]`, with FC_SEED and FC_NUM_RUNS for fast-check.
 *
 * Each file runs in a process of its own, N at a time, so that files share no global state; `--jobs=1` runs all in this one.
 * uvu's own command ends with success when a `before` hook throws or a file queues no suite; this runner counts both as failures.
 * Its last line is `N passed, N failed`, and its exit code is 1 when anything failed.
 */
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import fc from "fast-check";

/** A queued suite; uvu's result is the error text (or true), tests passed, tests skipped, tests in all. */
type QueuedSuite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

/** The globals through which uvu lets another program run its suites. */
interface UvuGlobals {
  UVU_DEFER: number;
  UVU_INDEX: number;
  UVU_QUEUE: QueuedSuite[][];
}

const DEFAULT_SEED = 20261123;
const DEFAULT_RUNS = 100;
const DEFAULT_JOBS = Math.max(2, Math.min(4, navigator.hardwareConcurrency));

const uvu = globalThis as unknown as UvuGlobals;
const tally = { passed: 0, failed: 0, skipped: 0 };

function fail(...what: unknown[]): void {
  tally.failed++;
  console.error(...what);
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`Cannot run the tests with ${name} ${text}: a whole number is needed`);
}

function* findTests(folder: URL, path = ""): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(path, folder))) {
    if (entry.isDirectory) yield* findTests(folder, `${path}${entry.name}/`);
    else if (entry.name.endsWith("_test.ts")) yield path + entry.name;
  }
}

/** Imports one file, which queues its suites under `index`, and runs them. */
async function runFile(root: URL, path: string, index: number): Promise<void> {
  console.log(`\n${path}`);
  uvu.UVU_QUEUE[index] = [];
  uvu.UVU_INDEX = index;
  try {
    await import(new URL(path, root).href);
  } catch (error) {
    return fail(`${path}: the import failed:`, error);
  }
  if (uvu.UVU_QUEUE[index].length === 0) fail(`${path}: it declares no suite`);
  for (const suite of uvu.UVU_QUEUE[index]) await runSuite(path, suite);
}

async function runSuite(path: string, suite: QueuedSuite): Promise<void> {
  try {
    const [errors, passed, skipped, total] = await suite();
    tally.passed += passed;
    tally.skipped += skipped;
    tally.failed += total - passed;
    if (errors !== true) console.error("\n" + errors);
    else if (passed < total) console.error(`${path}: a before() hook threw, ${total - passed} tests did not run`);
    if (total === 0) fail(`${path}: a suite has no test`);
  } catch (error) {
    fail(`${path}: an after() hook threw:`, error); // uvu's counts are lost with it
  }
}

/** Runs one file in a process of its own, and adds up the counts of its last line. */
async function runInChild(root: URL, path: string): Promise<void> {
  const exactly = `^${path.replace(/[.+()[\]$]/g, "\\$&")}$`;
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.url, `--root=${root.href}`, exactly],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trimEnd());
  const last = /(?:^|\n)(\d+) passed, (\d+) failed$/.exec(out);
  console.log(out.slice(0, last?.index) + (err && "\n" + err));
  tally.passed += Number(last?.[1] ?? 0);
  tally.failed += Number(last?.[2] ?? 0);
  if (!last || (code !== 0 && last[2] === "0")) fail(`${path}: its process ended early, exit code ${code}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { jobs: { type: "string" }, root: { type: "string" } },
  });
  const root = !values.root
    ? new URL("./", import.meta.url)
    : new URL(values.root.startsWith("file:") ? values.root : pathToFileURL(values.root + "/"));
  const jobs = wholeNumber("--jobs", values.jobs, DEFAULT_JOBS);
  const seed = wholeNumber("FC_SEED", Deno.env.get("FC_SEED"), DEFAULT_SEED);
  const numRuns = wholeNumber("FC_NUM_RUNS", Deno.env.get("FC_NUM_RUNS"), DEFAULT_RUNS);
  console.log(`FC_SEED=${seed} FC_NUM_RUNS=${numRuns}`);

  const patterns = positionals.map((text) => new RegExp(text.replace(/^(\.\/)?tests\//, "")));
  const files = [...findTests(root)].sort().filter((path) => !patterns.length || patterns.some((p) => p.test(path)));
  if (files.length === 0) fail("no test file matches");

  if (jobs > 1 && files.length > 1) {
    const queue = [...files];
    const worker = async (): Promise<void> => {
      for (let path = queue.shift(); path; path = queue.shift()) await runInChild(root, path);
    };
    await Promise.all(Array.from({ length: jobs }, worker));
  } else {
    fc.configureGlobal({ seed, numRuns });
    uvu.UVU_DEFER = 1; // suites then only queue themselves
    uvu.UVU_QUEUE = [];
    for (const [index, path] of files.entries()) await runFile(root, path, index);
  }
}

try {
  await main();
} catch (error) {
  fail(error);
}
if (tally.skipped) console.log(`\n${tally.skipped} skipped`);
console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
Deno.exit(tally.failed ? 1 : 0); // worker threads that still live must not keep the process
