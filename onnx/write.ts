/** @file Writing a file so that it is either whole or not there. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Writes `bytes` under a temporary name beside `path`, and renames it when all is written. When that fails, what was at
 * `path` before is still there and the temporary file is removed.
 */
export function writeWhole(path: string | URL, bytes: Uint8Array): void {
  const target = typeof path === "string" ? path : fileURLToPath(path);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
