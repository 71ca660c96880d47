/**
 * The simulated database keeps the promises of the real one: the same histories are committed on both, and after
 * every batch both say the same, whatever they are asked. Batches that contradict what is stored fail on both, in
 * the same way, and leave nothing behind.
 */
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";
import { buildStore } from "@seatline/shared/db/store.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import { createDatabase } from "@seatline/shared/testing/database.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";
import { describe, expect, it } from "vitest";

import { batchesOf } from "../history/batches-of.ts";
import type { History } from "../history/history.ts";
import { buildPlan } from "./plan.ts";
import { simulate } from "./simulate.ts";
import { buildSimulatedStore } from "./simulated-store.ts";
import { Tables } from "./tables.ts";

const HISTORIES = 10;
const seed = seedOfRun();
const NOBODY = "00000000-0000-7000-8000-000000000000";

type Pair = { readonly real: Store; readonly simulated: Store };

/** What both say, or how both fail. */
async function askBoth<T>({ real, simulated }: Pair, ask: (store: Store) => Promise<T>) {
  const [one, other] = await Promise.all([attempt(ask(real)), attempt(ask(simulated))]);
  expect(other).toEqual(one);
  return one;
}

async function attempt(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    return { code: error instanceof Error && "code" in error ? error.code : String(error) };
  }
}

const byId = <T extends { readonly id: string }>(rows: readonly T[]) =>
  rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** The two have clocks of their own. */
const withoutClock = <T extends object>(row: T) => ({ ...row, clockMs: null });

async function compareAll(pair: Pair, { tables }: History, random: Random): Promise<void> {
  const shows = [...tables.shows.map(({ id }) => id), NOBODY];
  const bookings = [...tables.bookings.map(({ id }) => id), NOBODY];
  const customers = shows.flatMap((showId) =>
    ["ann", "bob", "eve", "joe", "nobody"].map((customer) => ({ showId, customer })),
  );
  await askBoth(pair, async (store) => (await store.loadPartitions()).map(withoutClock));
  await askBoth(pair, async (store) => byId(await store.loadBookings(bookings)));
  await askBoth(pair, async (store) =>
    (await store.loadShows(shows))
      .toSorted((a, b) => (a.facts.id < b.facts.id ? -1 : 1))
      .map(({ stored, ...show }) => ({
        ...show,
        taken: [...stored.taken],
        standing: stored.standing.toSorted((a, b) => a.section - b.section),
        bookings: byId(stored.bookings),
      })),
  );
  await askBoth(pair, async (store) =>
    (await store.loadUsage(customers)).map((row) => JSON.stringify(row)).sort(),
  );
  for (const showId of shows) await compareShow(pair, showId, random);
  await askBoth(pair, async (store) => byId(await store.findShows(shows)));
  await askBoth(pair, async (store) => (await store.loadNewestIds()).toSorted());
  const [after, number] = [random.int(0, 2), random.int(1, 4)];
  await askBoth(pair, (store) => store.listShows({ after, limit: 2 }));
  await askBoth(pair, (store) => store.findShow(number));
  for (let partition = 0; partition <= TEST_PARTITIONS; partition++) {
    const from = random.int(0, 20);
    await askBoth(pair, async (store) =>
      (await store.loadRecords({ partition, from, limit: 3 })).map(recordOf),
    );
    await askBoth(pair, async (store) => {
      const record = await store.findRecordOf({ partition, offset: from });
      return record && recordOf(record);
    });
    const id = random.pick(bookings);
    await askBoth(pair, (store) => store.findBooking(id, partition));
  }
  await compareDue(pair);
}

const recordOf = ({ first, next, body }: { first: number; next: number; body: string }) => ({
  first,
  next,
  body,
});

async function compareShow(pair: Pair, showId: string, random: Random): Promise<void> {
  await askBoth(pair, (store) => store.findShow(showId));
  const page = { showId, after: random.int(-1, 20), limit: random.int(1, 10) };
  await askBoth(pair, (store) => store.loadToCancel(page));
  await askBoth(pair, async (store) => {
    const seats = await store.findSeats(showId);
    if (seats === null) return null;
    const held = seats.held.toSorted((a, b) => a - b);
    return { ...seats, held, standing: seats.standing.toSorted((a, b) => a.section - b.section) };
  });
}

/** The cursor's text is each database's own; the pages must have the same bookings. */
async function compareDue(pair: Pair): Promise<void> {
  for (const without of [[], [0], [1, 2]]) {
    await askBoth(pair, async (store) => {
      const first = await store.loadLapsed({ after: null, without, limit: 3 });
      const after = first.at(-1) ?? null;
      const second = after === null ? [] : await store.loadLapsed({ after, without, limit: 100 });
      return [...first, ...second].map(({ id, showId }) => ({ id, showId }));
    });
    await askBoth(pair, (store) => store.loadOpened({ without, limit: 2 }));
  }
}

