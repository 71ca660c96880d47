/**
 * What the rules say of a request that reaches a show: the answer, and what becomes of the booking or the show
 * that it speaks of. Written from the design and read like it, reason after reason in their order; only which
 * places a group gets side by side is taken from what was given, and checked.
 */
import { assert, unreachable } from "../core/assert.ts";
import type { Moment } from "../core/decision.ts";
import type { Booking, RefusalReason, ShowFacts } from "../core/model.ts";
import type { Book, Cancel, Confirm, CreateShow, Extend } from "../core/requests.ts";
import { expectChange } from "./naive-change.ts";
import { checkPlaces, findWant, mayHave } from "./naive-places.ts";
import type { NaiveRefusal } from "./naive-places.ts";
import { changed, dateOf, refused, told } from "./naive-question.ts";
import type { Expected, Question } from "./naive-question.ts";
import { costOf, leftStanding, placesOf, placesWanted, priceToday } from "./naive-show.ts";
import type { NaiveShow } from "./naive-show.ts";

export function expectDecision(question: Question): Expected {
  const { request, booking } = question;
  switch (request.kind) {
    case "create-show":
      return expectCreate({ ...question, request });
    case "change-show":
      return expectChange({ ...question, request });
    case "book":
      return expectBook({ ...question, request });
    case "confirm":
    case "extend":
    case "cancel":
    case "expire":
      if (booking === undefined) return refused("booking-not-found");
      break;
    default:
      return unreachable(request);
  }
  switch (request.kind) {
    case "confirm":
      return expectConfirm(booking, { ...question, request });
    case "extend":
      return expectExtend(booking, { ...question, request });
    case "cancel":
      return expectCancel(booking, { ...question, request });
    case "expire":
      return told(booking);
    default:
      return unreachable(request);
  }
}

function expectCreate({ request, moment, show }: Question<CreateShow>): Expected {
  const outcome = { kind: "show", showId: request.showId } as const;
  if (show !== undefined) {
    const isSame = show.facts.requestHash === request.requestHash;
    return isSame ? { outcome, facts: null, bookings: [] } : refused("key-reused");
  }
  const { kind: _, requestId: __, showId: id, ...asked } = request;
  const facts = {
    id,
    ...asked,
    sale: "open",
    archived: false,
    place: moment.place,
    createdAt: moment.appendedAt,
  } as const;
  return { outcome, facts, bookings: [] };
}

function expectBook(question: Question<Book>): Expected {
  const { request, moment, show, booking, given } = question;
  if (booking !== undefined) {
    return booking.requestHash === request.requestHash ? told(booking) : refused("key-reused");
  }
  const asked = buildAsked(request, moment);
  const fail = (refusal: NaiveRefusal) => changed({ ...asked, ...refusal });
  if (show === undefined) return fail({ reason: "show-not-found", facts: null });
  const refusal = findSaleRefusal(show.facts, moment) ?? findMisfit(show, request);
  if (refusal !== null) return fail(refusal);
  const { confirmNow, holdMs, byStaff, wait } = request;
  const isAutomatic = show.facts.rules.confirmation === "automatic";
  const isHold = !confirmNow && !(isAutomatic && holdMs === null);
  const want = findWant(show, { ...asked, isHold, byStaff });
  if (typeof want === "number") {
    assert(given !== undefined, "a want that can be had is given");
    return changed(expectGiven(show, { ...asked, want }, { given, isHold, holdMs, moment }));
  }
  const until = wait === null ? null : (wait.until ?? show.facts.startsAt);
  const isWorthWaiting = want.reason !== "customer-limit-reached";
  if (until === null || until <= moment.appendedAt || !isWorthWaiting) return fail(want);
  return changed({ ...asked, ...want, status: "WAITING", expiresAt: until });
}

