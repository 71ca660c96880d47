/** One run of chaos: the system under load, episode after episode of faults, and then the checker on all of it. */
import { setTimeout as pause } from "node:timers/promises";

import type { Infrastructure } from "@seatline/infra/infrastructure.ts";
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { countWords } from "@seatline/shared/testing/figures.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";

import type { Finding } from "../finding.ts";
import { checkHistory } from "../history/check-history.ts";
import { knownOf } from "../history/customer.ts";
import { gatherSystem } from "../history/gather.ts";
import type { History } from "../history/history.ts";
import { beginFault } from "./begin-fault.ts";
import { buildChaosPlan, describeFault } from "./chaos-plan.ts";
import type { Fault, FaultKind } from "./chaos-plan.ts";
import { ChaosSystem } from "./chaos-system.ts";
import { Load } from "./load.ts";

type ChaosOptions = {
  readonly infra: Infrastructure;
  readonly seed: number;
  readonly episodes: number;
  /** Where its logs are kept. */
  readonly folder: string;
};

export type ChaosResult = {
  readonly seed: number;
  readonly calls: number;
  readonly decided: number;
  readonly episodes: readonly EpisodeResult[];
  /** The longest time for which clients heard of no decision, faults included, in milliseconds. */
  readonly longestStallMs: number;
  /** Services that ended and were not told to, each with its last words. */
  readonly ends: readonly string[];
  /** What logs said that is worse than `info`, and how often. */
  readonly complaints: readonly (readonly [words: string, times: number])[];
  /** What is not so; nothing in a good run. */
  readonly wrong: readonly Finding[];
};

type EpisodeResult = {
  readonly faults: readonly { readonly kind: FaultKind; readonly words: string }[];
  /** From the end of the last fault until every partition decided again; null if that never came. */
  readonly recoveryMs: number | null;
};

const RECOVERY_MAX_MS = 60_000;
const READY_MAX_MS = 30_000;
const LOOK_MS = 20;
/** All is well for so long before a run, and between its episodes. */
const CALM_MS = 1_000;
const GATHER_MAX_MS = 60_000;
/** Until all gateways have read what was published. */
const REST_MS = 2_000;
/** A sweep, and its way through the line of a busy machine. */
const LAPSE_MAX_MS = 10_000;
const LOOKS_MAX = 1_000;
const LOOKS_AT_ONCE = 20;

/** Rejects only where the run could not take place; what went wrong with the system is a finding. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { infra, seed, episodes, folder } = options;
  const name = `chaos_${seed}_${process.pid}`;
  const system = await ChaosSystem.start({ infra, name, folder });
  let stopFaults: readonly string[] = [];
  try {
    const load = await Load.open(system, buildRandom(seed));
    load.start();
    const without: FaultKind[] = system.server("kafka").fillDisk === null ? ["disk-full"] : [];
    const told: EpisodeResult[] = [];
    const wrong: Finding[] = [];
    for (const faults of buildChaosPlan(seed, { episodes, without })) {
      await pause(CALM_MS);
      const episode = await runEpisode(system, load, faults);
      told.push(episode);
      if (episode.recoveryMs === null) wrong.push(standsStill(faults));
    }
    wrong.push(...(await becomeReady(system)));
    await load.stop();
    const history = await gatherHistory(system, load);
    wrong.push(...checkHistory(history).filter(({ verdict }) => verdict !== "ok"));
    stopFaults = await system.close();
    if (stopFaults.length > 0)
      wrong.push(fail("every service stops when it is told to", stopFaults));
    return {
      seed,
      calls: history.calls.length,
      decided: history.tables.partitions.reduce((sum, { nextOffset }) => sum + nextOffset, 0),
      episodes: told,
      longestStallMs: load.probes.longestStallMs,
      ends: system.members.flatMap(({ ends }) => ends),
      complaints: countWords(
        system.complaints.map(({ service, level, words }) => `${service}: ${level}: ${words}`),
      ),
      wrong,
    };
  } catch (error) {
    await system.close().catch(() => {});
    throw error;
  }
}

async function runEpisode(
  system: ChaosSystem,
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

async function runFault(system: ChaosSystem, fault: Fault): Promise<void> {
  await pause(fault.atMs);
  system.note(`begins: ${describeFault(fault)}`);
  const end = await beginFault(system, fault);
  await pause(fault.lastsMs);
  await end();
  system.note(`ended: ${describeFault(fault)}`);
}

async function becomeReady({ members }: ChaosSystem): Promise<Finding[]> {
  const deadline = performance.now() + READY_MAX_MS;
  const late: string[] = [];
  for (const { name, service } of members) {
    const restMs = Math.max(1, deadline - performance.now());
    const isReady = await service.untilReady(restMs).then(
      () => true,
      () => false,
    );
    if (!isReady) late.push(`${name} is not ready ${READY_MAX_MS} ms after everything`);
  }
  return late.length === 0 ? [] : [fail("every service is ready again", late)];
}

/** When everything is decided and published, everybody is asked for every booking once more. */
async function gatherHistory(system: ChaosSystem, load: Load): Promise<History> {
  const { sql, kafka, topics } = system;
  const source = { sql, kafka, topics, deadlineMs: GATHER_MAX_MS };
  const before = await gatherSystem(source);
  await pause(REST_MS);
  const nextOffsets: number[] = [];
  for (const { partition, nextOffset } of before.tables.partitions) {
    nextOffsets[partition] = nextOffset;
  }
  const rest = { atMs: performance.now(), nextOffsets };
  await lookAtAll(load);
  const seen = await gatherSystem(source);
  return { calls: load.calls, ...seen, lapseMaxMs: LAPSE_MAX_MS, rest, bounds: BOUNDS };
}

async function lookAtAll({ calls, recorders }: Load): Promise<void> {
  const told = calls.flatMap(({ heard }) => knownOf(heard)?.id ?? []);
  const ids = [...new Set(told)].slice(-LOOKS_MAX);
  await Promise.all(
    Array.from({ length: LOOKS_AT_ONCE }, async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        for (const recorder of recorders) await recorder.find(id);
      }
    }),
  );
}

function standsStill(faults: readonly Fault[]): Finding {
  const words = faults.map(describeFault).join("; ");
  const detail = `no decision in some partition for ${RECOVERY_MAX_MS} ms after: ${words}`;
  return fail("the system goes on by itself", [detail]);
}

function fail(name: string, details: readonly string[]): Finding {
  return { name, verdict: "violated", details };
}
