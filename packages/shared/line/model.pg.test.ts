/**
 * The model equals the database: random sales go through the worker's own `decideBatch` and through
 * `commit_decisions`; after every commit, what is loaded is what `apply` made of the state. Each batch
 * is decided on what was loaded, as by a new owner. A run that fails names its seed; `SEED=…` brings
 * it back.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { encodeRequest } from "../contract/request.ts";
import { layoutSeats } from "../core/layout.ts";
import type { Section } from "../core/layout.ts";
import type { Book, CreateShow, Request, Want } from "../core/model.ts";
import { buildLineState, freePlaces, isLive } from "../core/show.ts";
import type { LineState, Show } from "../core/show.ts";
import type { Sql } from "../db/client.ts";
import { commitDecisions } from "../db/commit-decisions.ts";
import type { Batch } from "../db/commit-decisions.ts";
import { loadBookings } from "../db/load-bookings.ts";
import { loadPartitions } from "../db/load-partitions.ts";
import { findSeats, findShow, loadShows } from "../db/load-shows.ts";
import type { ShowHead } from "../db/load-shows.ts";
import { checkState } from "../testing/core-invariants.ts";
import { buildLine } from "../testing/batches.ts";
import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestConfirm,
  requestExpire,
  requestShow,
} from "../testing/requests.ts";

import { decideBatch, positionAfter, readMessage } from "./batch.ts";
import type { Position } from "./batch.ts";

const SALES = 3;
const BATCHES = 40;
const BATCH_REQUESTS_MAX = 60;
const HOLD_MS = 1_000;
const seed = seedOfRun();

type Sale = {
  readonly random: Random;
  readonly shows: readonly CreateShow[];
  readonly books: Book[];
  position: Position;
};

/** What must have come up in a run for it to have tested anything. */
const seen = {
  retakenInOneBatch: 0,
  bornAndCancelledInOneBatch: 0,
  lapsed: 0,
  standing: 0,
  parked: 0,
};

function buildSection(random: Random, index: number): Section {
  const name = `Section ${index}`;
  if (random.chance(0.4)) return { kind: "standing", name, capacity: random.int(1, 30) };
  const rows = Array.from({ length: random.int(1, 3) }, (_, row) => ({
    name: `${row}`,
    seats: random.int(1, 8),
  }));
  return { kind: "seated", name, rows };
}

function buildSale(partition: number): Sale {
  const random = buildRandom(seed + partition);
  const shows = Array.from({ length: 3 }, () => {
    const length = random.int(1, 4);
    const sections = Array.from({ length }, (_, index) => buildSection(random, index));
    const rules = { holdMs: HOLD_MS, cancelConfirmed: random.chance(0.7) };
    return requestShow({ partition, layout: { sections }, rules });
  });
  const { position } = buildLine(partition);
  return { random, shows, books: [], position };
}

function buildWant(random: Random, { layout }: CreateShow): Want {
  const last = layoutSeats(layout);
  if (last === 0 || random.chance(0.5)) return { count: random.int(1, random.pick([2, 8])) };
  const length = random.int(1, 3);
  return { seats: [...new Set(Array.from({ length }, () => random.int(1, last + 1)))] };
}

function buildRequest({ random, shows, books }: Sale): Request {
  const recent = books.slice(random.chance(0.8) ? -8 : 0);
  if (recent.length === 0 || random.chance(0.4)) {
    const show = random.pick(shows);
    const customer = random.pick([null, "Zoë", '"NULL"\\', "{1,2}"]);
    const fresh = requestBook(show.showId, buildWant(random, show), {
      customer,
      confirmNow: random.chance(0.1),
    });
    books.push(fresh);
    return fresh;
  }
  const known = random.pick(recent);
  const id = known.requestId;
  return random.pick<() => Request>([
    () => requestConfirm(id, random.pick([null, "paid"])),
    () => requestCancel(id),
    () => requestCancel(id),
    () => requestCancel(id),
    () => requestExpire(id),
    () => known,
    () => ({ ...known, requestHash: "0".repeat(64) }),
    () => random.pick(shows),
  ])();
}

/** What a new owner finds: all of the line's shows, and every booking that was ever asked for. */
async function loadAll(sql: Sql, sale: Sale) {
  const state = buildLineState();
  const heads = await loadShows(
    sql,
    state,
    sale.shows.map((show) => show.showId),
  );
  const ids = sale.books.map((book) => book.requestId);
  for (const booking of await loadBookings(sql, ids)) state.bookings.set(booking.id, booking);
  return { state, heads };
}

