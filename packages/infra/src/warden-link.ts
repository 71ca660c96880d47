/**
 * Starts the warden (warden.ts) of this process, and sends it home when all is well.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

type WardenOptions = {
  readonly statePath: string;
  /** A folder to remove once nothing runs in it any more. */
  readonly remove?: string;
};

type Warden = {
  readonly identity: ProcessIdentity | null;
  /** Resolves when it is gone. The state file must say by then that nothing runs. */
  close(): Promise<void>;
};

const CLOSE_TIMEOUT_MS = 15_000;

/** The warden hears of our death by the end of its standard input, however we die. */
export function startWarden({ statePath, remove }: WardenOptions): Warden {
  const script = join(import.meta.dirname, "warden.ts");
  const args = [script, statePath, ...(remove === undefined ? [] : [remove])];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => undefined); // Without a warden, the next start cleans up.
  child.stdin.on("error", () => undefined);
  child.unref();
  return {
    identity: child.pid === undefined ? null : (identifyProcess(child.pid) ?? null),
    close: async () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.stdin.end();
      const late = new AbortController();
      const deadline = delay(CLOSE_TIMEOUT_MS, "late", { signal: late.signal }).catch(() => "gone");
      if ((await Promise.race([gone, deadline])) === "late") child.kill("SIGKILL");
      late.abort();
    },
  };
}
