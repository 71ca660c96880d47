/** `npm run simulate`: very many simulated runs, and what was found; or one of them, told step by step. */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

import { parseWholeOption } from "@seatline/shared/testing/whole-option.ts";

import { describeWrong } from "../finding.ts";
import { judge } from "./judge.ts";
import type { Wrong } from "./judge.ts";
import { buildPlan } from "./plan.ts";
import type { Plan } from "./plan.ts";
import { shrink } from "./shrink.ts";
import { addTally, buildTally, medianOf, totalOf } from "./tally.ts";
import type { Tally } from "./tally.ts";
import type { Share } from "./thread.ts";

const RUNS_MAX = 100_000_000;
const SEED_MAX = 0x7fff_ffff;
const THREADS_MAX = 64;
/** Seeds that a thread plays before it tells of them. */
const SHARE = 50;
const PROGRESS_MS = 5_000;
const FAILURES_MAX = 10;
const YOUNG_GENERATION_MB = 64;

type Print = (line: string) => void;

/** Runs what the arguments ask for; true if nothing went wrong. */
export async function runSimulate(args: readonly string[], print: Print): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: "string", default: "2000" },
      seed: { type: "string" },
      threads: { type: "string", default: String(availableParallelism()) },
      first: { type: "boolean", default: false },
      only: { type: "string" },
      plan: { type: "string" },
    },
  });
  if (values.only !== undefined) {
    return await playOne(
      buildPlan(parseWholeOption("--only", values.only, { max: SEED_MAX })),
      print,
    );
  }
  if (values.plan !== undefined) return await playOne(await readPlan(values.plan), print);
  const runs = parseWholeOption("--runs", values.runs, { max: RUNS_MAX });
  const threads = parseWholeOption("--threads", values.threads, { max: THREADS_MAX });
  const now = Date.now() % SEED_MAX;
  const seed =
    values.seed === undefined ? now : parseWholeOption("--seed", values.seed, { max: SEED_MAX });
  return await playMany({ seed, runs, threads, isFirstEnough: values.first }, print);
}

type Many = {
  readonly seed: number;
  readonly runs: number;
  readonly threads: number;
  /** Ends with the first that goes wrong, as it is. */
  readonly isFirstEnough: boolean;
};

async function playMany(many: Many, print: Print): Promise<boolean> {
  const { seed, runs, threads, isFirstEnough } = many;
  const failuresMax = isFirstEnough ? 1 : FAILURES_MAX;
  print(`${runs} runs from seed ${seed} on, in ${threads} threads`);
  const startedAt = performance.now();
  const tally = buildTally();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const progress = setInterval(() => {
    print(`  … ${tally.runs} of ${runs} runs, ${(tally.runs / seconds()).toFixed(0)} per second`);
  }, PROGRESS_MS);
  let next = seed;
  const end = seed + runs;
  const takeShare = (): Share | null => {
    if (next >= end || tally.failures.length >= failuresMax) return null;
    const share = { first: next, count: Math.min(SHARE, end - next) };
    next += share.count;
    return share;
  };
  try {
    await Promise.all(Array.from({ length: threads }, () => runThread(takeShare, tally)));
  } finally {
    clearInterval(progress);
  }
  for (const line of describeTally(tally)) print(line);
  print(`${tally.runs} runs in ${seconds().toFixed(0)} s, ${tally.failures.length} went wrong`);
  const [failure] = tally.failures;
  if (failure === undefined) return true;
  for (const line of describeWrong(failure.wrong)) print(line);
  print(`It happens again with: npm run simulate -- --only ${failure.seed}`);
  if (!isFirstEnough) await makeSmall(failure.seed, failure.wrong, print);
  return false;
}

/** One thread works through shares until there are no more. */
async function runThread(takeShare: () => Share | null, tally: Tally): Promise<void> {
  const thread = new Worker(new URL("./thread.ts", import.meta.url), {
    // Nearly all of a run is gone when it is over: room for that spares the collector its work.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  try {
    for (let share = takeShare(); share !== null; share = takeShare()) {
      addTally(tally, await ask(thread, share));
    }
  } finally {
    await thread.terminate();
  }
}

/** Rejects with what ended the thread, if anything did. */
async function ask(thread: Worker, share: Share): Promise<Tally> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  thread.postMessage(share);
  const [tally] = (await once(thread, "message")) as [Tally];
  return tally;
}

function* describeTally(tally: Tally): Generator<string> {
  const { requests, faults, events, runs } = tally;
  yield `requests: ${totalOf(requests)}, median of a run ${medianOf(requests)}`;
  yield `faults that happened: ${totalOf(faults)}, median of a run ${medianOf(faults)}`;
  yield `steps: ${events}, ${(events / Math.max(1, runs)).toFixed(0)} in a run`;
  yield "faults:";
  yield* describeCounts(tally.injected);
  yield "reached:";
  yield* describeCounts(tally.reached);
}

function* describeCounts(counts: ReadonlyMap<string, number>): Generator<string> {
  for (const [what, times] of [...counts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    yield `  ${String(times).padStart(12)}  ${what}`;
  }
}

async function makeSmall(seed: number, wrong: readonly Wrong[], print: Print): Promise<void> {
  const [{ name } = { name: "" }] = wrong;
  const smallest = await shrink(buildPlan(seed), name);
  const file = `simulate-${seed}.json`;
  await writeFile(file, `${JSON.stringify(smallest, null, 1)}\n`);
  print(`Made as small as possible: npm run simulate -- --plan ${file}`);
}

/** One run, step by step. */
async function playOne(plan: Plan, print: Print): Promise<boolean> {
  const { wrong, requests, events } = await judge(plan, print);
  for (const line of describeWrong(wrong)) print(line);
  print(`${requests} requests, ${events} steps, ${wrong.length === 0 ? "all is well" : "wrong"}`);
  return wrong.length === 0;
}

async function readPlan(file: string): Promise<Plan> {
  return JSON.parse(await readFile(file, "utf8")) as Plan;
}
