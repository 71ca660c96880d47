/** Decides what becomes of a booking that exists: confirmed, extended, given back. */
import { findCustomerLimit } from "./allocate.ts";
import { assert, unreachable } from "./assert.ts";
import { countPlaces } from "./model.ts";
import type { Decision, Moment } from "./decision.ts";
import type { Booking, Places, RefusalFacts } from "./model.ts";
import {
  asItIs,
  cancelled,
  change,
  decidedAt,
  moveTo,
  notPending,
  refuse,
  unknownFacts,
} from "./outcome.ts";
import type { Cancel, Confirm, Extend } from "./requests.ts";
import { isServing } from "./sale.ts";
import { freeStanding, totalPrice } from "./show.ts";
import type { Show } from "./show.ts";

/** A booking, and its show if there is one: a booking may have failed because there is none. */
type Subject = { readonly booking: Booking; readonly show: Show | undefined };

export function decideConfirm(subject: Subject, request: Confirm, moment: Moment): Decision {
  const { booking, show } = subject;
  if (show?.facts.sale === "cancelled") return refuse("show-cancelled", booking.id);
  switch (booking.status) {
    case "CONFIRMED":
      // It was confirmed at once, or without a word of its payment: the first that comes is kept.
      return booking.payment === null && request.payment !== null
        ? change(booking, { ...moveTo(booking, "CONFIRMED", moment), payment: request.payment })
        : asItIs(booking);
    case "WAITING":
    case "CANCELLED":
      return refuse("booking-not-pending", booking.id);
    case "FAILED":
      return canBeRescued(subject, moment)
        ? change(booking, { ...confirm(booking, request, moment), rescued: true })
        : refuse(notPending(booking), booking.id);
    case "PENDING":
      return change(booking, confirm(booking, request, moment));
    default:
      return unreachable(booking.status);
  }
}

function confirm(booking: Booking, { payment }: Confirm, moment: Moment): Booking {
  const confirmedAt = moment.appendedAt;
  return {
    ...moveTo(booking, "CONFIRMED", moment),
    reason: null,
    payment,
    expiresAt: null,
    holdLimit: null,
    confirmedAt,
  };
}

/** A payment may come late: as long as nobody else has the places, and not for ever. */
function canBeRescued({ booking, show }: Subject, moment: Moment): boolean {
  const { reason, expiresAt, seats, standing, customer } = booking;
  if (show === undefined || reason !== "hold-expired" || expiresAt === null) return false;
  const { rescueMs } = show.facts.rules;
  if (rescueMs === 0 || moment.appendedAt > expiresAt + rescueMs) return false;
  // What is free is for those who wait until all of them were asked.
  if (isServing(show, moment)) return false;
  const limit = findCustomerLimit(show, { customer, isHold: false });
  return (
    (limit === null || countPlaces(booking) <= limit.left) &&
    seats.every((seat) => !show.taken.has(seat) && !show.blocked.has(seat)) &&
    standing.every(({ section, count }) => count <= freeStanding(show, section))
  );
}

export function decideExtend(subject: Subject, request: Extend, moment: Moment): Decision {
  const { booking, show } = subject;
  if (show?.facts.sale === "cancelled") return refuse("show-cancelled", booking.id);
  const { expiresAt, holdLimit } = booking;
  if (booking.status !== "PENDING") return refuse(notPending(booking), booking.id);
  assert(show !== undefined && expiresAt !== null && holdLimit !== null, "a hold has its times");
  // Counted from the decision, not from the hold's end: asking twice is asking once.
  const wanted = decidedAt(moment) + (request.holdMs ?? show.facts.rules.holdMs);
  const until = Math.min(wanted, holdLimit);
  if (until > expiresAt) {
    return change(booking, { ...moveTo(booking, "PENDING", moment), expiresAt: until });
  }
  return wanted > holdLimit ? refuse("hold-limit-reached", booking.id) : asItIs(booking);
}

export function decideCancel(subject: Subject, request: Cancel, moment: Moment): Decision {
  const { booking, show } = subject;
  switch (booking.status) {
    case "CANCELLED":
      return asItIs(booking);
    case "FAILED":
      return refuse(notPending(booking), booking.id);
    case "CONFIRMED":
    case "WAITING":
    case "PENDING":
      assert(show !== undefined, `the show of booking ${booking.id} is loaded`);
      return giveBack({ booking, show }, request, moment);
    default:
      return unreachable(booking.status);
  }
}

type Given = { readonly booking: Booking; readonly show: Show };

function giveBack(given: Given, request: Cancel, moment: Moment): Decision {
  const { booking, show } = given;
  const { places } = request;
  const foreign = places === null ? null : findForeign(given, places);
  if (foreign !== null) return refuse("seat-unknown", booking.id, foreign);
  const isAllowed = request.byStaff || show.facts.rules.cancelConfirmed;
  if (booking.status === "CONFIRMED" && !isAllowed) {
    return refuse("cancel-not-allowed", booking.id);
  }
  if (places === null) return change(booking, cancelled(booking, null, moment));
  const kept = keep(given, places);
  if (countPlaces(kept) === countPlaces(booking)) return asItIs(booking);
  if (countPlaces(kept) === 0) return change(booking, cancelled(booking, null, moment));
  const { seats, returned, prices } = booking;
  return change(booking, {
    ...moveTo(booking, booking.status, moment),
    ...kept,
    returned: [...returned, ...seats.filter((seat) => places.seats.includes(seat))],
    price: prices === null ? null : totalPrice(show.plan, kept, prices),
  });
}

/** What is named and was never the booking's, or is no standing section; null if there is no such thing. */
function findForeign(
  { booking, show }: Given,
  places: NonNullable<Cancel["places"]>,
): RefusalFacts | null {
  const seats = places.seats.filter(
    (seat) => !booking.seats.includes(seat) && !booking.returned.includes(seat),
  );
  const sections = places.standing
    .map(({ section }) => section)
    .filter((name) => show.facts.layout.sections[indexOf(show, name)]?.kind !== "standing");
  return unknownFacts(seats, sections);
}

function keep({ booking, show }: Given, places: NonNullable<Cancel["places"]>): Places {
  const keepBySection = new Map(
    places.standing.map(({ section, keep: count }) => [indexOf(show, section), count]),
  );
  return {
    seats: booking.seats.filter((seat) => !places.seats.includes(seat)),
    standing: booking.standing
      .map(({ section, count }) => ({
        section,
        count: Math.min(count, keepBySection.get(section) ?? count),
      }))
      .filter(({ count }) => count > 0),
  };
}

function indexOf(show: Show, name: string): number {
  return show.sectionByName.get(name) ?? -1;
}
