/**
 * A page of bookings for admins. However few of them match, a page costs a bounded walk along one of
 * the two indexes that the table has anyway: each filter's own index would slow down every commit.
 */
import { assert } from "../core/assert.ts";
import type { Booking, BookingStatus } from "../core/model.ts";
import type { Sql } from "./client.ts";
import { bookingColumns, parseBookingRow } from "./load-bookings.ts";
import type { BookingRow } from "./load-bookings.ts";

/**
 * Most bookings that one page looks at: 10 to 20 ms where the table is in Postgres' memory, 100 to
 * 200 ms where it comes from the system's, and so within a statement's second on a disk as well.
 */
export const SCANNED_MAX = 20_000;

/** Null where anything will do. Times in milliseconds, of `createdAt`: `from` is in, `to` is not. */
export type BookingsFilter = {
  readonly showId: string | null;
  readonly status: BookingStatus | null;
  readonly customer: string | null;
  readonly from: number | null;
  readonly to: number | null;
};

export type BookingsAsk = {
  readonly filter: BookingsFilter;
  /** The `next` of the page before: with a show an offset of its line, else an id. */
  readonly after: string | null;
  readonly limit: number;
};

/** A page may have few bookings or none, and still a `next`; the last has null. */
export type BookingsPage = { readonly bookings: Booking[]; readonly next: string | null };

type ScannedRow = BookingRow & { readonly isHit: boolean | null; readonly nth: number };

/**
 * At most `limit` bookings that match: those of one show in the order of its line, else in that of their
 * ids. One statement, so one snapshot: where the walk ended, nothing is passed over.
 */
export async function listBookings(sql: Sql, ask: BookingsAsk): Promise<BookingsPage> {
  const { filter, limit } = ask;
  assert(limit < SCANNED_MAX, "a full page is never cut short by the bound of its walk");
  const key = filter.showId === null ? sql`b.id` : sql`b.line_offset`;
  // The window counts while the index is walked, and both limits end the walk: nothing is gathered or
  // sorted. Beside the hits, the last row that may be looked at comes back to say where it was.
  const rows = await sql<ScannedRow[]>`
    select ${bookingColumns(sql)}, b.is_hit as "isHit", b.nth
      from (select b.*, ${matches(sql, filter)} as is_hit, (row_number() over (order by ${key}))::int as nth
              from bookings b where ${startOf(sql, ask)} order by ${key} limit ${SCANNED_MAX}) b
     where b.is_hit or b.nth = ${SCANNED_MAX} order by ${key} limit ${limit + 1}`;
  const hits = rows.filter(({ isHit }) => isHit === true);
  const bookings = hits
    .slice(0, limit)
    .map(({ isHit: _isHit, nth: _nth, ...row }) => parseBookingRow(row));
  const end = rows.at(-1);
  const last = hits.length > limit ? hits[limit - 1] : end?.nth === SCANNED_MAX ? end : undefined;
  if (last === undefined) return { bookings, next: null };
  return { bookings, next: filter.showId === null ? last.id : String(last.lineOffset) };
}

function startOf(sql: Sql, { filter: { showId }, after }: BookingsAsk) {
  if (showId !== null) {
    return sql`b.show_id = ${showId}::uuid and b.line_offset > ${after ?? "-1"}::bigint`;
  }
  return after === null ? sql`true` : sql`b.id > ${after}::uuid`;
}

function matches(sql: Sql, { status, customer, from, to }: BookingsFilter) {
  const inStatus = status === null ? sql`true` : sql`b.status = ${status}`;
  const ofCustomer = customer === null ? sql`true` : sql`b.customer = ${customer}`;
  const since = from === null ? sql`true` : sql`b.created_at >= ${new Date(from)}::timestamptz`;
  const before = to === null ? sql`true` : sql`b.created_at < ${new Date(to)}::timestamptz`;
  return sql`(${inStatus} and ${ofCustomer} and ${since} and ${before})`;
}
