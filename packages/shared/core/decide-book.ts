/** Decides who gets places: a new booking, and one that has waited for them. */
import { allocate, findUnknown } from "./allocate.ts";
import type { Vain } from "./allocate.ts";
import { wantedPlaces } from "./model.ts";
import type { Decision, Moment } from "./decision.ts";
import type { Allocation, Booking } from "./model.ts";
import { asItIs, decidedAt, outcomeOf, refuse } from "./outcome.ts";
import type { Refusal } from "./outcome.ts";
import type { Book } from "./requests.ts";
import { findSaleRefusal, isServing } from "./sale.ts";
import { memberOf, priceOf } from "./show.ts";
import type { LineState, Show } from "./show.ts";

/** Most bookings that wait in one show; whoever comes later is refused. */
const WAITING_MAX = 100_000;
/**
 * Most different wants that they have, and most different ladders made of these. When places come back,
 * each want is looked for once, and each ladder gone through: this bounds the work in front of one request.
 */
const WAITING_WANTS_MAX = 1_000;
const WAITING_KINDS_MAX = 1_000;

const NOTHING_IS_VAIN: Vain = { has: () => false, add: () => {} };
const EVERYTHING_IS_VAIN: Vain = { has: () => true, add: () => {} };

export function decideBook(state: LineState, request: Book, moment: Moment): Decision {
  const known = state.bookings.get(request.requestId);
  if (known !== undefined) {
    return known.requestHash === request.requestHash ? asItIs(known) : refuse("key-reused", null);
  }
  const after = buildBooking(state.shows.get(request.showId), request, moment);
  return { outcome: outcomeOf(after), writes: [{ kind: "booking", before: null, after }] };
}

function buildBooking(show: Show | undefined, request: Book, moment: Moment): Booking {
  const asked = buildAsked(request, moment);
  if (show === undefined) return fail(asked, { reason: "show-not-found", facts: null });
  const refusal = findRefusal(show, request, moment);
  if (refusal !== null) return fail(asked, refusal);
  const isHold = !isConfirmedAtOnce(show, request);
  // Places came back, and not everybody who waits was asked yet: nobody goes before them.
  const vain = isServing(show, moment) ? EVERYTHING_IS_VAIN : NOTHING_IS_VAIN;
  const found = allocate(show, { ...request, isHold, vain });
  if (!("reason" in found)) {
    return give({ show, booking: asked, allocation: found }, request.holdMs, moment);
  }
  const { reason, facts } = found;
  const until = findWaitUntil(show, request);
  const canWait =
    reason !== "customer-limit-reached" && until > moment.appendedAt && hasRoomToWait(show, asked);
  return canWait
    ? { ...asked, status: "WAITING", reason, facts, expiresAt: until }
    : fail(asked, { reason, facts });
}

/** What a booking is before anything is decided about it. */
function buildAsked(request: Book, moment: Moment): Booking {
  return {
    id: request.requestId,
    showId: request.showId,
    place: moment.place,
    requestHash: request.requestHash,
    customer: request.customer,
    wants: request.wants,
    confirmNow: request.confirmNow,
    status: "FAILED",
    reason: null,
    facts: null,
    want: null,
    seats: [],
    standing: [],
    returned: [],
    price: null,
    prices: null,
    payment: null,
    rescued: false,
    createdAt: moment.appendedAt,
    decidedAt: decidedAt(moment),
    updatedAt: decidedAt(moment),
    expiresAt: null,
    holdLimit: null,
    confirmedAt: null,
  };
}

function fail(asked: Booking, { reason, facts }: Refusal): Booking {
  return { ...asked, status: "FAILED", reason, facts };
}

/** What stands against the request before anybody looks for places, in the order of the reasons. */
function findRefusal(show: Show, { wants }: Book, moment: Moment): Refusal | null {
  const refusal = findSaleRefusal(show.facts, moment);
  if (refusal !== null) return refusal;
  const unknown = findUnknown(show, wants);
  if (unknown !== null) return { reason: "seat-unknown", facts: unknown };
  const limit = show.facts.rules.seatsPerBookingMax;
  const asksTooMany = wants.some((want) => wantedPlaces(want) > limit);
  return asksTooMany
    ? { reason: "too-many-seats", facts: { limitOf: "seats-per-booking", limit } }
    : null;
}

function isConfirmedAtOnce(
  show: Show,
  { confirmNow, holdMs = null }: { confirmNow: boolean; holdMs?: number | null },
): boolean {
  return confirmNow || (show.facts.rules.confirmation === "automatic" && holdMs === null);
}

/** How long the booking would wait; a time that is over for who would not. */
function findWaitUntil(show: Show, { wait }: Book): number {
  return wait === null ? Number.NEGATIVE_INFINITY : (wait.until ?? show.facts.startsAt);
}

function hasRoomToWait({ waiting }: Show, asked: Booking): boolean {
  const { kind } = memberOf(asked);
  if (waiting.size >= WAITING_MAX) return false;
  if (waiting.hasKind(kind)) return true;
  return waiting.kinds < WAITING_KINDS_MAX && waiting.countWantsWith(kind) <= WAITING_WANTS_MAX;
}

/** The booking with its places, held or confirmed. `holdMs` is what it asked for, if anything. */
export function give(
  given: { readonly show: Show; readonly booking: Booking; readonly allocation: Allocation },
  holdMs: number | null,
  moment: Moment,
): Booking {
  const { show, booking, allocation } = given;
  const { rules } = show.facts;
  const confirmed = isConfirmedAtOnce(show, { confirmNow: booking.confirmNow, holdMs });
  const startsAt = decidedAt(moment);
  const lastsMs = holdMs ?? rules.holdMs;
  return {
    ...booking,
    ...allocation,
    ...priceOf(show, allocation),
    status: confirmed ? "CONFIRMED" : "PENDING",
    reason: null,
    facts: null,
    updatedAt: startsAt,
    expiresAt: confirmed ? null : startsAt + lastsMs,
    holdLimit: confirmed ? null : startsAt + Math.max(lastsMs, rules.holdMaxMs),
    confirmedAt: confirmed ? moment.appendedAt : null,
  };
}

/** The places for a booking that has waited, or why it has none yet. */
export function allocateWaiting(show: Show, { wants, customer, confirmNow }: Booking, vain: Vain) {
  const isHold = !isConfirmedAtOnce(show, { confirmNow });
  return allocate(show, { wants, customer, isHold, byStaff: false, vain });
}
