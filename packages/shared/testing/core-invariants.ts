/**
 * What must hold after every single step, whatever came before: the invariants of the sale. It knows the rules
 * from the design, not from the code that it checks, and counts naively from the bookings (`naive-*.ts`). For
 * steps below the bounds (`BOUNDS.lapses` and its like): what they cut off has tests of its own.
 */
import { assert } from "../core/assert.ts";
import { decide } from "../core/decide.ts";
import type { Booking } from "../core/model.ts";
import type { LineState, Show } from "../core/show.ts";
import { isSame } from "./naive-question.ts";
import { countShow, placesOf, usageOf } from "./naive-show.ts";
import type { NaiveShow } from "./naive-show.ts";
import { NaiveWalk, listWaiting, wantFor } from "./naive-walk.ts";
import type { StepSeen } from "./naive-walk.ts";

/** Throws an AssertionError at the first broken invariant of one step of the line. */
export function checkStep(seen: StepSeen): void {
  const walk = new NaiveWalk(seen);
  walk.checkEnds();
  walk.checkServed();
  walk.checkDecision();
  walk.checkServed();
  walk.checkAllIsTold();
  checkAgain(seen);
  checkState(seen.after);
}

/**
 * The same request once more gets the same answer and changes nothing. The one exception: a hold that was
 * extended to its limit, though more was asked for, cannot be extended once more.
 */
function checkAgain({ before, after, request, moment, decision }: StepSeen): void {
  const again = decide(after, request, moment);
  assert(again.writes.length === 0, "the decision again writes nothing");
  if (request.kind === "extend" && decision.outcome.kind === "booking") {
    const [was, is] = [before, after].map(({ bookings }) => bookings.get(request.bookingId));
    const isAtLimit = is?.expiresAt === is?.holdLimit && was?.expiresAt !== is?.expiresAt;
    if (isAtLimit && again.outcome.kind === "refused") {
      assert(again.outcome.reason === "hold-limit-reached", "it was extended to its limit");
      return;
    }
  }
  assert(
    isSame(again.outcome, decision.outcome),
    `the same answer again, not ${JSON.stringify(again.outcome)}`,
  );
}

/** Throws an AssertionError unless every show of the state is what its bookings say. */
export function checkState(state: LineState): void {
  for (const booking of state.bookings.values()) checkBooking(booking);
  for (const show of state.shows.values()) {
    const naive = countShow(show.facts, state.bookings.values());
    checkSeats(show, naive);
    checkCounters(show, naive);
    checkUsage(show, naive);
    checkWaiting(show, naive, state);
  }
}

function checkBooking(booking: Booking): void {
  const { id, status, reason, expiresAt, holdLimit, confirmedAt, want, wants } = booking;
  const isLive = status === "PENDING" || status === "CONFIRMED";
  const isEnding = status === "PENDING" || status === "WAITING";
  const isSettled = status === "CONFIRMED" || status === "CANCELLED";
  assert(isLive ? reason === null : true, `${id}: who has places has no reason`);
  assert(status === "FAILED" || status === "WAITING" ? reason !== null : true, `${id}: says why`);
  assert(isEnding ? expiresAt !== null : true, `${id}: what is not settled ends some time`);
  assert(isSettled ? expiresAt === null && holdLimit === null : true, `${id}: settled for good`);
  assert(status === "CONFIRMED" ? confirmedAt !== null : true, `${id}: confirmed at some time`);
  assert(isLive ? wants[want ?? -1] !== undefined && placesOf(booking) > 0 : true, `${id}: has`);
  if (status === "PENDING") {
    assert(holdLimit !== null && (expiresAt ?? 0) <= holdLimit, `${id}: a hold has a limit`);
  }
}

/** The core's sets of seats, each seat by seat, and section by section. */
function checkSeats(show: Show, { seats, owners, facts }: NaiveShow): void {
  const open = facts.layout.sections.map(() => ({ general: 0, accessible: 0 }));
  let [general, accessible] = [show.openGeneral.next(1), show.openAccessible.next(1)];
  for (let seat = 1; seat < seats.length; seat++) {
    const it = seats[seat];
    const isTaken = owners[seat] !== undefined;
    const isOpen = !isTaken && it?.isBlocked === false;
    const counts = open[it?.section ?? -1];
    if (it === undefined || counts === undefined) throw new RangeError(`no seat ${seat}`);
    if (
      show.taken.has(seat) !== isTaken ||
      show.blocked.has(seat) !== it.isBlocked ||
      show.accessible.has(seat) !== it.isAccessible ||
      (general === seat) !== (isOpen && !it.isAccessible) ||
      (accessible === seat) !== (isOpen && it.isAccessible)
    ) {
      throw new RangeError(`the sets know seat ${seat}: ${isTaken ? "taken" : "not taken"}`);
    }
    if (isOpen) counts[it.isAccessible ? "accessible" : "general"] += 1;
    if (general === seat) general = show.openGeneral.next(seat + 1);
    if (accessible === seat) accessible = show.openAccessible.next(seat + 1);
  }
  for (let section = 0; section < open.length; section++) {
    assert(show.openGeneral.count(section) === open[section]?.general, "open seats of a section");
    assert(
      show.openAccessible.count(section) === open[section]?.accessible,
      "accessible ones of a section",
    );
  }
}

