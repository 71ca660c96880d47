/** What a client sees of a booking, as plain values. Pure. */
import type { BookingView } from "@seatline/api-gateway/views.ts";
import { parsePlace } from "@seatline/api-gateway/views.ts";
import { assert } from "@seatline/shared/core/assert.ts";
import { isLive } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";

import type { BookingSeen } from "./history.ts";

/** The booking as the gateway must show it (`viewBooking`): its places only while they are its own. */
export function buildBookingSeen(booking: Booking): BookingSeen {
  return {
    id: booking.id,
    showId: booking.showId,
    status: booking.status,
    reason: booking.reason,
    seats: isLive(booking) ? booking.seats : [],
    want: booking.want,
    price: booking.price,
    rescued: booking.rescued,
    customer: booking.customer,
    place: booking.place,
    expiresAt: booking.status === "FAILED" ? null : booking.expiresAt,
    createdAt: booking.createdAt,
    decidedAt: booking.decidedAt,
    confirmedAt: booking.confirmedAt,
    payment: booking.payment,
  };
}

/** What was shown over HTTP. Throws where its place is none. */
export function parseBookingView(view: BookingView): BookingSeen {
  const place = parsePlace(view.place);
  assert(place !== null, `booking ${view.id} is shown with its place`);
  return {
    id: view.id,
    showId: view.showId,
    status: view.status,
    reason: view.reason ?? null,
    seats: view.seats,
    want: view.want,
    price: view.price,
    rescued: view.rescued,
    customer: view.customer,
    place,
    expiresAt: parseTime(view.expiresAt),
    createdAt: Date.parse(view.createdAt),
    decidedAt: Date.parse(view.decidedAt),
    confirmedAt: parseTime(view.confirmedAt),
    payment: view.payment,
  };
}

function parseTime(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

export function isSameSeen(one: BookingSeen, other: BookingSeen): boolean {
  return (
    one.id === other.id &&
    one.showId === other.showId &&
    one.status === other.status &&
    one.reason === other.reason &&
    one.want === other.want &&
    one.price === other.price &&
    one.rescued === other.rescued &&
    one.customer === other.customer &&
    one.place.partition === other.place.partition &&
    one.place.offset === other.place.offset &&
    one.expiresAt === other.expiresAt &&
    one.createdAt === other.createdAt &&
    one.decidedAt === other.decidedAt &&
    one.confirmedAt === other.confirmedAt &&
    one.payment === other.payment &&
    one.seats.length === other.seats.length &&
    one.seats.every((seat, index) => seat === other.seats[index])
  );
}
