/**
 * Gathers, after the rush, what the checks need: what clients were told, and what the system says of
 * itself when asked in other ways. What cannot be gathered is said to be missing, never left out.
 */
import { setTimeout as pause } from "node:timers/promises";

import type { BookingSeen } from "./answers.ts";
import type { Client, Order, Reply } from "./client.ts";
import { runLanes } from "./lanes.ts";
import type { Asker, Rush } from "./rush.ts";
import { isLive } from "./sale-checks.ts";
import type { Evidence, Part, Repeat, Reuse, Told } from "./sale-checks.ts";

/** How many winners, and how many others, send their key again. */
const SAMPLE_MAX = 25;
const PROBE_LANES = 10;
const PROBE_WAIT_S = 20;
/** For how long a probe is repeated that the system does not answer. */
const PROBE_DEADLINE_MS = 30_000;

export async function gatherEvidence(
  { askers }: Rush,
  show: { readonly client: Client; readonly showId: string; readonly capacity: number },
): Promise<Evidence> {
  const { client, showId, capacity } = show;
  // First what sends, then what looks: anything that a repeated request changed is seen by the rest.
  const sample = takeSample(askers);
  const repeats = await gather(() => repeatKeys(client, sample));
  const reuses = await gather(() => reuseKeys(client, sample));
  return {
    capacity: { known: capacity },
    told: { known: askers.flatMap(tellOf) },
    unaccepted: {
      known: askers
        .filter(({ acked, turnedAway }) => acked === null && turnedAway === null)
        .map(({ order }) => order.customer),
    },
    turnedAway: {
      known: askers.flatMap(({ order, turnedAway }) =>
        turnedAway === null ? [] : [`${order.customer} was ${turnedAway}`],
      ),
    },
    repeats,
    reuses,
    listed: await gather(() => client.listBookings(showId)),
    counters: await gather(() => client.findShow(showId)),
    seatMap: await gather(() => client.findSeatMap(showId)),
  };
}

type Sampled = { readonly order: Order; readonly booking: BookingSeen };

function takeSample(askers: readonly Asker[]): Sampled[] {
  const decided = askers.flatMap(({ order, outcome }) =>
    outcome === null ? [] : [{ order, booking: outcome.booking }],
  );
  const winners = decided.filter(({ booking }) => isLive(booking));
  const others = decided.filter(({ booking }) => !isLive(booking));
  return [...spread(winners), ...spread(others)];
}

/** At most SAMPLE_MAX of them, from the first to the last. */
function spread<T>(items: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(items.length / SAMPLE_MAX));
  return items.filter((_, index) => index % step === 0);
}

async function repeatKeys(client: Client, sample: readonly Sampled[]): Promise<Repeat[]> {
  const repeats: Repeat[] = [];
  await runLanes(expectSample(sample), PROBE_LANES, async ({ order, booking }) => {
    const reply = await insist(() => client.book(order, PROBE_WAIT_S));
    const again = reply.kind === "booking" || reply.kind === "refused" ? reply.booking : null;
    repeats.push({ first: booking, again });
  });
  return repeats;
}

async function reuseKeys(client: Client, sample: readonly Sampled[]): Promise<Reuse[]> {
  const reuses: Reuse[] = [];
  await runLanes(expectSample(sample), PROBE_LANES, async ({ order, booking: { id } }) => {
    const reply = await insist(() => client.book({ ...order, count: 2 }, PROBE_WAIT_S));
    reuses.push({ id, reason: reply.kind === "refused" ? reply.reason : reply.kind });
  });
  return reuses;
}

function expectSample(sample: readonly Sampled[]): readonly Sampled[] {
  if (sample.length === 0) throw new Error("no booking has an outcome to repeat");
  return sample;
}

/** Asks until there is an answer, or the last thing heard when the time is up. */
async function insist(ask: () => Promise<Reply>): Promise<Reply> {
  const deadline = performance.now() + PROBE_DEADLINE_MS;
  for (;;) {
    const reply = await ask();
    if (reply.kind !== "again" || performance.now() + reply.afterMs > deadline) return reply;
    await pause(reply.afterMs);
  }
}

async function gather<T>(load: () => Promise<T>): Promise<Part<T>> {
  try {
    return { known: await load() };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

function tellOf({ order, sends, acked, outcome, lack }: Asker): Told[] {
  if (acked === null) return [];
  const { id, place } = acked;
  return [{ id, place, customer: order.customer, sends, outcome: outcome?.booking ?? null, lack }];
}
