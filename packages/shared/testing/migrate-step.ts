/** The migrate step as a process, for tests of what it does to a system that has a past. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";

/** Runs it in a checkout, with nothing in its environment but what is given; `words` is what it complains of. */
export async function runMigrateStep(
  env: Readonly<Record<string, string>>,
  root = ".",
): Promise<{ code: number | null; words: readonly string[] }> {
  const child = spawn(process.execPath, [join(root, "scripts/migrate.ts")], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const words: string[] = [];
  createInterface(child.stderr).on("line", (line) => words.push(line));
  await once(child, "close");
  return { code: child.exitCode, words };
}
