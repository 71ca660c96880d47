/** A page of bookings in the order of their ids, for admins. */
import type { Booking } from "../core/model.ts";
import type { Sql } from "./client.ts";
import { bookingColumns, parseBookingRow } from "./load-bookings.ts";
import type { BookingRow } from "./load-bookings.ts";

/** At most `limit` bookings after the given id, of one show or status if asked for. */
export async function listBookings(
  sql: Sql,
  page: {
    readonly showId: string | null;
    readonly status: string | null;
    readonly after: string | null;
    readonly limit: number;
  },
): Promise<Booking[]> {
  const after = page.after === null ? sql`true` : sql`b.id > ${page.after}::uuid`;
  const ofShow = page.showId === null ? sql`true` : sql`b.show_id = ${page.showId}::uuid`;
  const inStatus = page.status === null ? sql`true` : sql`b.status = ${page.status}`;
  const rows = await sql<BookingRow[]>`
    select ${bookingColumns(sql)} from bookings b
     where ${after} and ${ofShow} and ${inStatus} order by b.id limit ${page.limit}`;
  return rows.map(parseBookingRow);
}
