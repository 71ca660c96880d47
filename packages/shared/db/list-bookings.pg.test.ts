/**
 * Planted faults that these tests catch: no bound on what a page looks at, a page that is cut short
 * without a `next`, a `next` that stands on the last hit and not on the last row looked at (then the
 * walk never gets on), a `next` behind a hit that was left out, `to` that includes its moment, the
 * order of ids for a show.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { BOOKING_STATUSES } from "../core/model.ts";
import type { Booking } from "../core/model.ts";
import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import { NOON } from "../testing/requests.ts";
import type { Sql } from "./client.ts";
import { SCANNED_MAX, listBookings } from "./list-bookings.ts";
import type { BookingsFilter } from "./list-bookings.ts";
import { loadBookings } from "./load-bookings.ts";

const SHOWS = [0, 1, 2].map((n) => `01990000-0000-7000-8000-00000000000${n}`);
const LARGE_SHOW_ID = "01990000-0000-7000-8000-00000000000a";
const [SHOW_ID = ""] = SHOWS;
const SMALL = 120;
/** Three walks to the end: two that are cut, and what is left. */
const LARGE = 2 * SCANNED_MAX + 5;

const EVERYTHING: BookingsFilter = {
  showId: null,
  status: null,
  customer: null,
  from: null,
  to: null,
};

/** Bookings with ids in no order, each a millisecond after the one before. */
async function insert(sql: Sql, showIds: readonly string[], count: number): Promise<void> {
  await sql`
    insert into bookings (id, show_id, partition, line_offset, request_hash, customer, wants, confirm_now, status,
                          seats, standing, returned, rescued, created_at, decided_at, updated_at)
    select gen_random_uuid(), (${[...showIds]}::uuid[])[1 + n % ${showIds.length}::int], 1, n, '',
           case n % 4 when 0 then null else 'c-' || n % 4 end, '[]', false,
           (${[...BOOKING_STATUSES]}::text[])[1 + n % 5], '{}', '[]', '{}', false,
           timestamptz 'epoch' + (${NOON}::float8 + n) * interval '1 millisecond', now(), now()
      from generate_series(0, ${count - 1}::int) as n`;
}

/** Every page, in the order in which they come. */
async function listAll(sql: Sql, filter: BookingsFilter, limit: number) {
  const pages: Booking[][] = [];
  for (let after: string | null = null; pages.length === 0 || after !== null;) {
    const page = await listBookings(sql, { filter, after, limit });
    expect(page.bookings.length).toBeLessThanOrEqual(limit);
    expect(page.next === null || page.next !== after).toBe(true);
    pages.push(page.bookings);
    after = page.next;
  }
  return pages;
}

describe("listBookings, of a few", () => {
  let database: TestDatabase;
  let sql: Sql;
  let all: Booking[];

  beforeAll(async () => {
    database = await createDatabase();
    ({ sql } = database);
    await insert(sql, SHOWS, SMALL);
    const ids = await sql<{ id: string }[]>`select id from bookings order by id`;
    const bookings = await loadBookings(
      sql,
      ids.map(({ id }) => id),
    );
    all = bookings.sort((a, b) => (a.id < b.id ? -1 : 1));
  });
  afterAll(async () => {
    await database.close();
  });

  const expected = ({ showId, status, customer, from, to }: BookingsFilter): Booking[] => {
    const found = all.filter(
      (it) =>
        (showId === null || it.showId === showId) &&
        (status === null || it.status === status) &&
        (customer === null || it.customer === customer) &&
        (from === null || it.createdAt >= from) &&
        (to === null || it.createdAt < to),
    );
    return showId === null ? found : found.sort((a, b) => a.place.offset - b.place.offset);
  };

  const filters: Partial<BookingsFilter>[] = [
    {},
    { showId: SHOW_ID },
    { status: "CONFIRMED" },
    { customer: "c-1" },
    { from: NOON + 50 },
    { to: NOON + 50 },
    { from: NOON + 50, to: NOON + 51 },
    { from: NOON + 50, to: NOON + 50 },
    { showId: SHOW_ID, status: "PENDING", customer: "c-3" },
    { showId: SHOW_ID, from: NOON + 30, to: NOON + 90, customer: "c-2" },
    { status: "WAITING", customer: "c-2", from: NOON + 7 },
    { customer: "C-1" },
    { showId: LARGE_SHOW_ID },
  ];

  it.each(filters)(
    "finds exactly what matches %j, in its order, on pages of any size",
    async (it) => {
      const filter = { ...EVERYTHING, ...it };
      for (const limit of [1, 2, 7, SMALL - 1, SMALL, SMALL + 1]) {
        const pages = await listAll(sql, filter, limit);
        expect(pages.flat()).toEqual(expected(filter));
        // Where nothing is left, there is no page without bookings at the end.
        const pagesNeeded = Math.ceil(expected(filter).length / limit);
        expect(pages).toHaveLength(Math.max(1, pagesNeeded));
      }
    },
  );

  it("goes on behind a cursor that is no booking's any more", async () => {
    const ofShow = { ...EVERYTHING, showId: SHOW_ID };
    const page = { filter: ofShow, after: "4", limit: 1 };
    expect((await listBookings(sql, page)).bookings[0]?.place.offset).toBe(6);
    const past = { filter: EVERYTHING, after: "ffffffff-ffff-ffff-ffff-ffffffffffff", limit: 1 };
    expect(await listBookings(sql, past)).toEqual({ bookings: [], next: null });
  });
});

describe("listBookings, of many", () => {
  let database: TestDatabase;
  let sql: Sql;

  beforeAll(async () => {
    database = await createDatabase();
    ({ sql } = database);
    await insert(sql, [LARGE_SHOW_ID], LARGE);
  });
  afterAll(async () => {
    await database.close();
  });

  it.each([
    ["along its line", LARGE_SHOW_ID],
    ["by id", null],
  ])("looks at a bounded number per page %s, and goes on", async (_, showId) => {
    const nothing = { ...EVERYTHING, showId, customer: "nobody" };
    expect(await listAll(sql, nothing, 100)).toEqual([[], [], []]);
    const inOrder = await sql<{ id: string }[]>`
      select id from bookings order by ${showId === null ? sql`id` : sql`line_offset`}`;
    // The last that one page looks at, the first of the next, and the very last.
    const at = [SCANNED_MAX - 1, SCANNED_MAX, LARGE - 1].map((index) => inOrder[index]?.id ?? "");
    await sql`update bookings set customer = 'rare' where id = any(${at}::uuid[])`;
    const rare = { ...EVERYTHING, showId, customer: "rare" };
    const [first = "", second = "", last = ""] = at;
    const pages = await listAll(sql, rare, 100);
    expect(pages.map((page) => page.map(({ id }) => id))).toEqual([[first], [second], [last]]);
    expect((await listAll(sql, rare, 1)).flat().map(({ id }) => id)).toEqual(at);
    await sql`update bookings set customer = null where customer = 'rare'`;
  });

  it("fills a page where everything matches, however large", async () => {
    const { bookings, next } = await listBookings(sql, {
      filter: { ...EVERYTHING, showId: LARGE_SHOW_ID },
      after: null,
      limit: 10_000,
    });
    expect(bookings.map(({ place }) => place.offset)).toEqual([...Array(10_000).keys()]);
    expect(next).toBe("9999");
  });
});
