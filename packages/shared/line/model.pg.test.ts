/**
 * The model equals the database: random sales go through the worker's own `decideBatch` and through
 * `commit_decisions`; after every commit, what is loaded is what `apply` made of the state. Each batch
 * is decided on what was loaded, as by a new owner. A run that fails names its seed; `SEED=…` brings
 * it back.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { RecordShow } from "../contract/record.ts";
import { encodeRequest } from "../contract/request.ts";
import { buildSeatPlan } from "../core/seats/layout.ts";
import type { Section } from "../core/seats/layout.ts";
import type { Want } from "../core/model.ts";
import { encodeRanges } from "../core/seats/ranges.ts";
import type { Book, CreateShow, Request, ShowChanges } from "../core/requests.ts";
import { isLive } from "../core/model.ts";
import { buildLineState, freePlaces } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import type { Sql } from "../db/client.ts";
import { commitDecisions } from "../db/commit-decisions.ts";
import type { Batch } from "../db/commit-decisions.ts";
import { loadBookings } from "../db/load-bookings.ts";
import { loadPartitions } from "../db/load-partitions.ts";
import { findSeats, findShow } from "../db/load-shows.ts";
import type { ShowHead } from "../db/load-shows.ts";
import { restoreShows, restoreUsage } from "../db/restore.ts";
import { buildStore } from "../db/store.ts";
import { checkState } from "../testing/core-invariants.ts";
import { buildLine } from "../testing/batches.ts";
import { layoutOf, seated, standing } from "../testing/builders.ts";
import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestChange,
  requestConfirm,
  requestExpire,
  requestExtend,
  requestShow,
} from "../testing/requests.ts";

import { decideBatch, positionAfter, readMessage } from "./batch.ts";
import type { Position } from "./batch.ts";

const SALES = 3;
const BATCHES = 90;
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
  endedWithItsShow: 0,
  waiting: 0,
  served: 0,
  rescued: 0,
  returned: 0,
  priced: 0,
  limited: 0,
  standing: 0,
  parked: 0,
};

function buildSection(random: Random, index: number): Section {
  const name = `Section ${index}`;
  const price = random.int(0, 3) * 1_000;
  if (random.chance(0.4)) return standing(name, random.int(1, 30), price);
  const seatsPerRow = Array.from({ length: random.int(1, 3) }, () => random.int(1, 8));
  return seated(name, `1-${seatsPerRow.length}`, { seatsPerRow, price });
}

function buildSale(partition: number): Sale {
  const random = buildRandom(seed + partition);
  const shows = Array.from({ length: 3 }, () => {
    const length = random.int(1, 4);
    const sections = Array.from({ length }, (_, index) => buildSection(random, index));
    const { seats: last } = buildSeatPlan(layoutOf(sections));
    const some = (share: number) =>
      encodeRanges(
        Array.from({ length: last }, (_, it) => it + 1).filter(() => random.chance(share)),
      );
    const layout = layoutOf(sections, {
      currency: random.pick([null, "EUR"]),
      blocked: some(0.1),
      accessible: some(0.1),
    });
    const rules = {
      holdMs: HOLD_MS,
      rescueMs: random.pick([0, 20 * HOLD_MS, 20 * HOLD_MS]),
      cancelConfirmed: random.chance(0.7),
      seatsPerCustomerMax: random.pick([null, 6]),
      holdsPerCustomerMax: random.pick([null, 2]),
    };
    return requestShow({ partition, layout, rules });
  });
  // Large enough for what has lapsed to be still free when its confirm comes late.
  const layout = layoutOf([standing("Floor", 60), seated("Hall", "1-20", { seatsPerRow: 20 })]);
  shows.push(requestShow({ partition, layout, rules: { holdMs: HOLD_MS } }));
  const { position } = buildLine(partition);
  return { random, shows, books: [], position };
}

function buildWant(random: Random, { layout }: CreateShow): Want {
  const { seats: last } = buildSeatPlan(layout);
  const priceMax = random.chance(0.1) ? { priceMax: 1_000 } : {};
  if (random.chance(0.2)) return { together: [random.int(1, 4), random.int(1, 3)], ...priceMax };
  if (last === 0 || random.chance(0.5)) {
    const accessible = random.chance(0.1) ? { accessible: true as const } : {};
    return { count: random.int(1, random.pick([2, 8])), ...priceMax, ...accessible };
  }
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
      wait: random.chance(0.5) ? { until: NOON + random.int(0, 20_000) } : null,
      byStaff: random.chance(0.1),
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
    () => requestCancel(id, { seats: [seatOf(known) ?? random.int(1, 5)], standing: [] }),
    () => requestExtend(id, random.pick([null, HOLD_MS * 2])),
    () => requestExpire(id),
    () => requestChange(known.showId, buildChanges(random)),
    // Late in the sale: what is cancelled sells nothing any more.
    () => requestChange(known.showId, books.length > 500 ? { sale: "cancelled" } : {}),
    () => known,
    () => ({ ...known, requestHash: "0".repeat(64) }),
    () => random.pick(shows),
  ])();
}

/** One of the seats that were asked for by their numbers. */
function seatOf({ wants: [want] }: Book): number | undefined {
  return want !== undefined && "seats" in want ? want.seats[0] : undefined;
}

