/** Reads all tables of a line as one snapshot: one statement, so nothing changes in between. Locks nothing. */
import { assert } from "@seatline/shared/core/assert.ts";
import type { Sql } from "@seatline/shared/db/client.ts";
import { bookingColumns, parseBookingRow } from "@seatline/shared/db/load-bookings.ts";
import type { BookingRow } from "@seatline/shared/db/load-bookings.ts";
import { partitionColumns } from "@seatline/shared/db/load-partitions.ts";
import { parseShowRow, showColumns } from "@seatline/shared/db/load-shows.ts";
import type { UnplacedShowRow } from "@seatline/shared/db/load-shows.ts";

import type { Tables } from "../history/history.ts";

type DeadLetterRow = Omit<Tables["deadLetters"][number], "key" | "value"> & {
  readonly key: string | null;
  readonly value: string | null;
};
type Row = Omit<Tables, "shows" | "bookings" | "deadLetters"> & {
  readonly shows: readonly UnplacedShowRow[];
  readonly bookings: readonly BookingRow[];
  readonly deadLetters: readonly DeadLetterRow[];
};

/** All rows of all tables; large ones take a while. */
export async function loadTables(sql: Sql): Promise<Tables> {
  const list = (rows: ReturnType<Sql>) =>
    sql`(select coalesce(json_agg(t), '[]') from (${rows}) as t)`;
  const [row] = await sql<Row[]>`
    select ${list(sql`select ${partitionColumns(sql)} from partitions order by partition`)} as partitions,
      ${list(sql`select ${showColumns(sql)} from shows s`)} as shows,
      ${list(sql`select ${bookingColumns(sql)} from bookings b`)} as bookings,
      ${list(sql`select show_id as "showId", seat_no as seat, booking_id as "bookingId" from seats`)} as seats,
      ${list(sql`select show_id as "showId", section, capacity, held, confirmed from sections`)} as sections,
      ${list(sql`select show_id as "showId", customer, places, holds from customers`)} as customers,
      ${list(sql`
        select partition, first_offset::float8 as first, next_offset::float8 as next, body,
               encode(tail, 'hex') as tail
          from records order by partition, first_offset`)} as records,
      ${list(sql`
        select partition, line_offset::float8 as "offset", encode(key, 'hex') as key,
               encode(value, 'hex') as value, fault
          from dead_letters`)} as "deadLetters"`;
  assert(row !== undefined, "one statement answers with one row");
  return {
    ...row,
    shows: row.shows.map(parseShowRow),
    bookings: row.bookings.map(parseBookingRow),
    deadLetters: row.deadLetters.map(({ key, value, ...letter }) => {
      return { ...letter, key: parseBytes(key), value: parseBytes(value) };
    }),
  };
}

function parseBytes(hex: string | null): Buffer | null {
  return hex === null ? null : Buffer.from(hex, "hex");
}