/** Batches that must not be written, each made from one that may. Null where this one cannot be spoilt so. */
const SPOILERS: Readonly<Record<string, (batch: Batch) => Batch | null>> = {
  "begins elsewhere": (batch) => withRecord(batch, { first: batch.record.first + 1 }),
  "was decided on another history": (batch) => withRecord(batch, { previousTail: "1".repeat(64) }),
  "is of no partition": (batch) => withRecord(batch, { partition: 99 }),
  "builds on another version of a show": (batch) =>
    // A new show builds on none.
    batch.record.shows[0]?.version === 1
      ? null
      : withShow(batch, ({ version }) => ({ version: version + 1 })),
  "has counters that do not add up": (batch) => withShow(batch, ({ free }) => ({ free: free + 1 })),
  oversells: (batch) =>
    withShow(batch, ({ capacity }) => ({ free: -1, held: capacity + 1, confirmed: 0 })),
  "takes a seat twice": (batch) => {
    const [taken] = batch.net.taken;
    if (taken === undefined) return null;
    const twice = { ...taken, bookingId: NOBODY };
    return { ...batch, net: { ...batch.net, taken: [...batch.net.taken, twice] } };
  },
  "releases a seat of somebody else": (batch) => {
    const [released] = batch.net.released;
    if (released === undefined) return null;
    const others = [{ ...released, bookingId: NOBODY }];
    return { ...batch, net: { ...batch.net, released: others } };
  },
  "changes a booking that does not exist": (batch) => {
    const [change] = batch.net.bookings;
    if (change === undefined || change.first !== null) return null;
    const bookings = [{ first: change.last, last: change.last }];
    return { ...batch, net: { ...batch.net, bookings } };
  },
  "makes a booking that exists": (batch) => {
    const change = batch.net.bookings.find(({ first }) => first !== null);
    if (change === undefined) return null;
    const bookings = [{ first: null, last: change.last }];
    return { ...batch, net: { ...batch.net, bookings } };
  },
  "oversells a standing section": (batch) => {
    const show = batch.record.shows.find(({ standing }) => standing.length > 0);
    if (show === undefined) return null;
    const standing = show.standing.map((it) => ({ ...it, free: -1, held: it.free + it.held + 2 }));
    const shows = batch.record.shows.map((it) => (it === show ? { ...show, standing } : it));
    return withRecord(batch, { shows });
  },
};

/** Of the ways in which this batch can be spoilt, the one that was tried least. */
function chooseSpoiler(batch: Batch, tried: ReadonlyMap<string, readonly unknown[]>) {
  const ways = Object.entries(SPOILERS).flatMap(([name, spoil]) => {
    const spoilt = spoil(batch);
    return spoilt === null ? [] : [{ name, batch: spoilt, times: tried.get(name)?.length ?? 0 }];
  });
  const [least] = ways.sort((a, b) => a.times - b.times);
  if (least === undefined) throw new Error("any batch can begin elsewhere");
  return least;
}

function withRecord(batch: Batch, changes: Partial<Batch["record"]>): Batch {
  return { ...batch, record: { ...batch.record, ...changes } };
}

type RecordShow = Batch["record"]["shows"][number];

function withShow(batch: Batch, change: (show: RecordShow) => Partial<RecordShow>): Batch | null {
  const [first, ...rest] = batch.record.shows;
  if (first === undefined) return null;
  return withRecord(batch, { shows: [{ ...first, ...change(first) }, ...rest] });
}

describe("the simulated database", () => {
  it(`says what the real one says, history after history (SEED=${seed})`, async () => {
    const random = buildRandom(seed);
    const spoilt = new Map<string, unknown[]>();
    for (let count = 0; count < HISTORIES; count++) {
      const { history } = await simulate(buildPlan(random.int(1, 0x7fff_ffff)));
      await playOnBoth(history, { random, spoilt });
    }
    // Each was tried, and none of them was written.
    expect([...spoilt.keys()].sort()).toEqual(Object.keys(SPOILERS).sort());
    expect([...spoilt.values()].flat().filter(isCommitted)).toEqual([]);
  });
});

const isCommitted = (answer: unknown) => JSON.stringify(answer) === '{"committed":true}';

async function playOnBoth(
  history: History,
  { random, spoilt }: { readonly random: Random; readonly spoilt: Map<string, unknown[]> },
): Promise<void> {
  const database = await createDatabase();
  try {
    const tables = new Tables(TEST_PARTITIONS);
    const real = buildStore(database.sql);
    const simulated = buildSimulatedStore(async (statement) => {
      const [row] = await real.loadPartitions();
      return statement(tables, row?.clockMs ?? 0);
    });
    const pair = { real, simulated };
    const commit = (batch: Batch) =>
      askBoth(pair, async (store) => {
        const { committed } = await store.commitDecisions(batch);
        return { committed };
      });
    for (const { batch } of batchesOf(history)) {
      const spoil = chooseSpoiler(batch, spoilt);
      spoilt.set(spoil.name, [...(spoilt.get(spoil.name) ?? []), await commit(spoil.batch)]);
      expect(await commit(batch)).toEqual({ committed: true });
      if (random.chance(0.15)) await compareAll(pair, history, random);
    }
    await compareAll(pair, history, random);
    const limit = random.int(1, 5);
    await askBoth(pair, (store) => store.pruneRecords({ days: -1, limit }));
    await compareAll(pair, history, random);
  } finally {
    await database.close();
  }
}
