/** Decisions in the making: the few forms that every answer of the core has. */
import type { Decision, Moment, Outcome } from "./decision.ts";
import type { Booking, BookingStatus, RefusalFacts, RefusalReason } from "./model.ts";

export type Refusal = { readonly reason: RefusalReason; readonly facts: RefusalFacts | null };

/** The booking's decision again: what was refused is refused with the same words. */
export function asItIs(booking: Booking): Decision {
  return { outcome: outcomeOf(booking), writes: [] };
}

export function outcomeOf({ id, status, reason, facts }: Booking): Outcome {
  return status === "FAILED" && reason !== null
    ? { kind: "refused", reason, facts, bookingId: id }
    : { kind: "booking", bookingId: id };
}

export function change(before: Booking, after: Booking): Decision {
  return {
    outcome: { kind: "booking", bookingId: after.id },
    writes: [{ kind: "booking", before, after }],
  };
}

export function refuse(
  reason: RefusalReason,
  bookingId: string | null,
  facts: RefusalFacts | null = null,
): Decision {
  return { outcome: { kind: "refused", reason, facts, bookingId }, writes: [] };
}

/** The booking in another status. Its places stay written down: the status says whether it has them. */
export function moveTo(booking: Booking, status: BookingStatus, moment: Moment): Booking {
  return { ...booking, status, updatedAt: decidedAt(moment) };
}

/** The booking given up, by whoever had it or with its show. */
export function cancelled(
  booking: Booking,
  reason: "show-cancelled" | null,
  moment: Moment,
): Booking {
  return {
    ...moveTo(booking, "CANCELLED", moment),
    reason,
    facts: null,
    expiresAt: null,
    holdLimit: null,
  };
}

/** What a refusal says of seats and sections that are not there; null if all are. */
export function unknownFacts(
  seats: readonly number[],
  sections: readonly string[],
): Pick<RefusalFacts, "seats" | "sections"> | null {
  if (seats.length === 0 && sections.length === 0) return null;
  return {
    ...(seats.length === 0 ? {} : { seats }),
    ...(sections.length === 0 ? {} : { sections }),
  };
}

/**
 * A decision is never dated before the request that it answers, however the two clocks differ: a
 * customer's hold must not be shorter because the broker's clock is ahead of the database's.
 */
export function decidedAt(moment: Moment): number {
  return Math.max(moment.now, moment.appendedAt);
}

/** Why a booking that is not live any more, or not yet, cannot be changed. */
export function notPending(booking: Booking): RefusalReason {
  return booking.status === "FAILED" && booking.reason === "hold-expired"
    ? "hold-expired"
    : "booking-not-pending";
}
