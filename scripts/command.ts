/** How a command for people runs: `--help` tells what it takes, a fault is told in a sentence. */

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

/** Where a command prints its lines. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
