/** The end of holds whose time is over. */
import { withoutPlaces } from "./decide.ts";
import { readIds } from "./model.ts";
import type { Booking, Moment, Request, Write } from "./model.ts";
import type { LineState } from "./show.ts";

/**
 * At most so many lapsed holds are released in front of one request, so that one commit stays a
 * bounded piece of work. More can only be due at once after a long stand-still of a very large
 * show; the next requests, and the sweep's, release the rest, oldest first.
 */
export const LAPSES_PER_REQUEST_MAX = 2_000;

/** The writes that release what has lapsed before `request`. The booking it speaks of comes first. */
export function releaseLapsed(state: LineState, request: Request, moment: Moment): Write[] {
  const ids = readIds(request);
  const subject = ids.bookingId === null ? undefined : state.bookings.get(ids.bookingId);
  const showId = ids.showId ?? subject?.showId ?? null;
  const show = showId === null ? undefined : state.shows.get(showId);
  if (show === undefined) return [];
  const lapsed = new Set<Booking>();
  // The booking under a request's id may be another show's: then it is none of this request's business.
  if (subject !== undefined && subject.showId === showId && hasLapsed(subject, moment))
    lapsed.add(subject);
  const due = show.holds
    .due(moment.appendedAt)
    .map((bookingId) => state.bookings.get(bookingId))
    .filter((booking) => booking !== undefined)
    .filter((booking) => hasLapsed(booking, moment))
    .sort(byExpiryThenPlace);
  for (const booking of due) {
    if (lapsed.size >= LAPSES_PER_REQUEST_MAX) break;
    lapsed.add(booking);
  }
  return [...lapsed].map((before) => ({
    kind: "booking",
    before,
    after: { ...withoutPlaces(before, "FAILED", moment), reason: "hold-expired" },
  }));
}

/** A confirm that reaches the line before `expiresAt` wins, however late it is decided. */
function hasLapsed(booking: Booking, moment: Moment): boolean {
  return (
    booking.status === "PENDING" &&
    booking.expiresAt !== null &&
    booking.expiresAt <= moment.appendedAt
  );
}

function byExpiryThenPlace(a: Booking, b: Booking): number {
  return (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || a.place.offset - b.place.offset;
}
