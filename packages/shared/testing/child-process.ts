/** A service as a process of its own, for tests that freeze, kill and restart it. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

import { parseLogLine } from "./log-lines.ts";
import type { LogLine } from "./log-lines.ts";

export type TestProcess = {
  /** Its log so far, and what else it said. */
  readonly lines: readonly LogLine[];
  readonly errors: readonly string[];
  readonly kill: (signal: NodeJS.Signals) => void;
  /** The code that it exits with, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** Ends it if it runs still. */
  readonly close: () => Promise<void>;
};

/** Starts `node main` with nothing in its environment but what is given. */
export function startProcess(main: string, env: Readonly<Record<string, string>>): TestProcess {
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: LogLine[] = [];
  const errors: string[] = [];
  if (child.stdout !== null) {
    createInterface(child.stdout).on("line", (text) => lines.push(parseLogLine(text)));
  }
  if (child.stderr !== null) createInterface(child.stderr).on("line", (text) => errors.push(text));
  const exited = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve(code ?? signal);
    });
  });
  const close = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  return { lines, errors, kill: (signal) => child.kill(signal), exited, close };
}
