/**
 * One start per checkout: takes its lock and clears what an earlier one left behind when it was
 * killed. Afterwards nothing of this checkout runs but the caller.
 */
import { mkdirSync } from "node:fs";
import { removeComposeProject } from "./compose-infra.ts";
import { acquireLock } from "./lock.ts";
import type { LockAttempt } from "./lock.ts";
import { stopOrphans } from "./orphans.ts";
import { PASSABLE_MODE } from "./paths.ts";
import type { StartHome } from "./paths.ts";
import { isSameProcessAlive } from "./process-identity.ts";
import { readState, removeState } from "./state-file.ts";
import { waitUntil } from "./wait-until.ts";

type ClaimOptions = {
  readonly root: string;
  readonly home: StartHome;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
};

/** Services, then servers, each with a deadline of its own. */
const STOP_WAIT_TIMEOUT_MS = 45_000;
/** The warden stops services, then servers, each with a deadline of its own. */
const WARDEN_TIMEOUT_MS = 45_000;

/** Throws one sentence when another start holds this checkout. Returns how to let go of it. */
export async function claimCheckout(options: ClaimOptions): Promise<() => void> {
  const { home } = options;
  mkdirSync(home.folder, { recursive: true, mode: PASSABLE_MODE });
  const lock = await acquireUnlessRunning(options);
  if (!lock.held) throw new Error(describeHolder(home, lock.holder.pid));
  try {
    await clearRemains(options);
    return lock.release;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A start that is on its way out is waited for: `kill` and `npm start` in one line should work. */
async function acquireUnlessRunning({ home, log, signal }: ClaimOptions): Promise<LockAttempt> {
  let lock = await acquireLock(home.lock);
  if (lock.held || readState(home.state)?.isStopping !== true) return lock;
  log("An earlier start is stopping: waiting for it …");
  const isFree = async (): Promise<boolean> => {
    lock = await acquireLock(home.lock);
    return lock.held;
  };
  await waitUntil(isFree, { timeoutMs: STOP_WAIT_TIMEOUT_MS, signal });
  return lock;
}

async function clearRemains({ root, home, env, log, signal }: ClaimOptions): Promise<void> {
  const state = readState(home.state);
  if (state === undefined) return;
  log("An earlier start was killed: clearing what it left …");
  const { warden } = state;
  if (warden !== null) {
    await waitUntil(() => !isSameProcessAlive(warden), { timeoutMs: WARDEN_TIMEOUT_MS, signal });
  }
  const stopped = await stopOrphans(state);
  if (stopped.length > 0) log(`Stopped ${stopped.join(", ")}.`);
  if (state.composeProject !== null) await removeComposeProject(root, { env });
  removeState(home.state);
}

function describeHolder(home: StartHome, pid: number): string {
  const url = readState(home.state)?.url;
  const place = url ? ` at ${url}` : "";
  return `Seatline is running already in this checkout${place} (process ${pid}): stop it with Ctrl-C there, or with kill ${pid}.`;
}
