/** The only code that changes what is known of a sale, and only as a decision's writes say. */
import { assert, unreachable } from "./assert.ts";
import { countPlaces, isLive, isUnsettled, limitsCustomers } from "./model.ts";
import type { Write } from "./decision.ts";
import type { Booking, Places, ShowFacts } from "./model.ts";
import {
  NO_USAGE,
  buildShow,
  countSeatsHeld,
  countersOf,
  deadlineOf,
  freePlaces,
  freeStanding,
  memberOf,
} from "./show.ts";
import type { LineState, Show } from "./show.ts";
import { flagsOf } from "./seats/seat-flags.ts";
import { sectionOfSeat } from "./seats/layout.ts";

/**
 * Carries out the writes of one decision. It consumes the state it is given and returns it: a copy
 * per decision would cost more than the decision on a large show, so whoever needs the old state
 * copies it before (`cloneLineState`).
 */
export function apply(state: LineState, writes: readonly Write[]): LineState {
  for (const write of writes) {
    switch (write.kind) {
      case "show-created":
        assert(!state.shows.has(write.show.id), `show ${write.show.id} is new`);
        state.shows.set(write.show.id, buildShow(write.show));
        break;
      case "show-changed":
        changeShow(knownShow(state, write.after.id), write.after);
        break;
      case "booking":
        changeBooking(state, write.before, write.after);
        break;
      default:
        unreachable(write);
    }
  }
  return state;
}

function knownShow(state: LineState, id: string): Show {
  const show = state.shows.get(id);
  assert(show !== undefined, `show ${id} is loaded`);
  return show;
}

function changeShow(show: Show, after: ShowFacts): void {
  const before = show.facts;
  show.facts = after;
  for (const [index, section] of after.layout.sections.entries()) {
    const was = before.layout.sections[index];
    if (section.kind !== "standing" || was?.kind !== "standing") continue;
    show.capacity += section.capacity - was.capacity;
    assert(freeStanding(show, index) >= 0, `section ${index} is not oversold`);
  }
  if (after.layout.blocked !== before.layout.blocked) changeBlocked(show, after.layout.blocked);
  // What is wanted by those who wait may have become possible: more places, another price, an open sale.
  show.mayServe = show.waiting.size > 0;
}

/** A seat that is taken stays so; that it is blocked matters when it comes back. */
function changeBlocked(show: Show, ranges: string): void {
  const next = flagsOf(ranges, show.plan.seats);
  const [blocked, unblocked]: [number[], number[]] = [[], []];
  for (let seat = 1; seat <= show.plan.seats; seat++) {
    if (next.has(seat) === show.blocked.has(seat)) continue;
    show.blocked.set(seat, next.has(seat));
    if (!show.taken.has(seat)) (next.has(seat) ? blocked : unblocked).push(seat);
  }
  show.capacity += unblocked.length - blocked.length;
  offer(show, blocked, false);
  offer(show, unblocked, true);
}

/** Opens or closes seats, each among those for everybody or those for who needs them. */
function offer(show: Show, seats: readonly number[], isOpen: boolean): void {
  const accessible = seats.filter((seat) => show.accessible.has(seat));
  const others =
    accessible.length === 0 ? seats : seats.filter((seat) => !show.accessible.has(seat));
  const change = isOpen ? "open" : "close";
  if (others.length > 0) show.openGeneral[change](others);
  if (accessible.length > 0) show.openAccessible[change](accessible);
}

function changeBooking(state: LineState, before: Booking | null, after: Booking): void {
  const show = state.shows.get(after.showId);
  state.bookings.set(after.id, after);
  if (show === undefined) {
    assert(
      !isLive(after) && after.status !== "WAITING",
      `the show of booking ${after.id} is loaded`,
    );
    return;
  }
  const had = before !== null && isLive(before) ? before : NO_PLACES;
  const has = isLive(after) ? after : NO_PLACES;
  moveSeats(show, had.seats, has.seats);
  if (before !== null) count(show, before, -1);
  count(show, after, 1);
  if (givesBack(show, before, after)) show.mayServe = show.waiting.size > 0;
  if (before?.status === "WAITING") show.waiting.delete(before.id);
  if (after.status === "WAITING") show.waiting.add(memberOf(after));
  if (isUnsettled(after)) show.deadlines.set(deadlineOf(after));
  else show.deadlines.delete(after.id);
  assert(freePlaces(show) >= 0 && show.held >= 0 && show.confirmed >= 0, "free + held + confirmed");
}

/** Whether somebody who waits may get places now: some came back, or a customer may hold again. */
function givesBack(show: Show, before: Booking | null, after: Booking): boolean {
  if (before === null || !isLive(before)) return false;
  const endsHold = before.status === "PENDING" && after.status !== "PENDING";
  if (endsHold && limitsCustomers(show.facts.rules)) return true;
  return !isLive(after) || countPlaces(after) < countPlaces(before);
}

const NO_PLACES: Places = { seats: [], standing: [] };

function moveSeats(show: Show, had: readonly number[], has: readonly number[]): void {
  // A booking keeps its seats from hold to confirmation: mostly there is nothing to move.
  if (had === has) return;
  const released = had.filter((seat) => !has.includes(seat));
  const claimed = has.filter((seat) => !had.includes(seat));
  for (const seat of released) assert(show.taken.set(seat, false), `seat ${seat} was taken`);
  for (const seat of claimed) assert(show.taken.set(seat, true), `seat ${seat} was not taken`);
  const isBlocked = (seat: number) => show.blocked.has(seat);
  const [lost, won] = [released.filter(isBlocked), claimed.filter(isBlocked)];
  // A blocked seat counts only while it is taken.
  show.capacity += won.length - lost.length;
  offer(show, lost.length === 0 ? released : released.filter((seat) => !isBlocked(seat)), true);
  offer(show, won.length === 0 ? claimed : claimed.filter((seat) => !isBlocked(seat)), false);
}

/** Adds a booking to the counters, or takes it out. */
function count(show: Show, booking: Booking, sign: 1 | -1): void {
  if (!isLive(booking)) return;
  const isHold = booking.status === "PENDING";
  if (isHold) countSeatsHeld(show, booking.seats, sign);
  else {
    for (const seat of booking.seats) {
      countersOf(show, sectionOfSeat(show.plan, seat)).confirmed += sign;
    }
  }
  for (const { section, count: places } of booking.standing) {
    countersOf(show, section)[isHold ? "held" : "confirmed"] += sign * places;
    assert(freeStanding(show, section) >= 0, `section ${section} is not oversold`);
  }
  show[isHold ? "held" : "confirmed"] += sign * countPlaces(booking);
  countUsage(show, booking, sign);
}

function countUsage(show: Show, booking: Booking, sign: 1 | -1): void {
  const { customer } = booking;
  if (customer === null || !limitsCustomers(show.facts.rules)) return;
  const { places, holds } = show.usage.get(customer) ?? NO_USAGE;
  const usage = {
    places: places + sign * countPlaces(booking),
    holds: holds + (booking.status === "PENDING" ? sign : 0),
  };
  assert(
    usage.places >= 0 && usage.holds >= 0,
    `the usage of a customer of ${booking.id} is known`,
  );
  show.usage.set(customer, usage);
}
