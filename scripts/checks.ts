/** Types, lint, format: what the machine holds instead of good intentions. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const CHECKS = {
  types: ["tsc", "-p", "."],
  lint: ["oxlint", "--type-aware", "--deny-warnings"],
  format: ["oxfmt", "--check"],
};

/** Runs every check, output included, and returns the names of those that passed and failed. */
export function runChecks(): { passed: string[]; failed: string[] } {
  const passed: string[] = [];
  const failed: string[] = [];
  for (const [name, [program = "", ...args]] of Object.entries(CHECKS)) {
    process.stdout.write(`check: ${name}\n`);
    const path = `${ROOT}node_modules/.bin/${program}`;
    const { status } = spawnSync(path, args, { cwd: ROOT, stdio: "inherit" });
    (status === 0 ? passed : failed).push(name);
  }
  return { passed, failed };
}
