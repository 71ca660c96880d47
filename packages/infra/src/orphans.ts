/**
 * Stops what a killed supervisor left running, in the order in which it would have done so itself.
 * Never touches a process whose start time is not the one that was written down.
 */
import { isSameProcessAlive, signalProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { childProcessesOf } from "./state-file.ts";
import type { RunState } from "./state-file.ts";
import { waitUntil } from "./wait-until.ts";

type Orphan = { readonly name: string; readonly identity: ProcessIdentity };

const ORPHAN_STOP_TIMEOUT_MS = 10_000;
const ORPHAN_KILL_TIMEOUT_MS = 5_000;

/** The two that the others need stop last. Postgres: SIGINT is its fast shutdown, SIGTERM waits for clients. */
const INFRA_STOP_SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  kafka: "SIGTERM",
  postgres: "SIGINT",
};

/** The names of those that were still there; all are gone when it resolves. */
export async function stopOrphans(state: RunState): Promise<string[]> {
  const alive = childProcessesOf(state).filter(({ identity }) => isSameProcessAlive(identity));
  const isInfra = ({ name }: Orphan): boolean => name in INFRA_STOP_SIGNALS;
  await stopAll(alive.filter((orphan) => !isInfra(orphan)));
  await stopAll(alive.filter(isInfra));
  return alive.map(({ name }) => name);
}

/** SIGKILL to all of them, without waiting. */
export function killNow(state: RunState): void {
  for (const { identity } of childProcessesOf(state)) signalProcess(identity, "SIGKILL");
}

async function stopAll(orphans: readonly Orphan[]): Promise<void> {
  for (const { name, identity } of orphans) {
    signalProcess(identity, INFRA_STOP_SIGNALS[name] ?? "SIGTERM");
  }
  const areGone = (): boolean => orphans.every(({ identity }) => !isSameProcessAlive(identity));
  if (await waitUntil(areGone, { timeoutMs: ORPHAN_STOP_TIMEOUT_MS })) return;
  for (const { identity } of orphans) signalProcess(identity, "SIGKILL");
  await waitUntil(areGone, { timeoutMs: ORPHAN_KILL_TIMEOUT_MS });
}
