/** One run of chaos: the system under load, episode after episode of faults, and then the checker on all of it. */
import { setTimeout as pause } from "node:timers/promises";

import type { Infrastructure } from "@seatline/infra/infrastructure.ts";
import { countWords } from "@seatline/shared/testing/figures.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";

import { violated } from "../finding.ts";
import type { Finding } from "../finding.ts";
import { findWrong } from "../history/check-history.ts";
import { describeFault } from "./chaos-plan.ts";
import type { ChaosPlan, Fault } from "./chaos-plan.ts";
import { RealSystem } from "../real/real-system.ts";
import { RECOVERY_MAX_MS, runEpisode } from "./episode.ts";
import type { EpisodeResult } from "./episode.ts";
import { gatherHistory } from "../real/gather-run.ts";
import { Load } from "../real/load.ts";

type ChaosOptions = {
  readonly infra: Infrastructure;
  /** Of the load. */
  readonly seed: number;
  readonly plan: ChaosPlan;
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

const READY_MAX_MS = 30_000;
/** All is well for so long before a run, and between its episodes. */
const CALM_MS = 1_000;

/** Rejects only where the run could not take place; what went wrong with the system is a finding. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { infra, seed, plan, folder } = options;
  const name = `chaos_${seed}_${process.pid}`;
  const system = await RealSystem.start({ infra, name, folder });
  let stopFaults: readonly string[] = [];
  try {
    const load = await Load.open(system, buildRandom(seed));
    load.start();
    const told: EpisodeResult[] = [];
    const wrong: Finding[] = [];
    for (const faults of plan) {
      await pause(CALM_MS);
      const episode = await runEpisode(system, load, faults);
      told.push(episode);
      if (episode.recoveryMs === null) wrong.push(standsStill(faults));
    }
    wrong.push(...(await becomeReady(system)));
    await load.stop();
    const history = await gatherHistory(system, load);
    wrong.push(...findWrong(history));
    stopFaults = await system.close();
    if (stopFaults.length > 0)
      wrong.push(violated("every service stops when it is told to", stopFaults));
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

async function becomeReady({ members }: RealSystem): Promise<Finding[]> {
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
  return late.length === 0 ? [] : [violated("every service is ready again", late)];
}

function standsStill(faults: readonly Fault[]): Finding {
  const words = faults.map(describeFault).join("; ");
  const detail = `no decision in some partition for ${RECOVERY_MAX_MS} ms after: ${words}`;
  return violated("the system goes on by itself", [detail]);
}
