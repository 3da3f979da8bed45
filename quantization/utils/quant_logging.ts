/** @file What quantizers and calibrators say while they work, and how much of it is shown. */

/** How serious a message is; each level includes those after it. */
export type Level = "debug" | "info" | "warning" | "error" | "fatal";

const levels: readonly Level[] = ["debug", "info", "warning", "error", "fatal"];

/** Where messages go. */
export type Handler = (level: Level, text: string) => void;

const toConsole: Handler = (level, text) => {
  if (level === "debug" || level === "info") console.info(text);
  else console.warn(`${level.toUpperCase()}: ${text}`);
};

let verbosity: Level = "warning";
let handler: Handler = toConsole;
const said = new Set<string>();

/** Shows messages of `level` and above; `"warning"` at the start, `"fatal"` shows none. Returns the level before. */
export function set_verbosity(level: Level): Level {
  const before = verbosity;
  verbosity = level;
  return before;
}

/** Sends messages to `next` instead of the console; returns who got them before. */
export function setHandler(next: Handler): Handler {
  const before = handler;
  handler = next;
  return before;
}

/** Sends messages to the console again and forgets which of the one-time messages have been shown. */
export function reset_logger_handler(): void {
  handler = toConsole;
  said.clear();
}

/** Says something, when it is serious enough to be shown. */
export function log(level: Level, text: string): void {
  if (levels.indexOf(level) >= levels.indexOf(verbosity)) handler(level, text);
}

/** As `log`, once for each text. */
export function logOnce(level: Level, text: string): void {
  if (said.has(text)) return;
  said.add(text);
  log(level, text);
}