function buildChanges(random: Random): ShowChanges {
  const sale = random.pick(["open", "open", "open", "open", "closed"] as const);
  return random.pick<() => ShowChanges>([
    () => ({ sale }),
    () => ({ block: random.pick(["1", "1-2", "2-4"]) }),
    () => ({ unblock: random.pick(["1", "1-4"]) }),
    () => ({ name: "Another night", opensAt: null, closesAt: random.pick([null, NOON * 2]) }),
    () => ({ sections: [{ name: "Section 0", price: random.int(0, 5) * 500 }] }),
    () => ({ sections: [{ name: "Section 0", standing: random.int(5, 40) }] }),
  ])();
}

/** What a new owner finds: all of the line's shows, and every booking that was ever asked for. */
async function loadAll(sql: Sql, sale: Sale) {
  const state = buildLineState();
  const heads = await restoreShows(
    buildStore(sql),
    state,
    sale.shows.map((show) => show.showId),
  );
  const ids = sale.books.map((book) => book.requestId);
  for (const booking of await loadBookings(sql, ids)) state.bookings.set(booking.id, booking);
  await restoreUsage(buildStore(sql), state, [
    ...sale.books,
    ...[...state.bookings.values()].map(({ showId, customer }) => ({ showId, customer })),
  ]);
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
      capacity: show.capacity,
      taken: [...show.taken],
      open: [show.openGeneral, show.openAccessible].map((open) =>
        show.allSections.map((section) => open.count(section)),
      ),
      sections: show.sections,
      deadlines: show.deadlines.entries(),
      waiting: [...show.waiting.ids()],
      usage: [...show.usage].filter(([, { places }]) => places > 0).sort(byCustomer),
    }));
  return { shows, bookings };
}

function byCustomer([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function noteWhatCameUp({ net, record }: Batch): void {
  const released = new Set(net.released.map(({ showId, seat }) => `${showId}/${seat}`));
  if (net.taken.some(({ showId, seat }) => released.has(`${showId}/${seat}`))) {
    seen.retakenInOneBatch += 1;
  }
  for (const { first, last } of net.bookings) {
    const { status, reason } = last;
    if (first === null && status === "CANCELLED") seen.bornAndCancelledInOneBatch += 1;
    if (reason === "hold-expired") seen.lapsed += 1;
    if (reason === "show-cancelled" && status === "CANCELLED") seen.endedWithItsShow += 1;
    if (last.standing.length > 0) seen.standing += 1;
    if (status === "WAITING") seen.waiting += 1;
    if (first?.status === "WAITING" && isLive(last)) seen.served += 1;
    if (last.rescued) seen.rescued += 1;
    if (last.returned.length > 0) seen.returned += 1;
    if ((last.price ?? 0) > 0) seen.priced += 1;
    if (reason === "customer-limit-reached") seen.limited += 1;
  }
  seen.parked += record.entries.filter(({ deadLetter }) => deadLetter !== null).length;
}

async function checkStored(sql: Sql, sale: Sale, batch: Batch): Promise<void> {
  const { state, heads } = await loadAll(sql, sale);
  expect(describeAll(state)).toEqual(describeAll(batch.state));
  // Also in the order of its members: what is loaded is written into records again.
  expect(JSON.stringify(describeAll(state).bookings)).toBe(
    JSON.stringify(describeAll(batch.state).bookings),
  );
  checkState(state);
  for (const { id, version, hash, standing, seats: _, ...counters } of batch.record.shows) {
    expect(heads.get(id)).toEqual({ version, hash });
    expect(await findShow(sql, id)).toMatchObject(counters);
    await checkSeats(sql, { id, standing, state });
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

async function checkSeats(
  sql: Sql,
  { id, standing, state }: Pick<RecordShow, "id" | "standing"> & { readonly state: LineState },
): Promise<void> {
  const seats = await findSeats(sql, id);
  const show = state.shows.get(id);
  expect(seats?.taken).toEqual(show && [...show.taken]);
  const taken = (of: readonly { section: number; held: number; confirmed: number }[]) =>
    of
      .filter(({ held, confirmed }) => held + confirmed > 0)
      .map(({ section, held, confirmed }) => ({ section, held, confirmed }))
      .sort((one, other) => one.section - other.section);
  expect(taken(seats?.standing ?? [])).toEqual(taken(standing));
  const bookings = [...state.bookings.values()].filter(({ showId }) => showId === id);
  const held = bookings.filter(({ status }) => status === "PENDING").flatMap((it) => it.seats);
  expect(seats?.held.toSorted((a, b) => a - b)).toEqual(held.sort((a, b) => a - b));
  const waiting = bookings.filter(({ status }) => status === "WAITING");
  expect(seats?.waiting).toEqual(waiting.map(({ place }) => place.offset).sort((a, b) => a - b));
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
