/** @file The text of a module, as PyTorch prints it. */

/**
 * `Class(extra)` on one line, or one line for each line of `extra` and each child, indented by two spaces.
 *
 * @param children names and modules, whose own text is taken
 */
export function describe(className: string, extra: string, children: Iterable<[string, object]>): string {
  const lines = extra === "" ? [] : extra.split("\n");
  const inner = [...children].map(([name, child]) => `(${name}): ${String(child).replaceAll("\n", "\n  ")}`);
  if (lines.length === 1 && inner.length === 0) return `${className}(${lines[0]})`;
  const all = [...lines, ...inner];
  return all.length === 0 ? `${className}()` : `${className}(\n  ${all.join("\n  ")}\n)`;
}
