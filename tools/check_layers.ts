/** @file Checks that imports run one way between the layers, and that no files import each other in a circle. */
import { readText, repositoryFiles } from "./source_files.ts";

/** The layers, lowest first. Parts of one layer do not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["tensor"],
  ["autograd", "devices"],
  ["ops"],
  ["setup.ts"],
  ["memory.ts", "nn", "optim", "data"],
  ["models", "quantization"],
  ["onnx", "serialization"],
  ["mod.ts"],
  ["examples", "bench", "tests", "tools"],
];

/** What a part may not import although it lies lower: operations reach devices only through tensor/device.ts. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = { ops: ["devices"] };

/** In the top layer everything may import everything. */
const TOP: readonly string[] = LAYERS[LAYERS.length - 1];

/** A run-time import of one file by another; both are paths from the root. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** `import()` runs later: it counts for the layers, but makes no circle. */
  readonly dynamic: boolean;
}

/** The run-time imports of relative paths in the source of `from`; imports of types only are left out. */
export function findImports(from: string, source: string): Import[] {
  const code = source.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/^\s*\/\/.*$/gm, "");
  const found: Import[] = [];
  const add = (specifier: string, dynamic: boolean): void => {
    const to = resolve(from, specifier);
    if (to !== null) found.push({ from, to, dynamic });
  };
  // A name, a namespace, braces or nothing, up to the specifier; statements start a line.
  for (
    const [, clause, specifier] of code.matchAll(/^(?:import|export)\s+([\w\s{},*$]*?)\s*(?:from\s*)?"([^"\n]+)"/gm)
  ) {
    if (!isTypeOnly(clause)) add(specifier, false);
  }
  for (const [, specifier] of code.matchAll(/\bimport\(\s*"([^"\n]+)"\s*\)(?!\s*\.[A-Z])/g)) add(specifier, true);
  return found;
}

function isTypeOnly(clause: string): boolean {
  if (/^type\b(?!\s*,|\s+from\b)/.test(clause)) return true;
  const names = /^\{([^}]*)\}$/.exec(clause)?.[1].split(",").map((name) => name.trim()).filter((name) => name);
  return names !== undefined && names.length > 0 && names.every((name) => /^type\s/.test(name));
}

function resolve(from: string, specifier: string): string | null {
  if (specifier === "@stegosaur/stegosaur") return "mod.ts";
  if (!specifier.startsWith(".")) return null;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** The part of the tree that a file belongs to: its top folder, or itself when it lies in the root. */
function partOf(path: string): string {
  return path.split("/")[0];
}

/** What is wrong with the imports as to layers; one line for each finding. */
export function findLayerProblems(imports: readonly Import[]): string[] {
  const problems: string[] = [];
  for (const { from, to } of imports) {
    const [a, b] = [partOf(from), partOf(to)];
    if (a === b || TOP.includes(a)) continue;
    const [high, low] = [a, b].map((part) => LAYERS.findIndex((layer) => layer.includes(part)));
    if (high < 0 || low < 0) problems.push(`${from}: ${high < 0 ? a : b} is in no layer of tools/check_layers.ts`);
    else if (low >= high) problems.push(`${from}: imports ${to}, which is in the same layer or above`);
    else if (FORBIDDEN[a]?.includes(b)) problems.push(`${from}: imports ${to}, but ${a} may not import ${b}`);
  }
  return problems;
}

/** The circles among the imports, each found once from where it is entered first. */
export function findCycles(imports: readonly Import[]): string[] {
  const edges = new Map<string, string[]>();
  for (const { from, to, dynamic } of imports) if (!dynamic) edges.set(from, [...edges.get(from) ?? [], to]);
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file)) return;
    path.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return cycles.map((cycle) => `imports in a circle: ${cycle}`);
}

if (import.meta.main) {
  // AssemblyScript sources are compiled to the kernel module; they are no part of the import graph.
  const files = repositoryFiles().filter((path) => path.endsWith(".ts") && !path.startsWith("devices/cpu/assembly/"));
  const imports = files.flatMap((path) => findImports(path, readText(path) ?? ""));
  const problems = [...findLayerProblems(imports), ...findCycles(imports)];
  for (const problem of problems) console.error(problem);
  Deno.exit(problems.length ? 1 : 0);
}
