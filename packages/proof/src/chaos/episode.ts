/** One episode: a few faults begin, overlap and end, and then the system is left alone until it works again. */
import { setTimeout as pause } from "node:timers/promises";

import { beginFault } from "./begin-fault.ts";
import { describeFault } from "./chaos-plan.ts";
import type { Fault, FaultKind } from "./chaos-plan.ts";
import type { RealSystem } from "../real/real-system.ts";
import type { Load } from "../real/load.ts";

export type EpisodeResult = {
  readonly faults: readonly { readonly kind: FaultKind; readonly words: string }[];
  /** From the end of the last fault until every partition decided again; null if that never came. */
  readonly recoveryMs: number | null;
};

/** Before a worker's own watch ends it because it stands: that must not be what helps. */
export const RECOVERY_MAX_MS = 25_000;
const LOOK_MS = 20;

export async function runEpisode(
  system: RealSystem,
  load: Load,
  faults: readonly Fault[],
): Promise<EpisodeResult> {
  await Promise.all(faults.map((fault) => runFault(system, fault)));
  const endedAt = performance.now();
  const deadline = endedAt + RECOVERY_MAX_MS;
  let goneOnAt = load.probes.hasGoneOn(endedAt);
  while (goneOnAt === null && performance.now() < deadline) {
    await pause(LOOK_MS);
    goneOnAt = load.probes.hasGoneOn(endedAt);
  }
  const recoveryMs = goneOnAt === null ? null : goneOnAt - endedAt;
  system.note(recoveryMs === null ? "stands still" : `goes on after ${recoveryMs.toFixed(0)} ms`);
  return {
    faults: faults.map((fault) => ({ kind: fault.kind, words: describeFault(fault) })),
    recoveryMs,
  };
}

async function runFault(system: RealSystem, fault: Fault): Promise<void> {
  await pause(fault.atMs);
  system.note(`begins: ${describeFault(fault)}`);
  const end = await beginFault(system, fault);
  await pause(fault.lastsMs);
  await end();
  system.note(`ended: ${describeFault(fault)}`);
}