/** free + held + confirmed = capacity: places that are taken or for sale, in the show and by section. */
function checkCounters(show: Show, { facts, live, seats, owners }: NaiveShow): void {
  const { sections } = facts.layout;
  const counted = sections.map(() => ({ held: 0, heldAccessible: 0, confirmed: 0 }));
  const count = (section: number, key: "held" | "heldAccessible" | "confirmed", places: number) => {
    const its = counted[section];
    if (its !== undefined) its[key] += places;
  };
  let [held, confirmed, capacity] = [0, 0, 0];
  for (const booking of live) {
    const isHold = booking.status === "PENDING";
    const key = isHold ? "held" : "confirmed";
    if (isHold) held += placesOf(booking);
    else confirmed += placesOf(booking);
    for (const seat of booking.seats) {
      const { section = -1, isAccessible } = seats[seat] ?? {};
      count(section, key, 1);
      if (isHold && isAccessible === true) count(section, "heldAccessible", 1);
    }
    for (const its of booking.standing) count(its.section, key, its.count);
  }
  for (let seat = 1; seat < seats.length; seat++) {
    if (owners[seat] !== undefined || seats[seat]?.isBlocked === false) capacity += 1;
  }
  for (const [index, section] of sections.entries()) {
    const [its, found] = [counted[index], show.sections[index]];
    assert(
      its?.held === found?.held &&
        its?.heldAccessible === found?.heldAccessible &&
        its?.confirmed === found?.confirmed,
      "a section is counted as the bookings say",
    );
    if (section.kind !== "standing") continue;
    capacity += section.capacity;
    const used = (its?.held ?? 0) + (its?.confirmed ?? 0);
    assert(used <= section.capacity, "no standing section is oversold");
  }
  assert(show.held === held && show.confirmed === confirmed, "held and confirmed as they say");
  assert(show.capacity === capacity, `the capacity is ${capacity}, not ${show.capacity}`);
  assert(held + confirmed <= capacity, "no show is oversold");
}

/** What each customer has, where the show limits that. */
function checkUsage(show: Show, naive: NaiveShow): void {
  const { seatsPerCustomerMax, holdsPerCustomerMax } = show.facts.rules;
  if (seatsPerCustomerMax === null && holdsPerCustomerMax === null) return;
  for (const { customer } of naive.live) {
    assert(customer === null || show.usage.has(customer), "whoever has something is known");
  }
  for (const [customer, { places, holds }] of show.usage) {
    const its = usageOf(naive, customer);
    assert(its.places === places && its.holds === holds, `what ${customer} has`);
    assert(its.places <= (seatsPerCustomerMax ?? Infinity), `${customer} has no more than allowed`);
    assert(its.holds <= (holdsPerCustomerMax ?? Infinity), `${customer} holds no more either`);
  }
}

/** Whoever holds or waits is found when their time has come; whoever waits is in the list, and does not fit. */
function checkWaiting(show: Show, naive: NaiveShow, { bookings }: LineState): void {
  const { deadlines, waiting, facts } = show;
  let [size, first] = [0, Number.POSITIVE_INFINITY];
  for (const { id, showId, status, expiresAt } of bookings.values()) {
    if (showId !== facts.id || (status !== "PENDING" && status !== "WAITING")) continue;
    size += 1;
    first = Math.min(first, expiresAt ?? 0);
    assert(deadlines.get(id)?.at === expiresAt, `${id} has a deadline`);
  }
  assert(deadlines.size === size, "nothing else has a deadline");
  assert((deadlines.first()?.at ?? Number.POSITIVE_INFINITY) === first, "the first deadline");
  const listed = listWaiting(bookings, facts.id);
  assert(waiting.size === listed.length, "all who wait are listed");
  if (listed.length === 0) return;
  assert(waiting.ids().join() === listed.map(({ id }) => id).join(), "in the order of places");
  const kinds = new Set(listed.map(({ wants }) => JSON.stringify(wants)));
  assert(waiting.kinds === kinds.size, "those who accept the same are of one kind");
  for (const [index, { id }] of listed.entries()) {
    assert(waiting.rankOf(id) === index + 1, `${id} has a rank`);
  }
  if (show.mayServe) return;
  for (const booking of listed) {
    assert(typeof wantFor(naive, booking) !== "number", `${booking.id} waits for what is there`);
  }
}

/**
 * Everything that a state is, as one comparable text: two equal texts will decide the same. Whether those who wait
 * must be asked is left out: after a restart they are asked once more, and nobody fits (`checkState`).
 */
export function describeState(state: LineState): string {
  const shows = [...state.shows.values()].map((show) => ({
    facts: show.facts,
    sets: [show.taken, show.blocked, show.accessible].map((set) => [...set]),
    open: [show.openGeneral, show.openAccessible].map(listOpen),
    deadlines: show.deadlines.entries(),
    waiting: show.waiting.ids(),
    usage: [...show.usage].filter(([, { places }]) => places > 0).sort(byName),
    sections: show.sections,
    counters: [show.capacity, show.held, show.confirmed],
  }));
  return JSON.stringify({ shows, bookings: [...state.bookings.values()].sort(byPlace) });
}

function listOpen(open: Show["openGeneral"]): number[] {
  const seats: number[] = [];
  for (let seat = open.next(1); seat !== null; seat = open.next(seat + 1)) seats.push(seat);
  return seats;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function byPlace(a: Booking, b: Booking): number {
  return a.place.offset - b.place.offset;
}
