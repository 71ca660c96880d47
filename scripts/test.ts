/**
 * `npm test`: the checks, then every tier of tests. Arguments go to vitest, for running less than all.
 * Ends with the plain line `N passed, N failed`. A run without a single test has failed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { runChecks } from "./checks.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const checks = runChecks();
const tests = runTests(process.argv.slice(2));
const passed = checks.passed.length + tests.passed;
const failed = checks.failed.length + tests.failed;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function runTests(args: readonly string[]): { passed: number; failed: number } {
  const folder = mkdtempSync(join(tmpdir(), "seatline-report-"));
  const report = join(folder, "report.json");
  try {
    const { status } = spawnSync(
      join(ROOT, "node_modules/.bin/vitest"),
      ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
      { cwd: ROOT, stdio: "inherit" },
    );
    return readReport(report, status);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A run that ended badly in a way that no single test shows counts as one more failure. */
function readReport(path: string, status: number | null): { passed: number; failed: number } {
  try {
    const report: unknown = JSON.parse(readFileSync(path, "utf8"));
    const passed = readCount(report, "numPassedTests");
    // A test that was skipped has shown nothing.
    const failed = readCount(report, "numTotalTests") - passed;
    const unseen = failed === 0 && (status !== 0 || passed === 0) ? 1 : 0;
    return { passed, failed: failed + unseen };
  } catch {
    process.stderr.write("test: vitest left no report, so nothing is known to have passed\n");
    return { passed: 0, failed: 1 };
  }
}

function readCount(report: unknown, name: string): number {
  const counts = report as Readonly<Record<string, unknown>>;
  return Number(counts[name] ?? 0);
}
