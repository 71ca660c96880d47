/**
 * Events for other systems (topic `seatline.events`): one per change of a booking, as CloudEvents 1.0
 * in structured JSON mode. Whoever reads them can act on the bookings in them: the topic needs the
 * same care as the database.
 */
import type { Booking } from "../core/model.ts";
import type { LineRecord } from "./record.ts";

type BookingEvent = {
  readonly specversion: "1.0";
  /** Place and ordinal of the change: the same event always has the same id. */
  readonly id: string;
  readonly source: "/seatline";
  readonly type: `seatline.booking.${Lowercase<Booking["status"]>}`;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: Booking;
};

/** The events of a record, in order, each with the show that is its key. */
export function buildEvents(record: LineRecord): { showId: string; event: BookingEvent }[] {
  return record.entries.flatMap(({ offset, changed }) =>
    changed.map((booking, ordinal) => ({
      showId: booking.showId,
      event: {
        specversion: "1.0" as const,
        id: `${record.partition}-${offset}-${ordinal}`,
        source: "/seatline" as const,
        type: `seatline.booking.${booking.status.toLowerCase() as Lowercase<Booking["status"]>}` as const,
        subject: booking.id,
        time: new Date(booking.updatedAt).toISOString(),
        datacontenttype: "application/json" as const,
        data: booking,
      },
    })),
  );
}
