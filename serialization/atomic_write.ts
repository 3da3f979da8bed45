/** @file Writing files so that nobody ever sees half of one. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import process from "node:process";

let counter = 0;

/**
 * Writes a file under a temporary name beside `path` and renames it, so that `path` holds either what it held before
 * or all of `parts`, one after the other.
 *
 * @throws Error of the file system; the temporary file is removed
 */
export function writeFileAtomic(path: string | URL, ...parts: readonly Uint8Array[]): void {
  const temporary = beside(path, `.${process.pid}-${++counter}.tmp`);
  let file: number | null = null;
  try {
    file = openSync(temporary, "wx");
    for (const part of parts) writeAll(file, part);
    fsyncSync(file);
    closeSync(file);
    file = null;
    renameSync(temporary, path);
  } catch (error) {
    if (file !== null) closeSync(file);
    rmSync(temporary, { force: true });
    throw error;
  }
}

function beside(path: string | URL, suffix: string): string | URL {
  return typeof path === "string" ? path + suffix : new URL(path.href + suffix);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
}
