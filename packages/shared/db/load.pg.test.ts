/** What readers get: bookings with the progress of their line, shows, seats, records, lapsed holds. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { partitionOf } from "../contract/partition.ts";
import { parseRecord } from "../contract/record.ts";
import type { Booking } from "../core/model.ts";
import type { Request } from "../core/requests.ts";
import { buildLineState } from "../core/show.ts";
import { buildLine, decideOn, lineAfter } from "../testing/batches.ts";
import type { TestLine } from "../testing/batches.ts";
import { layoutOf, seated, standing } from "../testing/builders.ts";
import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestConfirm,
  requestShow,
} from "../testing/requests.ts";
import { TEST_PARTITIONS } from "../testing/servers.ts";
import type { Sql } from "./client.ts";
import { commitDecisions } from "./commit-decisions.ts";
import { loadLapsed } from "./load-lapsed.ts";
import { findBooking, loadBookings } from "./load-bookings.ts";
import { loadPartitions } from "./load-partitions.ts";
import { findRecordOf, loadRecords } from "./load-records.ts";
import { findSeats, findShow, listShows } from "./load-shows.ts";
import { restoreShows } from "./restore.ts";
import { buildStore } from "./store.ts";

const layout = layoutOf([seated("Stalls", "A", { seatsPerRow: 6 }), standing("Floor", 10)]);
const show = requestShow({ partition: 1, layout });
const empty = requestShow({ partition: 1 });
const held = requestBook(show.showId, { seats: [1, 2] }, { customer: "Zoë" });
const sold = requestBook(show.showId, { count: 7 });
const gone = requestBook(show.showId, { seats: [1] });
const dropped = requestBook(empty.showId, { seats: [3] });
const never = requestBook(show.showId, { seats: [5] }).requestId;

/** Each of these is a batch: together they end at offset 8. */
const BATCHES: readonly (readonly Request[])[] = [
  [show, empty],
  [held, sold, gone],
  [requestConfirm(sold.requestId, "payment 1"), dropped, requestCancel(dropped.requestId)],
];

