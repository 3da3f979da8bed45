/** @file Lists the repository's files for the checks: what git tracks and what it would track. */

/** The repository's root. */
export const ROOT: URL = new URL("../", import.meta.url);

/** Folders that git ignores, left out when there is no git. */
const IGNORED: readonly string[] = [".git", "node_modules", "cov", "out"];

/** Paths, relative to the root and sorted, of all files that git tracks or does not ignore, and that still exist. */
export function repositoryFiles(): string[] {
  return [...new Set(listByGit() ?? walk(""))].filter(isFile).sort();
}

/** Null outside a git checkout, such as in an unpacked archive. */
function listByGit(): string[] | null {
  try {
    const { success, stdout } = new Deno.Command("git", {
      args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
      cwd: ROOT,
      stderr: "null",
    }).outputSync();
    return success ? new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "") : null;
  } catch {
    return null; // git is not installed
  }
}

function walk(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return IGNORED.includes(name) ? [] : walk(`${folder}${name}/`);
    return [folder + name];
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, ROOT)).isFile;
  } catch {
    return false; // deleted, but still in git's index
  }
}

/** The text of a file, or null when it is binary. */
export function readText(path: string): string | null {
  const bytes = Deno.readFileSync(new URL(path, ROOT));
  return bytes.includes(0) ? null : new TextDecoder().decode(bytes);
}