function buildAsked(request: Book, moment: Moment): Booking {
  const { requestId: id, showId, requestHash, customer, wants, confirmNow } = request;
  const date = dateOf(moment);
  return {
    id,
    showId,
    requestHash,
    customer,
    wants,
    confirmNow,
    place: moment.place,
    status: "FAILED",
    reason: null,
    facts: null,
    want: null,
    rescued: false,
    payment: null,
    seats: [],
    standing: [],
    returned: [],
    price: null,
    prices: null,
    createdAt: moment.appendedAt,
    decidedAt: date,
    updatedAt: date,
    expiresAt: null,
    holdLimit: null,
    confirmedAt: null,
  };
}

/** Why a show takes no booking at a moment. */
export function findSaleRefusal(
  { sale, archived, opensAt, closesAt }: ShowFacts,
  { appendedAt }: Moment,
): NaiveRefusal | null {
  if (sale === "cancelled") return { reason: "show-cancelled", facts: null };
  if (opensAt !== null && opensAt > appendedAt)
    return { reason: "sale-not-open", facts: { opensAt } };
  if (closesAt !== null && closesAt <= appendedAt) {
    return { reason: "sale-closed", facts: { closesAt } };
  }
  return sale === "closed" || archived ? { reason: "sale-closed", facts: null } : null;
}

/** Wants that no state of the sale could satisfy. */
function findMisfit({ facts, seats: known }: NaiveShow, { wants }: Book): NaiveRefusal | null {
  const names = facts.layout.sections.map(({ name }) => name);
  const seats: number[] = [];
  const sections: string[] = [];
  for (const want of wants) {
    if ("seats" in want) seats.push(...want.seats.filter((seat) => seat >= known.length));
    sections.push(...(want.sections ?? []).filter((name) => !names.includes(name)));
  }
  if (seats.length > 0 || sections.length > 0) {
    const told = {
      ...(seats.length > 0 ? { seats } : {}),
      ...(sections.length > 0 ? { sections } : {}),
    };
    return { reason: "seat-unknown", facts: told };
  }
  const limit = facts.rules.seatsPerBookingMax;
  if (wants.every((want) => placesWanted(want) <= limit)) return null;
  return { reason: "too-many-seats", facts: { limitOf: "seats-per-booking", limit } };
}

/** A booking that gets places for its want: those that it was given, if they are what it asked for. */
export function expectGiven(
  show: NaiveShow,
  booking: Booking & { readonly want: number },
  how: {
    readonly given: Booking;
    readonly isHold: boolean;
    readonly holdMs: number | null;
    readonly moment: Moment;
  },
): Booking {
  const { given, isHold, moment } = how;
  const want = booking.wants[booking.want];
  assert(want !== undefined, "one of the wants");
  checkPlaces(show, want, given);
  const { seats, standing } = given;
  const { rules } = show.facts;
  const date = dateOf(moment);
  const lasts = how.holdMs ?? rules.holdMs;
  return {
    ...booking,
    seats,
    standing,
    ...priceToday(show, given),
    reason: null,
    facts: null,
    updatedAt: date,
    status: isHold ? "PENDING" : "CONFIRMED",
    expiresAt: isHold ? date + lasts : null,
    holdLimit: isHold ? date + Math.max(lasts, rules.holdMaxMs) : null,
    confirmedAt: isHold ? null : moment.appendedAt,
  };
}

function expectConfirm(booking: Booking, question: Question<Confirm>): Expected {
  const { show, moment, request } = question;
  const { id, status } = booking;
  if (show?.facts.sale === "cancelled") return refused("show-cancelled", id);
  if (status === "CONFIRMED") {
    const { payment } = request;
    if (booking.payment !== null || payment === null) return told(booking);
    return changed({ ...booking, payment, updatedAt: dateOf(moment) });
  }
  const isRescued = show !== undefined && canRescue(show, booking, moment);
  if (status !== "PENDING" && !isRescued) return refused(whyNotPending(booking), id);
  return changed({
    ...booking,
    status: "CONFIRMED",
    reason: null,
    rescued: isRescued,
    payment: request.payment,
    expiresAt: null,
    holdLimit: null,
    confirmedAt: moment.appendedAt,
    updatedAt: dateOf(moment),
  });
}

function whyNotPending({ status, reason }: Booking): RefusalReason {
  const isLate = status === "FAILED" && reason === "hold-expired";
  return isLate ? "hold-expired" : "booking-not-pending";
}

