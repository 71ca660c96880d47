/**
 * Runs one of our scripts to its end as a step of the start: its output goes to its log, and what
 * went wrong into one sentence.
 */
import { join, relative } from "node:path";
import { LogFile } from "./log-file.ts";
import type { StartHome } from "./paths.ts";
import { runCommand } from "./run-command.ts";
import type { CommandResult } from "./run-command.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

type StepOptions = {
  readonly name: string;
  readonly script: string;
  readonly root: string;
  readonly home: StartHome;
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Throws one sentence when the script fails. */
export async function runStep(options: StepOptions): Promise<void> {
  const { name, script, root, home, timeoutMs, signal } = options;
  const logFile = new LogFile(join(home.logs, `${name}.log`));
  const result = await runCommand(process.execPath, [join(root, script)], {
    env: { ...options.env },
    cwd: root,
    timeoutMs,
    signal,
    onLine: (line) => logFile.write(`${line}\n`),
  });
  logFile.close();
  signal.throwIfAborted();
  if (result.code === 0) return;
  const path = relative(root, logFile.path);
  throw new Error(`The ${name} step failed: ${findCause(result)} (see ${path}).`);
}

/** Of a stack trace the line with the message, else the last line. */
function findCause(result: CommandResult): string {
  if (result.timedOut) return "it took too long";
  const lines = `${result.stdout}\n${result.stderr}`.trim().split("\n");
  const message = lines.find((line) => /^\s*(\w*Error\b.*?): ./.test(line));
  return (message ?? lines.at(-1) ?? "").trim() || `exit code ${result.code}`;
}