describe("the loaders", () => {
  let database: TestDatabase;
  let sql: Sql;
  let line: TestLine = buildLine(1);
  const bodies: string[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    ({ sql } = database);
    for (const [index, requests] of BATCHES.entries()) {
      const batch = decideOn(line, requests, NOON + index * 1_000);
      await commitDecisions(sql, batch);
      line = lineAfter(line, batch);
      bodies.push(batch.body);
    }
  });
  afterAll(async () => {
    await database.close();
  });

  const decided = (id: string): Booking => {
    const booking = line.state.bookings.get(id);
    if (booking === undefined) throw new Error(`booking ${id} is decided`);
    return booking;
  };

  describe("findBooking", () => {
    it.each([held, sold, gone, dropped])("finds $requestId as it was decided", async (request) => {
      const found = await findBooking(sql, request.requestId, 1);
      expect(found).toEqual({ booking: decided(request.requestId), nextOffset: 8 });
    });

    it("tells how far the line is, where there is no booking", async () => {
      expect(await findBooking(sql, never, 1)).toEqual({ booking: null, nextOffset: 8 });
      expect(await findBooking(sql, never, 0)).toEqual({ booking: null, nextOffset: 0 });
    });

    it("tells when there is no such partition", async () => {
      const found = await findBooking(sql, held.requestId, TEST_PARTITIONS);
      expect(found).toEqual({ booking: null, nextOffset: null });
    });

    // A commit may come between two statements; then "not there" would be told with a new progress.
    it("never tells of a progress beyond a booking that it does not tell of", async () => {
      for (let round = 0; round < 20; round++) {
        const fresh = requestBook(show.showId, { seats: [99] });
        const batch = decideOn(line, [fresh]);
        const place = line.position.next;
        const looks: { found: boolean; isDecided: boolean }[] = [];
        const read = async () => {
          for (let found = false; !found;) {
            const { booking, nextOffset } = await findBooking(sql, fresh.requestId, 1);
            found = booking !== null;
            looks.push({ found, isDecided: (nextOffset ?? 0) > place });
          }
        };
        const readers = [read(), read(), read()];
        await commitDecisions(sql, batch);
        line = lineAfter(line, batch);
        await Promise.all(readers);
        expect(looks.filter(({ found, isDecided }) => found !== isDecided)).toEqual([]);
      }
    });
  });

  it("loadBookings gives those that exist", async () => {
    const found = await loadBookings(sql, [held.requestId, never, sold.requestId]);
    const ids = found.map(({ id }) => id).sort();
    expect(ids).toEqual([held.requestId, sold.requestId].sort());
    expect(await loadBookings(sql, [])).toEqual([]);
  });

  it("restoreShows gives back the state, and the heads of those that exist", async () => {
    const state = buildLineState();
    const stranger = requestShow().showId;
    const heads = await restoreShows(buildStore(sql), state, [show.showId, stranger]);
    expect([...heads]).toEqual([[show.showId, line.heads.get(show.showId)]]);
    const loaded = state.shows.get(show.showId);
    expect(loaded).toMatchObject({ facts: { id: show.showId, layout }, held: 2, confirmed: 7 });
    expect(loaded?.sections).toEqual(line.state.shows.get(show.showId)?.sections);
    expect([...state.bookings.values()]).toEqual([decided(held.requestId)]);
    expect(await restoreShows(buildStore(sql), state, [])).toEqual(new Map());
  });

  it("findShow finds by id and by number", async () => {
    const byId = await findShow(sql, show.showId);
    expect(byId).toMatchObject({ id: show.showId, capacity: 16, free: 7, held: 2, confirmed: 7 });
    expect(byId).toMatchObject({ startsAt: NOON, createdAt: NOON, rules: show.rules, layout });
    expect(await findShow(sql, byId?.number ?? 0)).toEqual(byId);
    expect(await findShow(sql, 999)).toBeNull();
    expect(await findShow(sql, requestShow().showId)).toBeNull();
  });

  it("listShows pages in the order of the numbers", async () => {
    const all = await listShows(sql, { after: 0, limit: 10 });
    expect(all.map(({ number }) => number)).toEqual([1, 2]);
    const [first, second] = all;
    expect(await listShows(sql, { after: 0, limit: 1 })).toEqual([first]);
    expect(await listShows(sql, { after: 1, limit: 1 })).toEqual([second]);
    expect(await listShows(sql, { after: 2, limit: 1 })).toEqual([]);
  });

  it("findSeats tells taken seats, holds and who waits, at one version", async () => {
    expect(await findSeats(sql, show.showId)).toEqual({
      version: line.heads.get(show.showId)?.version,
      layout,
      taken: [1, 2, 3, 4, 5, 6],
      held: [1, 2],
      standing: [{ section: 1, held: 0, confirmed: 3 }],
      waiting: [],
    });
    const nothing = { taken: [], held: [], standing: [], waiting: [] };
    expect(await findSeats(sql, empty.showId)).toEqual({
      version: 2,
      layout: empty.layout,
      ...nothing,
    });
    expect(await findSeats(sql, requestShow().showId)).toBeNull();
  });

  it("loadPartitions gives them in order, with the database's clock", async () => {
    const partitions = await loadPartitions(sql);
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(partitions[1]).toMatchObject({
      nextOffset: line.position.next,
      tail: line.position.tail,
    });
    for (const { clockMs } of partitions) expect(Number.isInteger(clockMs)).toBe(true);
  });

  it("loadRecords gives the records from an offset on, as they were written", async () => {
    const all = await loadRecords(sql, { partition: 1, from: 0, limit: 3 });
    expect(all.map(({ first, next }) => [first, next])).toEqual([
      [0, 2],
      [2, 5],
      [5, 8],
    ]);
    expect(all.map(({ body }) => body)).toEqual(bodies);
    expect(await loadRecords(sql, { partition: 1, from: 2, limit: 1 })).toEqual([all[1]]);
    expect(await loadRecords(sql, { partition: 0, from: 0, limit: 9 })).toEqual([]);
  });

  it.each([
    [0, 0],
    [1, 0],
    [2, 2],
    [4, 2],
    [5, 5],
    [7, 5],
  ])("findRecordOf finds offset %i in the record from %i", async (offset, first) => {
    const found = await findRecordOf(sql, { partition: 1, offset });
    expect(found?.first).toBe(first);
    const entries = parseRecord(found?.body ?? "")?.entries ?? [];
    expect(entries.map((entry) => entry.offset)).toContain(offset);
  });

  it("findRecordOf finds nothing where nothing is decided", async () => {
    expect(await findRecordOf(sql, { partition: 1, offset: 1_000 })).toBeNull();
    expect(await findRecordOf(sql, { partition: 0, offset: 0 })).toBeNull();
  });

  it("loadLapsed pages through the holds that are past their time, oldest first", async () => {
    const lapsing = requestShow({ partition: 0, rules: { holdMs: 1_000 } });
    expect(partitionOf(lapsing.showId, TEST_PARTITIONS)).toBe(0);
    const books = [1, 2, 3].map((seat) => requestBook(lapsing.showId, { seats: [seat] }));
    await sql`update bookings set expires_at = now() + interval '1 hour' where status = 'PENDING'`;
    await commitDecisions(sql, decideOn(buildLine(0), [lapsing, ...books], NOON - 86_400_000));
    // All at one moment, so that the id must decide between them.
    const lapsed = new Date(NOON - 80_000_000);
    await sql`update bookings set expires_at = ${lapsed} where show_id = ${lapsing.showId}`;
    const first = await loadLapsed(sql, { after: null, without: [], limit: 2 });
    const rest = await loadLapsed(sql, { after: first[1] ?? null, without: [], limit: 9 });
    const all = [...first, ...rest].map(({ id }) => id);
    expect(all).toEqual(books.map((book) => book.requestId).sort());
    expect(rest).toHaveLength(1);
    // A partition that stands must not keep the sweep from the others.
    expect(await loadLapsed(sql, { after: null, without: [0], limit: 9 })).toEqual([]);
    expect(await loadLapsed(sql, { after: null, without: [1, 2], limit: 9 })).toHaveLength(3);
  });

  // The last two: in such a year a double has no microseconds, and a cursor made of one stands before or
  // behind the row that it means.
  it("restoreShows brings every live hold, however many there are, and until whenever they last", async () => {
    const count = 20_001;
    const ends = [
      { from: "2030-01-01T00:00:00Z", sharedBy: 3 },
      { from: "9999-12-31T23:59:59.997Z", sharedBy: 2 * count },
      { from: "9999-12-31T23:59:59.999Z", sharedBy: 2 * count },
    ];
    const large = ends.map((end) => ({ ...end, show: requestShow({ partition: 2 }) }));
    const shows = large.map((one) => one.show);
    await commitDecisions(sql, decideOn(buildLine(2), shows, NOON));
    for (const { from, sharedBy, show: its } of large) {
      await sql`
        insert into bookings (id, show_id, partition, line_offset, request_hash, wants, confirm_now, status, seats,
                              standing, returned, rescued, created_at, decided_at, updated_at, expires_at)
        select gen_random_uuid(), ${its.showId}, 2, n, '', '[]', false, 'PENDING', '{}', '[]', '{}', false, now(),
               now(), now(), ${from}::text::timestamptz + (n / ${sharedBy}::int) * interval '1 millisecond'
          from generate_series(1, ${count}::int) as n`;
      const state = buildLineState();
      await restoreShows(buildStore(sql), state, [its.showId]);
      expect(state.bookings.size, from).toBe(count);
    }
  });
});
