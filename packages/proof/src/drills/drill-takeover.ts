/**
 * A worker is killed while very many requests wait, and a second one stands by: how soon the first of them is
 * committed, and whether all of them are decided.
 */
import { encodeCount, encodeMs } from "@seatline/shared/testing/figures.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { RealSystem, SESSION_TIMEOUT_MS } from "../real/real-system.ts";
import { gatherHistory } from "../real/gather-run.ts";
import { Load } from "../real/load.ts";
import type { Member } from "../real/member.ts";
import { findWrong } from "../history/check-history.ts";
import { expectSo } from "./drill-result.ts";
import type { DrillGround, DrillResult } from "./drill-result.ts";

const REQUESTS = 100_000;
const LANES = 48;
/** Beyond the session of the dead worker. */
const TAKEOVER_MAX_MS = 1_000;
const DECIDED_MAX_MS = 10 * 60_000;
const PROGRESS = 10_000;
const SEED = 1;

export async function drillTakeover({ infra, folder, print }: DrillGround): Promise<DrillResult> {
  const name = `drill_takeover_${process.pid}`;
  const system = await RealSystem.start({ infra, name, folder, partitions: 1 });
  try {
    const load = await Load.open(system, buildRandom(SEED));
    const owner = await findOwner(system);
    // It has the partition and can commit nothing, so that what is asked for stays in the line.
    owner.proxies.postgres.freeze();
    const before = await system.countDecided();
    await queueAll(load, print);
    await owner.kill();
    const killedAt = performance.now();
    await waitUntil(
      "the other one commits",
      async () => (await system.countDecided()) > before,
      DECIDED_MAX_MS,
    );
    const takeoverMs = performance.now() - killedAt;
    await waitUntil(
      "all is decided",
      async () => (await system.countDecided()) >= before + REQUESTS,
      DECIDED_MAX_MS,
    );
    const decidedMs = performance.now() - killedAt;
    owner.proxies.postgres.mend();
    owner.launch();
    await system.untilReady();
    const history = await gatherHistory(system, load);
    const rate = REQUESTS / ((decidedMs - takeoverMs) / 1_000);
    return {
      figures: [
        ["requests that waited when the worker was killed", encodeCount(REQUESTS)],
        ["session time-out", encodeMs(SESSION_TIMEOUT_MS)],
        ["from its death to the first commit of the other one", encodeMs(takeoverMs)],
        ["to the last of them decided", encodeMs(decidedMs)],
        ["decided per second, once begun", encodeCount(rate)],
      ],
      wrong: [
        ...findWrong(history),
        ...expectSo(
          "the first commit comes within the session time-out and a second",
          takeoverMs <= SESSION_TIMEOUT_MS + TAKEOVER_MAX_MS,
          `it came after ${encodeMs(takeoverMs)}`,
        ),
      ],
    };
  } finally {
    await system.close();
  }
}

async function queueAll(load: Load, print: (line: string) => void): Promise<void> {
  const showIds = load.showIds;
  let left = REQUESTS;
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      while (left > 0) {
        left -= 1;
        const index = left;
        if (index % PROGRESS === 0) print(`  ${index} to be asked for`);
        const recorder = load.recorders[index % load.recorders.length];
        const showId = showIds[index % showIds.length] ?? "";
        const heard = await recorder?.book({ showId, count: 1 }, { key: null });
        // Every one of them must stand in the line.
        if (heard?.kind !== "queued") left += 1;
      }
    }),
  );
}

/** The worker that has the one partition. */
async function findOwner({ members }: RealSystem): Promise<Member> {
  return await waitUntil("a worker has the partition", () => {
    const owners = members.filter(({ service }) => hasPartition(service.log));
    return owners.length === 1 ? owners[0] : null;
  });
}

function hasPartition(log: string): boolean {
  const assigned = log.split("\n").findLast((line) => line.includes('"partitions assigned"'));
  return assigned?.includes('"partitions":[0]') ?? false;
}
