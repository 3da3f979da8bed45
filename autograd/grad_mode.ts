/** @file Whether operations are recorded. */

let enabled = true;

/** True while operations on tensors that require gradients are recorded. */
export function is_grad_enabled(): boolean {
  return enabled;
}

/** Restores the grad mode at the end of a `using` block. */
export class GradMode implements Disposable {
  readonly #before = enabled;
  /** Switches recording on or off. */
  constructor(on: boolean) {
    enabled = on;
  }
  /** Restores what was before. */
  [Symbol.dispose](): void {
    enabled = this.#before;
  }
}

function within<T>(on: boolean, f?: () => T): T | GradMode {
  const mode = new GradMode(on);
  if (!f) return mode;
  try {
    return f();
  } finally {
    mode[Symbol.dispose]();
  }
}

/** Runs `f` without recording, or until the end of the block: `using _ = torch.no_grad();`. */
export function no_grad(): GradMode;
/** Runs `f` without recording. */
export function no_grad<T>(f: () => T): T;
export function no_grad<T>(f?: () => T): T | GradMode {
  return within(false, f);
}

/** Runs `f` with recording, also inside `no_grad`; or until the end of the block. */
export function enable_grad(): GradMode;
/** Runs `f` with recording. */
export function enable_grad<T>(f: () => T): T;
export function enable_grad<T>(f?: () => T): T | GradMode {
  return within(true, f);
}

/** Runs `f` with recording switched on or off. */
export function set_grad_enabled(on: boolean): GradMode;
/** Runs `f` with recording switched on or off. */
export function set_grad_enabled<T>(on: boolean, f: () => T): T;
export function set_grad_enabled<T>(on: boolean, f?: () => T): T | GradMode {
  return within(on, f);
}
