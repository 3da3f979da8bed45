/** @file Declares a uvu suite that queues itself, so that no test file can forget its `.run()`. */
import { suite as uvuSuite } from "uvu";
import type { Callback, Context, Test } from "uvu";

/** What a suite's body receives: `test(name, body)` and the hooks `test.before`, `test.after`, `test.before.each`, `test.after.each`. */
export type SuiteTest = Test<Context>;

/**
 * Declares the suite `name` and queues it. A test file calls it at top level.
 * @param name shown before the suite's tests
 * @param define declares the tests; runs at once, so an error in it fails the file's import
 */
export function suite(name: string, define: (test: SuiteTest) => void): void {
  const test = uvuSuite(name);
  reportBeforeHooks(name, test);
  define(test);
  test.run();
}

/** Prints what a `before` hook throws: uvu drops that error, and the runner then only sees tests that never ran. */
function reportBeforeHooks(name: string, test: SuiteTest): void {
  const original = test.before;
  const reporting = (hook: Callback<Context>): void =>
    original(async (context) => {
      try {
        await hook(context);
      } catch (error) {
        console.error(`\nbefore() of suite "${name}" threw:`, error);
        throw error;
      }
    });
  test.before = Object.assign(reporting, { each: original.each }) as SuiteTest["before"];
}
