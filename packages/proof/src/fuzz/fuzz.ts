/**
 * `npm run fuzz`: requests over HTTP and messages in the line that nobody should send, and what must hold of the
 * answers all the same. Ends false at any fault; each is told with what repeats it.
 */
import { HttpRun } from "./http-run.ts";
import type { FuzzTarget } from "./target.ts";
import { listPoisonKinds } from "./poison.ts";
import { TopicRun } from "./topic-run.ts";
import { Watch } from "./watch.ts";

type FuzzJob = {
  readonly target: FuzzTarget;
  readonly requests: number;
  readonly messages: number;
  readonly seed: number;
  /** How much later than without poison a good booking may be answered. */
  readonly goodMsMax: number;
  readonly print: (line: string) => void;
  /** Ends the part that runs, with its report. */
  readonly signal: AbortSignal;
};

type Report = (fault: string) => void;

const PROGRESS_MS = 10_000;
const FAULTS_SHOWN = 30;

/** True if there was no fault. */
export async function runFuzz(job: FuzzJob): Promise<boolean> {
  const { target, requests, messages, seed, print } = job;
  print(`${requests} requests and ${messages} messages at ${target.url}, --seed ${seed}`);
  let faults = 0;
  const onFault: Report = (fault) => {
    faults += 1;
    if (faults <= FAULTS_SHOWN) print(`FAULT ${fault}`);
  };
  const watch = new Watch(target);
  let wrong: string[];
  try {
    if (requests > 0) await fuzzHttp(job, onFault);
    if (messages > 0) await fuzzTopic(job, onFault);
  } finally {
    wrong = watch.close();
  }
  for (const line of ["", ...watch.describe()]) print(line);
  for (const fault of wrong) onFault(fault);
  print("");
  print(faults === 0 ? "No fault was found." : `${faults} faults, with --seed ${seed}.`);
  return faults === 0;
}

async function fuzzHttp(job: FuzzJob, onFault: Report): Promise<void> {
  const { requests, print } = job;
  const run = await HttpRun.open({ ...job, onFault });
  const startedAt = performance.now();
  const stop = tellProgress(print, () => `${run.done} of ${requests} requests`);
  try {
    await run.run();
  } finally {
    stop();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  print("");
  print(
    `HTTP: ${run.done} requests in ${seconds.toFixed(0)} s, ${Math.round(run.done / seconds)}/s`,
  );
  for (const line of run.coverage.describe()) print(line);
  print(
    `  slowest GET that did not wait ${Math.round(run.slowestMs)} ms, deliberate 503 ${run.unavailable}, files broken off ${run.brokenOff}`,
  );
}

async function fuzzTopic(job: FuzzJob, onFault: Report): Promise<void> {
  const { messages, print } = job;
  const run = new TopicRun({ ...job, onFault });
  const startedAt = performance.now();
  const stop = tellProgress(
    print,
    () => `${run.sent} of ${messages} messages, ${run.good} good bookings`,
  );
  try {
    await run.run();
  } finally {
    stop();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const { ledger, goodMs } = run;
  const sorted = goodMs.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  print("");
  print(
    `Topic: ${run.sent} messages in ${seconds.toFixed(0)} s, ${ledger.parked} parked, ${ledger.decided} decided`,
  );
  for (const line of ledger.describeKinds()) print(line);
  for (const kind of ledger.listUntried(listPoisonKinds())) print(`  not tried: ${kind}`);
  print(
    `  good bookings meanwhile: ${run.good}, to the outcome p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`,
  );
  print(`  the slowest before there was any poison ${Math.round(run.quietMs ?? 0)} ms`);
  print(`  owners who asked and were told: ${run.owners}`);
}

function tellProgress(print: (line: string) => void, tell: () => string): () => void {
  const timer = setInterval(() => print(`  … ${tell()}`), PROGRESS_MS);
  return () => clearInterval(timer);
}