function decideNext(
  sale: Sale,
  { state, heads }: { state: LineState; heads: ReadonlyMap<string, ShowHead> },
): Batch {
  const { random, position, shows } = sale;
  const requests: readonly Request[] =
    position.next === 0
      ? shows
      : Array.from({ length: random.int(1, BATCH_REQUESTS_MAX) }, () => buildRequest(sale));
  let appendedAt = Math.max(NOON, position.logClock);
  const messages = requests.map((request, index) => {
    appendedAt += random.pick([0, 1, 20, random.chance(0.05) ? HOLD_MS : 5]);
    const text = random.chance(0.02) ? "no request at all" : encodeRequest(request);
    const value = Buffer.from(text);
    const message = { offset: position.next + index, appendedAt, key: null, value };
    return readMessage(message, position, new Map());
  });
  const now = appendedAt + random.pick([-HOLD_MS, 0, 0, 7]);
  const batch = decideBatch(position, messages, { state, heads, now });
  if ("failedAt" in batch) throw batch.error;
  return batch;
}

/** A state as comparable values, whatever order it came in. */
function describeAll(state: LineState) {
  const bookings = [...state.bookings.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const shows = [...state.shows.values()]
    .sort((a, b) => (a.facts.id < b.facts.id ? -1 : 1))
    .map((show) => ({
      facts: show.facts,
      free: freePlaces(show),
      held: show.held,
      confirmed: show.confirmed,
      taken: takenOf(show),
      standing: [...show.standing].sort(([a], [b]) => a - b),
    }));
  return { shows, bookings };
}

function takenOf({ facts, taken }: Show): number[] {
  const seats = Array.from({ length: layoutSeats(facts.layout) }, (_, index) => index + 1);
  return seats.filter((seat) => taken.has(seat));
}

function noteWhatCameUp({ net, record }: Batch): void {
  const released = new Set(net.released.map(({ showId, seat }) => `${showId}/${seat}`));
  if (net.taken.some(({ showId, seat }) => released.has(`${showId}/${seat}`))) {
    seen.retakenInOneBatch += 1;
  }
  for (const { isNew, booking } of net.bookings) {
    if (isNew && booking.status === "CANCELLED") seen.bornAndCancelledInOneBatch += 1;
    if (booking.reason === "hold-expired") seen.lapsed += 1;
    if (booking.standing.length > 0) seen.standing += 1;
  }
  seen.parked += record.entries.filter(({ deadLetter }) => deadLetter !== null).length;
}

async function checkStored(sql: Sql, sale: Sale, batch: Batch): Promise<void> {
  const { state, heads } = await loadAll(sql, sale);
  expect(describeAll(state)).toEqual(describeAll(batch.state));
  checkState(state);
  for (const { id, version, hash, ...counters } of batch.record.shows) {
    expect(heads.get(id)).toEqual({ version, hash });
    expect(await findShow(sql, id)).toMatchObject(counters);
    const seats = await findSeats(sql, id);
    const show = state.shows.get(id);
    expect(seats?.taken.toSorted((a, b) => a - b)).toEqual(show && takenOf(show));
  }
  const owners = await sql<{ bookingId: string; seat: number }[]>`
    select booking_id as "bookingId", seat_no as seat from seats
     where show_id = any(${sale.shows.map(({ showId }) => showId)}::uuid[])
     order by booking_id, seat_no`;
  const live = [...batch.state.bookings.values()]
    .filter(isLive)
    .flatMap(({ id, seats }) => seats.map((seat) => ({ bookingId: id, seat })));
  expect([...owners]).toEqual(
    live.sort((a, b) =>
      a.bookingId < b.bookingId ? -1 : a.bookingId > b.bookingId ? 1 : a.seat - b.seat,
    ),
  );
}

describe(`what is loaded is what was applied (SEED=${seed})`, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(async () => {
    await database.close();
  });

  it.each(Array.from({ length: SALES }, (_, partition) => partition))(
    "after every batch of random sale %i",
    async (partition) => {
      const { sql } = database;
      const sale = buildSale(partition);
      for (let count = 0; count <= BATCHES; count++) {
        const batch = decideNext(sale, await loadAll(sql, sale));
        expect(await commitDecisions(sql, batch)).toMatchObject({ committed: true });
        await checkStored(sql, sale, batch);
        noteWhatCameUp(batch);
        sale.position = positionAfter(sale.position, batch);
        const { next, tail, logClock } = sale.position;
        const { lastDigest } = batch;
        const stored = (await loadPartitions(sql))[partition];
        expect(stored).toMatchObject({ nextOffset: next, tail, logClock, lastDigest });
      }
    },
  );

  it("and all that matters came up", () => {
    for (const [what, times] of Object.entries(seen))
      expect({ what, times }).not.toMatchObject({ times: 0 });
  });
});
