/** One thread of `npm run simulate`: plays the seeds that it is given, and tells what became of them. */
import { parentPort } from "node:worker_threads";

import { judge } from "./judge.ts";
import { buildPlan } from "./plan.ts";
import { addVerdict, buildTally } from "./tally.ts";

export type Share = { readonly first: number; readonly count: number };

async function play({ first, count }: Share): Promise<void> {
  const tally = buildTally();
  for (let seed = first; seed < first + count; seed++) {
    addVerdict(tally, await judge(buildPlan(seed)));
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(tally);
}

parentPort?.on("message", (share: Share) => {
  void play(share);
});
