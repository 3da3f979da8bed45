/** @file The gate, `deno task check`: runs every check, also after one has failed, and exits with 1 if any did. */
import { ROOT } from "./source_files.ts";

/** One check: a deno command, run only when the file it is about exists. */
interface Step {
  readonly name: string;
  readonly args: readonly string[];
  readonly needs?: string;
}

const STEPS: readonly Step[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint", "--quiet"] },
  { name: "types", args: ["check", "--quiet", "."] },
  {
    name: "documentation",
    args: [
      "doc",
      "--lint",
      "mod.ts",
      "nn/mod.ts",
      "optim/mod.ts",
      "data/mod.ts",
      "models/mod.ts",
      "quantization/mod.ts",
      "onnx/mod.ts",
    ],
    needs: "mod.ts",
  },
  { name: "layers", args: ["run", "-A", "tools/check_layers.ts"] },
  { name: "files", args: ["run", "-A", "tools/check_files.ts"] },
  {
    name: "kernel module",
    args: ["run", "-A", "tools/kernels/build.ts", "--check"],
    needs: "tools/kernels/build.ts",
  },
];

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}

/** Runs a step, shows its output when it fails, and tells whether it succeeded. */
function run(step: Step): boolean {
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: [...step.args],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).outputSync();
  if (!success) {
    for (const bytes of [stdout, stderr]) if (bytes.length) console.error(new TextDecoder().decode(bytes).trimEnd());
  }
  console.log(`${step.name}: ${success ? "ok" : "failed"}`);
  return success;
}

let failed = 0;
for (const step of STEPS) if (!step.needs || exists(step.needs)) failed += run(step) ? 0 : 1;
console.log(failed ? `${failed} checks failed` : "all checks passed");
Deno.exit(failed ? 1 : 0);