function canRescue(show: NaiveShow, booking: Booking, { appendedAt }: Moment): boolean {
  const { status, reason, expiresAt, seats, standing } = booking;
  if (status !== "FAILED" || reason !== "hold-expired" || expiresAt === null) return false;
  const { rescueMs } = show.facts.rules;
  if (rescueMs === 0 || appendedAt > expiresAt + rescueMs || !mayHave(show, booking)) return false;
  for (const seat of seats) {
    if (show.owners[seat] !== undefined || show.seats[seat]?.isBlocked !== false) return false;
  }
  return standing.every(({ section, count }) => count <= leftStanding(show, section));
}

function expectExtend(booking: Booking, { show, moment, request }: Question<Extend>): Expected {
  const { id, status, expiresAt, holdLimit } = booking;
  if (show?.facts.sale === "cancelled") return refused("show-cancelled", id);
  if (status !== "PENDING") return refused(whyNotPending(booking), id);
  assert(show !== undefined && expiresAt !== null && holdLimit !== null, "a hold has its times");
  const wish = dateOf(moment) + (request.holdMs ?? show.facts.rules.holdMs);
  const until = wish > holdLimit ? holdLimit : wish;
  if (until > expiresAt) {
    return changed({ ...booking, expiresAt: until, updatedAt: dateOf(moment) });
  }
  return wish > holdLimit ? refused("hold-limit-reached", id) : told(booking);
}

function expectCancel(booking: Booking, { show, moment, request }: Question<Cancel>): Expected {
  const { id, status } = booking;
  if (status === "CANCELLED") return told(booking);
  if (status === "FAILED") return refused(whyNotPending(booking), id);
  assert(show !== undefined, "who is not FAILED has a show");
  const unknown = findForeign(show, booking, request);
  if (unknown !== null) return refused("seat-unknown", id, unknown);
  const mayCancel = show.facts.rules.cancelConfirmed || request.byStaff;
  if (status === "CONFIRMED" && !mayCancel) return refused("cancel-not-allowed", id);
  const kept = keepPlaces(show, booking, request);
  const left = kept === null ? 0 : placesOf(kept);
  if (kept !== null && left === placesOf(booking)) return told(booking);
  const updatedAt = dateOf(moment);
  if (kept === null || left === 0) {
    const over = { reason: null, facts: null, expiresAt: null, holdLimit: null } as const;
    return changed({ ...booking, ...over, status: "CANCELLED", updatedAt });
  }
  const { prices } = booking;
  const price = prices === null ? null : costOf(show.seats, kept, prices);
  const back = booking.seats.filter((seat) => !kept.seats.includes(seat));
  return changed({
    ...booking,
    ...kept,
    returned: [...booking.returned, ...back],
    price,
    updatedAt,
  });
}

/** What a cancel names that the booking never had, or that is not counted in the show. */
function findForeign({ facts }: NaiveShow, booking: Booking, { places }: Cancel) {
  if (places === null) return null;
  const had = [...booking.seats, ...booking.returned];
  const seats = places.seats.filter((seat) => !had.includes(seat));
  const counted = facts.layout.sections.filter(({ kind }) => kind === "standing");
  const sections = places.standing
    .map(({ section }) => section)
    .filter((name) => !counted.some((section) => section.name === name));
  if (seats.length === 0 && sections.length === 0) return null;
  return {
    ...(seats.length > 0 ? { seats } : {}),
    ...(sections.length > 0 ? { sections } : {}),
  };
}

/** What a booking keeps of its places; null if it gives up all without naming any. */
function keepPlaces({ facts }: NaiveShow, { seats, standing }: Booking, { places }: Cancel) {
  if (places === null) return null;
  const kept = standing.map(({ section, count }) => {
    const name = facts.layout.sections[section]?.name;
    const keep = places.standing.findLast((its) => its.section === name)?.keep ?? count;
    return { section, count: keep < count ? keep : count };
  });
  return {
    seats: seats.filter((seat) => !places.seats.includes(seat)),
    standing: kept.filter(({ count }) => count > 0),
  };
}
