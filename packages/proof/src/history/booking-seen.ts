/** A booking as clients see it, whoever they are. */
import { isLive } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";

import type { BookingSeen } from "./history.ts";

/** What the gateway shows of a booking. What it once had is nobody's business but the shop's. */
export function seeBooking(booking: Booking): BookingSeen {
  const { id, showId, status, reason, want, price, rescued, customer, place } = booking;
  const { createdAt, decidedAt, confirmedAt, payment } = booking;
  return {
    id,
    showId,
    status,
    reason,
    seats: isLive(booking) ? booking.seats : [],
    want,
    price,
    rescued,
    customer,
    place,
    expiresAt: status === "FAILED" ? null : booking.expiresAt,
    createdAt,
    decidedAt,
    confirmedAt,
    payment,
  };
}
