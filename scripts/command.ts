/** How a command for people runs: `--help` tells what it takes, a fault is told in a sentence. */
import { writeReport } from "@seatline/shared/testing/evidence.ts";

type Command = {
  readonly name: string;
  /** What it takes and does, in a few lines. */
  readonly usage: string;
  /** False if what it looked for is not so; then the exit code is 1. */
  readonly run: (args: string[]) => Promise<boolean>;
};

export async function runCommand({ name, usage, run }: Command): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  try {
    process.exitCode = (await run(args)) ? 0 : 1;
  } catch (error) {
    const { message, code = "" } = error as Error & { readonly code?: string };
    const isMisused = code.startsWith("ERR_PARSE_ARGS");
    process.stderr.write(`${name}: ${message}\n${isMisused ? `${usage}\n` : ""}`);
    process.exitCode = 1;
  }
}

type Reported = {
  readonly name: string;
  readonly title: string;
  readonly run: (args: string[], print: (line: string) => void) => Promise<boolean>;
};

/** Lines that tell how far it is, and stand in no report. */
const PROGRESS = "  … ";

/** Gives a command `--report FILE`: what it prints is written there, too, with what repeats it. */
export function withReport({ name, title, run }: Reported): (args: string[]) => Promise<boolean> {
  return async (args) => {
    const at = args.indexOf("--report");
    const rest = at === -1 ? args : args.toSpliced(at, 2);
    const lines: string[] = [];
    const isFine = await run(rest, (line) => {
      print(line);
      if (!line.startsWith(PROGRESS)) lines.push(line);
    });
    const path = at === -1 ? undefined : args[at + 1];
    if (path === undefined) return isFine;
    const command = ["npm run", name, "--", ...rest].join(" ");
    writeReport(path, { title, command, lines: ["```text", ...lines, "```"] });
    return isFine;
  };
}

/** Where a command prints its lines. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
