/**
 * Tells one process from a later one that got the same number: a pid alone is recycled, a pid with
 * the moment it started is not. Whoever kills by a pid from a file asks here first.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

const PS_TIMEOUT_MS = 5_000;

/** Undefined when there is no such process, or only what is left of it (a zombie). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === "linux" ? startFromProc(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isSameProcessAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** Sends `signal` only to the very process meant. False when that one is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isSameProcessAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** How it was called, arguments included; empty when it is gone. */
export function commandLineOf(pid: number): string {
  try {
    if (process.platform !== "linux") return runPs(["-ww", "-o", "args=", "-p", String(pid)]);
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** A process and all that it has started, with what those have started. */
export function listFamily(pid: number): number[] {
  const rows = runPs(["-A", "-o", "pid=,ppid="]).split("\n");
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number));
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of pairs) {
      if (parent === member && child !== undefined) family.push(child);
    }
  }
  return family;
}

/** The identity in unknown data, for example a parsed file. */
export function parseIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!("pid" in value) || !("startedAt" in value)) return undefined;
  const { pid, startedAt } = value;
  if (typeof pid !== "number" || typeof startedAt !== "string") return undefined;
  return { pid, startedAt };
}

/**
 * Start times there are ticks since boot, so the boot's own id belongs to it. proc(5): the fields
 * are counted after the last bracket, because a program's name may contain brackets and spaces.
 */
function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === "Z" || state === "X" || startTicks === undefined) return undefined;
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${bootId}/${startTicks}`;
  } catch {
    return undefined;
  }
}

function startFromPs(pid: number): string | undefined {
  try {
    const line = runPs(["-o", "stat=,lstart=", "-p", String(pid)]);
    const [state = "", ...started] = line.split(/\s+/);
    return state === "" || state.startsWith("Z") ? undefined : started.join(" ");
  } catch {
    return undefined;
  }
}

function runPs(args: readonly string[]): string {
  return execFileSync("ps", args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "ignore"],
    timeout: PS_TIMEOUT_MS,
  }).trim();
}
