/** Reports that say of themselves what somebody else needs to have their figures again. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, platform, release } from "node:os";
import { dirname } from "node:path";

type Report = {
  readonly title: string;
  /** What repeats it. */
  readonly command: string;
  /** Markdown. */
  readonly lines: readonly string[];
};

/** The commit that was measured, with a plus where files differ from it. */
export function findCommit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    const isChanged = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short=12", "HEAD")}${isChanged ? "+" : ""}`;
  } catch {
    return "unknown";
  }
}

/** Writes a report with the command, the commit and the machine that its figures are from. */
export function writeReport(path: string, { title, command, lines }: Report): void {
  mkdirSync(dirname(path), { recursive: true });
  const text = [`# Evidence: ${title}`, "", ...describeGround(command), "", ...lines];
  writeFileSync(path, `${text.join("\n").trimEnd()}\n`);
}

function describeGround(command: string): string[] {
  const model = cpus()[0]?.model ?? "unknown processor";
  const machine = `${availableParallelism()} × ${model}, ${platform()} ${release()}, Node ${process.versions.node}`;
  const day = new Date().toISOString().slice(0, 10);
  return [`\`${command}\``, "", `${day}, commit ${findCommit()}, on ${machine}.`];
}
