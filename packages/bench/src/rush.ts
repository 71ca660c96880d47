/**
 * The rush itself: everybody asks at once, whoever is turned away for the moment asks again with the
 * same key, and whoever is accepted waits for the outcome. Only notes what happened; judges nothing.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import type { BookingSeen } from "./answers.ts";
import type { Client, Order } from "./client.ts";
import { runLanes } from "./lanes.ts";

/** One customer's request, with what has become of it so far. Times are `performance.now()`. */
export type Asker = {
  readonly order: Order;
  sends: number;
  firstSentAt: number;
  lastSentAt: number;
  acked: { readonly id: string; readonly place: string | null; readonly at: number } | null;
  outcome: { readonly booking: BookingSeen; readonly at: number } | null;
  /** Why there is no outcome, once nobody waits for it any more. */
  lack: string | null;
  /** An answer that ends the matter where none should. */
  turnedAway: string | null;
  /** What made it ask again, each time. */
  readonly setbacks: string[];
};

export type Rush = { readonly askers: readonly Asker[]; readonly startedAt: number };

/** For how long one customer keeps asking, and keeps waiting for the outcome: outages included. */
const ACCEPT_DEADLINE_MS = 90_000;
const OUTCOME_DEADLINE_MS = 90_000;
/** One long-poll; the server allows 30. */
const POLL_WAIT_S = 20;
/** Between two looks at a request that is still in the line. */
const POLL_PAUSE_MIN_MS = 20;
const POLL_PAUSE_MAX_MS = 1_000;

export function buildRush(showId: string, count: number): Rush {
  const askers = Array.from({ length: count }, (_, index): Asker => ({
    order: { showId, key: randomUUID(), customer: `stress-${index + 1}`, count: 1 },
    sends: 0,
    firstSentAt: 0,
    lastSentAt: 0,
    acked: null,
    outcome: null,
    lack: null,
    turnedAway: null,
    setbacks: [],
  }));
  return { askers, startedAt: performance.now() };
}

/**
 * Sends everything over `asking` and follows what is accepted over `following`, so that waiting does
 * not hold up asking. Resolves when every asker has an outcome or has given up; never throws.
 */
export async function runRush(
  { askers }: Rush,
  options: {
    readonly asking: Client;
    readonly following: Client;
    readonly connections: number;
    readonly onAck: (acked: number) => void;
  },
): Promise<void> {
  const { asking, following, connections, onAck } = options;
  const follows: Promise<void>[] = [];
  let acked = 0;
  await runLanes(askers, connections, async (asker) => {
    await ask(asker, asking);
    if (asker.acked === null) return;
    acked += 1;
    onAck(acked);
    // The client's pool bounds how many of these are under way.
    follows.push(follow(asker, following));
  });
  await Promise.all(follows);
}

async function ask(asker: Asker, client: Client): Promise<void> {
  asker.firstSentAt = performance.now();
  const deadline = asker.firstSentAt + ACCEPT_DEADLINE_MS;
  for (;;) {
    asker.lastSentAt = performance.now();
    asker.sends += 1;
    const reply = await client.book(asker.order);
    const at = performance.now();
    switch (reply.kind) {
      case "queued":
        asker.acked = { id: reply.id, place: reply.place, at };
        return;
      case "booking":
        asker.turnedAway = "answered with an outcome, though no wait was asked for";
        return;
      case "refused":
        asker.turnedAway = `turned away: ${reply.status} ${reply.reason}`;
        return;
      case "again":
        asker.setbacks.push(reply.why);
        if (at + reply.afterMs > deadline) return;
        await pause(reply.afterMs);
    }
  }
}

async function follow(asker: Asker, client: Client): Promise<void> {
  const { acked } = asker;
  if (acked === null) return;
  const deadline = acked.at + OUTCOME_DEADLINE_MS;
  asker.lack = `not decided within ${OUTCOME_DEADLINE_MS / 1_000} s`;
  while (performance.now() < deadline) {
    const reply = await client.find(acked, POLL_WAIT_S);
    switch (reply.kind) {
      case "booking":
        asker.outcome = { booking: reply.booking, at: performance.now() };
        asker.lack = null;
        return;
      case "refused":
        asker.lack = `its place ${acked.place} was answered ${reply.status} ${reply.reason}`;
        return;
      case "queued":
        await pause(Math.min(Math.max(reply.pollAfterMs, POLL_PAUSE_MIN_MS), POLL_PAUSE_MAX_MS));
        break;
      case "again":
        await pause(reply.afterMs);
    }
  }
}
