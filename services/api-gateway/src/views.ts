/** How shows, bookings and places look in the canonical API. Pure. */
import { seatLabel } from "@seatline/shared/core/layout.ts";
import type { Layout } from "@seatline/shared/core/layout.ts";
import type { Booking, Place } from "@seatline/shared/core/model.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import type { Queued } from "./line.ts";

const PLACE = /^(\d{1,4})-(\d{1,15})$/;

/** `7-15320` */
export function encodePlace({ partition, offset }: Place): string {
  return `${partition}-${offset}`;
}

export function parsePlace(text: string): Place | null {
  const match = PLACE.exec(text);
  return match === null ? null : { partition: Number(match[1]), offset: Number(match[2]) };
}

export function encodeTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function encodeTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : encodeTime(ms);
}

export function viewShow(show: ShowRow) {
  return {
    id: show.id,
    number: show.number,
    name: show.name,
    startsAt: encodeTime(show.startsAt),
    status: "open" as const,
    confirmation: show.rules.confirmation,
    holdSeconds: show.rules.holdMs / 1_000,
    cancelConfirmed: show.rules.cancelConfirmed,
    capacity: show.capacity,
    free: show.free,
    held: show.held,
    confirmed: show.confirmed,
    version: show.version,
    createdAt: encodeTime(show.createdAt),
    updatedAt: encodeTime(show.updatedAt),
  };
}

export type BookingView = ReturnType<typeof viewBooking>;

/** A booking; `layout` is its show's, or null if there is no such show (then it has no seats). */
export function viewBooking(booking: Booking, layout: Layout | null) {
  const { seats, standing } = booking;
  return {
    id: booking.id,
    showId: booking.showId,
    status: booking.status,
    ...(booking.reason === null ? {} : { reason: booking.reason }),
    seats: [...seats],
    labels: layout === null ? [] : seats.map((seat) => seatLabel(layout, seat)),
    ...(standing.length === 0
      ? {}
      : {
          standing: standing.map(({ section, count }) => ({
            section: layout?.sections[section]?.name ?? "",
            count,
          })),
        }),
    want: booking.want,
    // Shows have no prices yet, and no late confirm is rescued.
    price: null,
    rescued: false,
    customer: booking.customer,
    place: encodePlace(booking.place),
    expiresAt: encodeTimeOrNull(booking.expiresAt),
    createdAt: encodeTime(booking.createdAt),
    decidedAt: encodeTime(booking.decidedAt),
    confirmedAt: encodeTimeOrNull(booking.confirmedAt),
    payment: booking.payment,
  };
}

export function viewQueued(id: string, showId: string | null, queued: Queued) {
  const { place, ahead, etaSeconds, stalled, pollAfterMs } = queued;
  return {
    id,
    showId,
    status: "QUEUED" as const,
    place: place === null ? null : encodePlace(place),
    ahead,
    etaSeconds,
    stalled,
    pollAfterMs,
  };
}

/** Seconds for a `Retry-After` header. */
export function retryAfter({ pollAfterMs }: Queued): number {
  return Math.ceil(pollAfterMs / 1_000);
}
