/**
 * The one place where anything is decided. Pure: the same requests at the same moments decide the
 * same seats, always. It answers with what to write and never writes.
 */
import { allocate, unknownSeats } from "./allocate.ts";
import { unreachable } from "./assert.ts";
import type {
  Allocation,
  Book,
  Booking,
  Confirm,
  CreateShow,
  Decision,
  Moment,
  Outcome,
  RefusalFacts,
  RefusalReason,
  Request,
} from "./model.ts";
import type { LineState, Show } from "./show.ts";

/**
 * Decides one request. `state` holds the show and the booking that the request speaks of, where
 * they exist, with the lapsed holds of that show already released (`releaseLapsed`).
 */
export function decide(state: LineState, request: Request, moment: Moment): Decision {
  switch (request.kind) {
    case "create-show":
      return decideCreateShow(state, request, moment);
    case "book":
      return decideBook(state, request, moment);
    case "confirm":
      return withBooking(state, request.bookingId, (booking) =>
        decideConfirm(booking, request, moment),
      );
    case "cancel":
      return withBooking(state, request.bookingId, (booking) =>
        decideCancel(booking, state.shows.get(booking.showId) ?? null, moment),
      );
    case "expire":
      // Whatever had lapsed was released before this; so here there is nothing left to do but tell.
      return withBooking(state, request.bookingId, (booking) => asItIs(booking));
    default:
      return unreachable(request);
  }
}

function decideCreateShow(state: LineState, request: CreateShow, moment: Moment): Decision {
  const outcome = { kind: "show", showId: request.showId } as const;
  const known = state.shows.get(request.showId);
  if (known !== undefined) {
    return known.facts.requestHash === request.requestHash
      ? { outcome, writes: [] }
      : refuse("key-reused", null);
  }
  const { showId: id, name, startsAt, layout, rules, requestHash } = request;
  const show = { id, name, startsAt, layout, rules, requestHash, createdAt: moment.appendedAt };
  return { outcome, writes: [{ kind: "show-created", show }] };
}

function decideBook(state: LineState, request: Book, moment: Moment): Decision {
  const known = state.bookings.get(request.requestId);
  if (known !== undefined) {
    return known.requestHash === request.requestHash ? asItIs(known) : refuse("key-reused", null);
  }
  const found = findPlaces(state.shows.get(request.showId), request);
  const after =
    "reason" in found ? buildRefused(request, moment, found) : buildTaken(request, moment, found);
  return { outcome: outcomeOf(after), writes: [{ kind: "booking", before: null, after }] };
}

type Refusal = { readonly reason: RefusalReason; readonly facts: RefusalFacts | null };
type Found = { readonly show: Show; readonly allocation: Allocation };

function findPlaces(show: Show | undefined, request: Book): Found | Refusal {
  if (show === undefined) return { reason: "show-not-found", facts: null };
  const unknown = unknownSeats(show.facts.layout, request.wants);
  if (unknown.length > 0) return { reason: "seat-unknown", facts: { seats: unknown } };
  const allocation = allocate(show, request.wants);
  return "reason" in allocation ? allocation : { show, allocation };
}

function buildRequested(request: Book, moment: Moment) {
  return {
    id: request.requestId,
    showId: request.showId,
    place: moment.place,
    requestHash: request.requestHash,
    customer: request.customer,
    wants: request.wants,
    payment: null,
    createdAt: moment.appendedAt,
    decidedAt: decidedAt(moment),
    updatedAt: decidedAt(moment),
  };
}

function buildRefused(request: Book, moment: Moment, { reason, facts }: Refusal): Booking {
  return {
    ...buildRequested(request, moment),
    status: "FAILED",
    reason,
    facts,
    want: null,
    seats: [],
    standing: [],
    expiresAt: null,
    confirmedAt: null,
  };
}

function buildTaken(request: Book, moment: Moment, { show, allocation }: Found): Booking {
  const { rules } = show.facts;
  const isAutomatic = rules.confirmation === "automatic" && request.holdMs === null;
  const confirmed = request.confirmNow || isAutomatic;
  const holdMs = request.holdMs ?? rules.holdMs;
  return {
    ...buildRequested(request, moment),
    status: confirmed ? "CONFIRMED" : "PENDING",
    reason: null,
    facts: null,
    ...allocation,
    expiresAt: confirmed ? null : decidedAt(moment) + holdMs,
    confirmedAt: confirmed ? moment.appendedAt : null,
  };
}

function decideConfirm(booking: Booking, request: Confirm, moment: Moment): Decision {
  switch (booking.status) {
    case "CONFIRMED":
      return asItIs(booking);
    case "CANCELLED":
      return refuse("booking-not-pending", booking.id);
    case "FAILED":
      return refuse(notPending(booking), booking.id);
    case "PENDING":
      return change(booking, {
        ...booking,
        status: "CONFIRMED",
        payment: request.payment,
        expiresAt: null,
        confirmedAt: moment.appendedAt,
        updatedAt: decidedAt(moment),
      });
    default:
      return unreachable(booking.status);
  }
}

function decideCancel(booking: Booking, show: Show | null, moment: Moment): Decision {
  switch (booking.status) {
    case "CANCELLED":
      return asItIs(booking);
    case "FAILED":
      return refuse(notPending(booking), booking.id);
    case "CONFIRMED":
      return show?.facts.rules.cancelConfirmed === true
        ? change(booking, withoutPlaces(booking, "CANCELLED", moment))
        : refuse("cancel-not-allowed", booking.id);
    case "PENDING":
      return change(booking, withoutPlaces(booking, "CANCELLED", moment));
    default:
      return unreachable(booking.status);
  }
}

/** The booking without its places. */
export function withoutPlaces(
  booking: Booking,
  status: "CANCELLED" | "FAILED",
  moment: Moment,
): Booking {
  return {
    ...booking,
    status,
    seats: [],
    standing: [],
    expiresAt: null,
    updatedAt: decidedAt(moment),
  };
}

/**
 * A decision is never dated before the request that it answers, however the two clocks differ: a
 * customer's hold must not be shorter because the broker's clock is ahead of the database's.
 */
export function decidedAt(moment: Moment): number {
  return Math.max(moment.now, moment.appendedAt);
}

function notPending(booking: Booking): RefusalReason {
  return booking.reason === "hold-expired" ? "hold-expired" : "booking-not-pending";
}

function withBooking(
  state: LineState,
  bookingId: string,
  decideWith: (booking: Booking) => Decision,
): Decision {
  const booking = state.bookings.get(bookingId);
  return booking === undefined ? refuse("booking-not-found", null) : decideWith(booking);
}

/** The booking's decision again: what was refused is refused with the same words. */
function asItIs(booking: Booking): Decision {
  return { outcome: outcomeOf(booking), writes: [] };
}

function outcomeOf({ id, status, reason, facts }: Booking): Outcome {
  return status === "FAILED" && reason !== null
    ? { kind: "refused", reason, facts, bookingId: id }
    : { kind: "booking", bookingId: id };
}

function change(before: Booking, after: Booking): Decision {
  return {
    outcome: { kind: "booking", bookingId: after.id },
    writes: [{ kind: "booking", before, after }],
  };
}

function refuse(reason: RefusalReason, bookingId: string | null): Decision {
  return { outcome: { kind: "refused", reason, facts: null, bookingId }, writes: [] };
}
