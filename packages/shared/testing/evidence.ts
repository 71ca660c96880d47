/** What a report must say of itself, so that somebody else can have its figures again. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, platform, release } from "node:os";

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

/** Two lines of Markdown: what was run, and on what. */
export function describeGround(command: string): string[] {
  const model = cpus()[0]?.model ?? "unknown processor";
  const machine = `${availableParallelism()} × ${model}, ${platform()} ${release()}, Node ${process.versions.node}`;
  const day = new Date().toISOString().slice(0, 10);
  return [`\`${command}\``, "", `${day}, commit ${findCommit()}, on ${machine}.`];
}
