/** The broker is killed and started again under load, many times: the system goes on by itself each time. */
import { encodeCount, encodeMs, percentile } from "@seatline/shared/testing/figures.ts";

import { runChaos } from "../chaos/chaos-run.ts";
import type { ChaosPlan } from "../chaos/chaos-plan.ts";
import { expectSo } from "./drill-result.ts";
import type { DrillGround, DrillResult } from "./drill-result.ts";

const KILLS = 20;
const DOWN_MS = 2_000;
/** From the broker's return to the next decision in every partition. */
const STALL_MAX_MS = 10_000;
const SEED = 1;

export async function drillBroker({ infra, folder }: DrillGround): Promise<DrillResult> {
  const kill = { kind: "server-killed", server: "kafka", atMs: 0, lastsMs: DOWN_MS } as const;
  const plan: ChaosPlan = Array.from({ length: KILLS }, () => [kill]);
  const run = await runChaos({ infra, seed: SEED, plan, folder });
  const recoveries = run.episodes.map(({ recoveryMs }) => recoveryMs ?? Infinity);
  const longest = percentile(recoveries, 1) ?? Infinity;
  return {
    figures: [
      ["the broker was killed and started again", `${recoveries.length} times`],
      ["calls of clients meanwhile", encodeCount(run.calls)],
      ["requests decided", encodeCount(run.decided)],
      [
        "from its return to a decision in every partition, median",
        encodeMs(percentile(recoveries, 0.5)),
      ],
      ["the longest", encodeMs(longest)],
      [
        "longest time without a decision, the broker's absence included",
        encodeMs(run.longestStallMs),
      ],
    ],
    wrong: [
      ...run.wrong,
      ...expectSo(
        "the line goes on soon after the broker is back",
        longest <= STALL_MAX_MS,
        `it took ${encodeMs(longest)} once`,
      ),
    ],
  };
}
