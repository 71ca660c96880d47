/** Reads bookings as the core knows them. Locks nothing. */
import type { Booking } from "../core/model.ts";
import type { Sql } from "./client.ts";

export type BookingRow = Omit<Booking, "place"> & {
  partition: number;
  lineOffset: number;
};

/** The columns of a booking, in the form of `BookingRow`. Times as numbers, exact to the millisecond. */
export function bookingColumns(sql: Sql) {
  return sql`
    b.id, b.show_id as "showId", b.partition, b.line_offset::float8 as "lineOffset",
    encode(b.request_hash, 'hex') as "requestHash", b.customer, b.wants, b.confirm_now as "confirmNow",
    b.status, b.reason, b.facts, b.want, b.seats, b.standing, b.returned, b.price::float8 as price, b.prices, b.payment,
    b.rescued,
    (extract(epoch from b.created_at) * 1000)::float8 as "createdAt",
    (extract(epoch from b.decided_at) * 1000)::float8 as "decidedAt",
    (extract(epoch from b.updated_at) * 1000)::float8 as "updatedAt",
    (extract(epoch from b.expires_at) * 1000)::float8 as "expiresAt",
    (extract(epoch from b.hold_limit) * 1000)::float8 as "holdLimit",
    (extract(epoch from b.confirmed_at) * 1000)::float8 as "confirmedAt"`;
}

/**
 * The members stand in the order in which the core makes them (`decide-book.ts`): a record has the same
 * text whether its bookings were loaded or still in memory.
 */
export function parseBookingRow(row: BookingRow): Booking {
  return {
    id: row.id,
    showId: row.showId,
    place: { partition: row.partition, offset: row.lineOffset },
    requestHash: row.requestHash,
    customer: row.customer,
    wants: row.wants,
    confirmNow: row.confirmNow,
    status: row.status,
    reason: row.reason,
    facts: row.facts,
    want: row.want,
    seats: row.seats,
    standing: row.standing,
    returned: row.returned,
    price: row.price,
    prices: row.prices,
    payment: row.payment,
    rescued: row.rescued,
    createdAt: row.createdAt,
    decidedAt: row.decidedAt,
    updatedAt: row.updatedAt,
    expiresAt: row.expiresAt,
    holdLimit: row.holdLimit,
    confirmedAt: row.confirmedAt,
  };
}

/** Those of the bookings that exist. */
export async function loadBookings(sql: Sql, ids: readonly string[]): Promise<Booking[]> {
  if (ids.length === 0) return [];
  const rows = await sql<BookingRow[]>`
    select ${bookingColumns(sql)} from bookings b where b.id = any(${[...ids]}::uuid[])`;
  return rows.map(parseBookingRow);
}

/** So many are read with one statement, well within its time-out. */
const PENDING_PER_PAGE = 20_000;

/**
 * Who holds and who waits in the given shows, page by page: a show may have a million. The cursor is
 * rounded to what the column keeps: a double has no microseconds in far years, and a page must not begin
 * before or behind the last row of the one before it.
 */
export async function loadUnsettled(sql: Sql, showIds: readonly string[]): Promise<Booking[]> {
  const bookings: Booking[] = [];
  let after = { expiresAt: 0, id: "00000000-0000-0000-0000-000000000000" };
  for (;;) {
    const rows = await sql<BookingRow[]>`
      select ${bookingColumns(sql)} from bookings b
       where b.status in ('PENDING', 'WAITING') and b.show_id = any(${[...showIds]}::uuid[])
         and (b.expires_at, b.id) >
             ((timestamptz 'epoch' + ${after.expiresAt}::float8 * interval '1 millisecond')::timestamptz(3), ${after.id}::uuid)
       order by b.expires_at, b.id limit ${PENDING_PER_PAGE}`;
    for (const row of rows) bookings.push(parseBookingRow(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PENDING_PER_PAGE) return bookings;
    after = { expiresAt: last.expiresAt ?? 0, id: last.id };
  }
}

export type PageToCancel = {
  readonly showId: string;
  readonly after: number;
  readonly limit: number;
};

/** The next bookings of a show that end with it, behind a place in its line, in that order. */
export async function loadToCancel(sql: Sql, page: PageToCancel): Promise<Booking[]> {
  const rows = await sql<BookingRow[]>`
    select ${bookingColumns(sql)} from bookings b
     where b.show_id = ${page.showId} and b.line_offset > ${page.after}
       and b.status in ('WAITING', 'PENDING', 'CONFIRMED')
     order by b.line_offset limit ${page.limit}`;
  return rows.map(parseBookingRow);
}

/** `nextOffset` is null for a partition that does not exist. */
export type FoundBooking = { readonly booking: Booking | null; readonly nextOffset: number | null };

/**
 * A booking, and how far its line is decided, in one statement: so "not there" and "not decided yet"
 * cannot be mixed up.
 */
export async function findBooking(sql: Sql, id: string, partition: number): Promise<FoundBooking> {
  const rows = await sql<(BookingRow & { nextOffset: number; id: string | null })[]>`
    select p.next_offset::float8 as "nextOffset", ${bookingColumns(sql)}
      from partitions p left join bookings b on b.id = ${id}
     where p.partition = ${partition}`;
  const [found] = rows;
  if (found === undefined) return { booking: null, nextOffset: null };
  const { nextOffset, ...row } = found;
  return { booking: row.id === null ? null : parseBookingRow(row), nextOffset };
}

export const NEWEST_SHOWS = 20;
export const NEWEST_OF_EACH = 5;

/** The ids of some of the newest bookings: the last few of each of the newest shows. */
export async function loadNewestIds(sql: Sql): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select b.id from (select id from shows order by number desc limit ${NEWEST_SHOWS}) s
     cross join lateral (select id from bookings where show_id = s.id
                          order by line_offset desc limit ${NEWEST_OF_EACH}) b`;
  return rows.map(({ id }) => id);
}
