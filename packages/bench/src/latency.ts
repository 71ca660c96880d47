/**
 * `npm run latency`: how long one person waits when nobody else is there. One request at a time, with
 * a breath between two, so that none meets the traces of the one before.
 */
import { randomUUID } from "node:crypto";
import { availableParallelism, cpus, loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

import { Client } from "./client.ts";
import type { Reply } from "./client.ts";
import { buildLatencyTable, findMissedTargets } from "./latency-report.ts";
import type { Samples } from "./latency-report.ts";
import type { LatencyOptions } from "./options.ts";
import { findTarget } from "./target.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

const WARM_UP_COUNT = 200;
/** Spread, so that samples do not keep step with a timer of the system. */
const BREATH_MIN_MS = 5;
const BREATH_SPREAD_MS = 10;
/** How long one outcome is waited for before the run is given up. */
const OUTCOME_WAIT_S = 5;
const HOLD_S = 60 * 60;
const PROGRESS_MS = 5_000;

/** Measures and prints; true if every target is met. Throws one sentence if it cannot. */
export async function runLatency(
  { url: given, samples }: LatencyOptions,
  { env, print }: { readonly env: Environment; readonly print: (line: string) => void },
): Promise<boolean> {
  const { url, adminToken } = findTarget(given, env);
  const client = new Client(url, { connections: 1, adminToken });
  try {
    const capacity = 2 * (samples + WARM_UP_COUNT);
    const show = await client.createShow("Latency test", { capacity, holdSeconds: HOLD_S });
    print(describeMachine(url));
    const probe = { client, showId: show.id, print };
    await sample(probe, WARM_UP_COUNT, "warming up: ");
    const measured = await sample(probe, samples, "");
    for (const line of ["", ...buildLatencyTable(measured), ""]) print(line);
    const missed = findMissedTargets(measured);
    print(missed.length === 0 ? "Every target is met." : `Missed: ${missed.join("; ")}.`);
    return missed.length === 0;
  } finally {
    await client.close();
  }
}

type Probe = {
  readonly client: Client;
  readonly showId: string;
  readonly print: (line: string) => void;
};

/** The two ways of asking take turns, so that whatever slows the machine meets both. */
async function sample(probe: Probe, count: number, what: string): Promise<Samples> {
  const samples = { toAck: [] as number[], toPolled: [] as number[], toOutcome: [] as number[] };
  let saidAt = performance.now();
  for (let index = 0; index < count; index += 1) {
    await breathe();
    const { ackMs, outcomeMs } = await askThenPoll(probe);
    samples.toAck.push(ackMs);
    samples.toPolled.push(outcomeMs);
    await breathe();
    samples.toOutcome.push(await askAndWait(probe));
    if (performance.now() - saidAt < PROGRESS_MS) continue;
    saidAt = performance.now();
    probe.print(`  … ${what}${index + 1} of ${count}`);
  }
  return samples;
}

async function askThenPoll({ client, showId }: Probe) {
  const startedAt = performance.now();
  const reply = await client.book(buildOrder(showId));
  const ackedAt = performance.now();
  if (reply.kind !== "queued") throw unexpected("the booking", reply);
  const found = await client.find(reply, OUTCOME_WAIT_S);
  if (found.kind !== "booking") throw unexpected("its place", found);
  return { ackMs: ackedAt - startedAt, outcomeMs: performance.now() - startedAt };
}

async function askAndWait({ client, showId }: Probe): Promise<number> {
  const startedAt = performance.now();
  const reply = await client.book(buildOrder(showId), OUTCOME_WAIT_S);
  if (reply.kind !== "booking") throw unexpected("the booking", reply);
  return performance.now() - startedAt;
}

function buildOrder(showId: string) {
  const key = randomUUID();
  return { showId, key, customer: `latency-${key}`, count: 1 };
}

function unexpected(what: string, reply: Reply): Error {
  const { kind } = reply;
  const why =
    kind === "refused" ? `${reply.status} ${reply.reason}` : kind === "again" ? reply.why : kind;
  return new Error(`Nothing can be measured: ${what} was answered ${why}.`);
}

function breathe(): Promise<void> {
  return pause(BREATH_MIN_MS + Math.random() * BREATH_SPREAD_MS);
}

function describeMachine(url: string): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${url} on ${availableParallelism()} × ${model}, Node ${process.versions.node}, load average ${load} at the start`;
}
