/** How shows, bookings and places look in the canonical API. Pure. */
import { isLive } from "@seatline/shared/core/model.ts";
import type { Booking, Place } from "@seatline/shared/core/model.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import type { LayoutGuide } from "./layouts.ts";
import type { Queued } from "./line.ts";
import type { Outlook } from "./outlook.ts";

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

/** `now` in milliseconds: whether the sale has opened is told by the clock on this wall. */
export function viewShow(show: ShowRow, now = Date.now()) {
  const { rules, layout } = show;
  return {
    id: show.id,
    number: show.number,
    name: show.name,
    startsAt: encodeTime(show.startsAt),
    status: viewSale(show, now),
    opensAt: encodeTimeOrNull(show.opensAt),
    closesAt: encodeTimeOrNull(show.closesAt),
    archived: show.archived,
    currency: layout.currency,
    confirmation: rules.confirmation,
    holdSeconds: rules.holdMs / 1_000,
    holdMaxSeconds: rules.holdMaxMs / 1_000,
    rescueSeconds: rules.rescueMs / 1_000,
    cancelConfirmed: rules.cancelConfirmed,
    maxSeatsPerBooking: rules.seatsPerBookingMax,
    maxSeatsPerCustomer: rules.seatsPerCustomerMax,
    maxHoldsPerCustomer: rules.holdsPerCustomerMax,
    capacity: show.capacity,
    free: show.free,
    held: show.held,
    confirmed: show.confirmed,
    version: show.version,
    hash: show.hash,
    createdAt: encodeTime(show.createdAt),
    updatedAt: encodeTime(show.updatedAt),
  };
}

function viewSale({ sale, archived, opensAt, closesAt }: ShowRow, now: number) {
  if (sale === "cancelled") return sale;
  if (opensAt !== null && now < opensAt) return "scheduled" as const;
  const isOver = closesAt !== null && now >= closesAt;
  return isOver || archived ? ("closed" as const) : sale;
}

export type BookingView = ReturnType<typeof viewBooking>;

/**
 * A booking; `guide` is that of its show's layout, or null if there is no such show (then it has no
 * places). `rank` is where it stands among those who wait.
 */
export function viewBooking(
  booking: Booking,
  guide: LayoutGuide | null,
  rank: number | null = null,
) {
  // What it once had is nobody's business but the shop's: the events tell it.
  const { seats, standing } = isLive(booking) ? booking : { seats: [], standing: [] };
  return {
    id: booking.id,
    showId: booking.showId,
    status: booking.status,
    ...(booking.reason === null ? {} : { reason: booking.reason }),
    ...(booking.status === "WAITING" ? { rank } : {}),
    seats: [...seats],
    labels: guide === null ? [] : seats.map((seat) => guide.labelOf(seat)),
    ...(standing.length === 0
      ? {}
      : {
          standing: standing.map(({ section, count }) => ({
            section: guide?.layout.sections[section]?.name ?? "",
            count,
          })),
        }),
    want: booking.want,
    price: booking.price,
    rescued: booking.rescued,
    customer: booking.customer,
    place: encodePlace(booking.place),
    // Of a hold that lapsed only the past is left.
    expiresAt: encodeTimeOrNull(booking.status === "FAILED" ? null : booking.expiresAt),
    createdAt: encodeTime(booking.createdAt),
    decidedAt: encodeTime(booking.decidedAt),
    confirmedAt: encodeTimeOrNull(booking.confirmedAt),
    payment: booking.payment,
  };
}

/** `outlook` is what a booking may expect; null for other requests, and where nothing is known. */
export function viewQueued(
  { id, showId }: { readonly id: string; readonly showId: string | null },
  queued: Queued,
  outlook: Outlook | null,
) {
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
    free: outlook?.free ?? null,
    wantedAhead: outlook?.wantedAhead ?? null,
    verdict: outlook?.verdict ?? null,
  };
}

/** Seconds for a `Retry-After` header. */
export function retryAfter({ pollAfterMs }: Queued): number {
  return Math.ceil(pollAfterMs / 1_000);
}
