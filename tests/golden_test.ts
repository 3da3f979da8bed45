/** @file Runs every golden file of GOLDEN_DIR (tests/golden unless set) and prints the counts of each. */

import * as assert from "uvu/assert";
import { describeTally, goldenFiles, goldenFolder, runGolden } from "./support/golden/runner.ts";
import { suite } from "./support/suite.ts";

suite("golden", (test) => {
  const folder = goldenFolder();
  const files = goldenFiles(folder);
  test("there are golden files", () => assert.ok(files.length > 0, `no *.json in ${folder}`));
  for (const file of files) {
    test(file, async () => {
      const tally = await runGolden(folder, file);
      console.log("\n" + describeTally(tally)); // uvu has not ended its line of dots
      assert.is(tally.failed.length, 0, `${tally.failed.length} cases of ${file} failed`);
    });
  }
});
