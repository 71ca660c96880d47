/**
 * Runs one outside program to its end, with a bound on time and output. Never rejects: whoever asks
 * gets a value that says how it went. Never keeps a program running (supervised-process.ts does).
 */
import { spawn } from "node:child_process";

export type CommandResult = {
  /** Null where the program could not be started, ran into its deadline or was ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly missing: boolean;
  readonly timedOut: boolean;
};

type CommandOptions = {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly onLine?: (line: string) => void;
};

/** More than any command of ours prints; what comes after it is dropped. */
const OUTPUT_SIZE_MAX = 1_000_000;

export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { timeoutMs, env, cwd, signal, uid, gid, onLine } = options;
  return new Promise((resolve) => {
    const output = { stdout: "", stderr: "" };
    let missing = false;
    let timedOut = false;
    // A group of its own: a Ctrl-C in the terminal is for the supervisor to pass on, and a
    // deadline must also reach what the program has started.
    const child = spawn(command, args, {
      ...(env && { env }),
      ...(cwd !== undefined && { cwd }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const killAll = (): void => killGroup(child.pid);
    const deadline = setTimeout(() => {
      timedOut = true;
      killAll();
    }, timeoutMs);
    signal?.addEventListener("abort", killAll, { once: true });
    if (signal?.aborted === true) killAll();
    const keep = (stream: "stdout" | "stderr", chunk: Buffer): void => {
      const text = chunk.toString();
      if (output[stream].length < OUTPUT_SIZE_MAX) output[stream] += text;
      if (onLine) for (const line of text.split("\n")) if (line.trim() !== "") onLine(line);
    };
    child.stdout.on("data", (chunk: Buffer) => keep("stdout", chunk));
    child.stderr.on("data", (chunk: Buffer) => keep("stderr", chunk));
    const finish = (code: number | null): void => {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", killAll);
      resolve({ code, ...output, missing, timedOut });
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      missing = error.code === "ENOENT";
      output.stderr += error.message;
      if (child.pid === undefined) finish(null);
    });
    child.on("close", finish);
  });
}

/** The last thing a failed command said, for a one-sentence error. */
export function lastWords(result: CommandResult): string {
  if (result.timedOut) return "it took too long";
  if (result.missing) return "it is not installed";
  const lines = `${result.stdout}\n${result.stderr}`.trim().split("\n");
  return lines.at(-1) || `exit code ${result.code}`;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
