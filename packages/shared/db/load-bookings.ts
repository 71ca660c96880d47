/** Reads bookings as the core knows them. Locks nothing. */
import type { Booking, RefusalFacts, StandingPlaces, Want } from "../core/model.ts";
import type { Sql } from "./client.ts";

export type BookingRow = {
  id: string;
  showId: string;
  partition: number;
  lineOffset: number;
  requestHash: string;
  customer: string | null;
  wants: Want[];
  status: Booking["status"];
  reason: Booking["reason"];
  facts: RefusalFacts | null;
  want: number | null;
  seats: number[];
  standing: StandingPlaces[];
  payment: string | null;
  createdAt: number;
  decidedAt: number;
  updatedAt: number;
  expiresAt: number | null;
  confirmedAt: number | null;
};

/** The columns of a booking, in the form of `BookingRow`. Times as numbers, exact to the millisecond. */
export function bookingColumns(sql: Sql) {
  return sql`
    b.id, b.show_id as "showId", b.partition, b.line_offset::float8 as "lineOffset",
    encode(b.request_hash, 'hex') as "requestHash", b.customer, b.wants, b.status, b.reason, b.facts, b.want,
    b.seats, b.standing, b.payment,
    (extract(epoch from b.created_at) * 1000)::float8 as "createdAt",
    (extract(epoch from b.decided_at) * 1000)::float8 as "decidedAt",
    (extract(epoch from b.updated_at) * 1000)::float8 as "updatedAt",
    (extract(epoch from b.expires_at) * 1000)::float8 as "expiresAt",
    (extract(epoch from b.confirmed_at) * 1000)::float8 as "confirmedAt"`;
}

export function parseBookingRow({ partition, lineOffset, ...row }: BookingRow): Booking {
  return { ...row, place: { partition, offset: lineOffset } };
}

/** Those of the bookings that exist. */
export async function loadBookings(sql: Sql, ids: readonly string[]): Promise<Booking[]> {
  if (ids.length === 0) return [];
  const rows = await sql<BookingRow[]>`
    select ${bookingColumns(sql)} from bookings b where b.id = any(${[...ids]}::uuid[])`;
  return rows.map(parseBookingRow);
}

/** The live holds of the given shows. */
export async function loadPendingBookings(
  sql: Sql,
  showIds: readonly string[],
): Promise<Booking[]> {
  const rows = await sql<BookingRow[]>`
    select ${bookingColumns(sql)} from bookings b
     where b.status = 'PENDING' and b.show_id = any(${[...showIds]}::uuid[])`;
  return rows.map(parseBookingRow);
}

/**
 * A booking, and how far its line is decided, in one statement: so "not there" and "not decided yet"
 * cannot be mixed up. `nextOffset` is null for a partition that does not exist.
 */
export async function findBooking(
  sql: Sql,
  id: string,
  partition: number,
): Promise<{ booking: Booking | null; nextOffset: number | null }> {
  const rows = await sql<(BookingRow & { nextOffset: number; id: string | null })[]>`
    select p.next_offset::float8 as "nextOffset", ${bookingColumns(sql)}
      from partitions p left join bookings b on b.id = ${id}
     where p.partition = ${partition}`;
  const [found] = rows;
  if (found === undefined) return { booking: null, nextOffset: null };
  const { nextOffset, ...row } = found;
  return { booking: row.id === null ? null : parseBookingRow(row), nextOffset };
}
