/**
 * What must hold after every single decision, whatever came before: the invariants of the sale, and
 * the lifecycle as a table. It knows the rules from the design, not from the code that it checks,
 * and counts naively from the bookings.
 */
import { assert } from "../core/assert.ts";
import { decide } from "../core/decide.ts";
import { layoutSeats, sectionCapacity } from "../core/layout.ts";
import type { Booking, Decision, Moment, Outcome, Request, Want } from "../core/model.ts";
import type { LineState, Show } from "../core/show.ts";

export type StepSeen = {
  /** The state that the decision was made on: an independent copy. */
  readonly before: LineState;
  readonly after: LineState;
  readonly request: Request;
  readonly moment: Moment;
  readonly decision: Decision;
};

/** Throws an AssertionError at the first broken invariant of one step of the line. */
export function checkStep(seen: StepSeen): void {
  checkLifecycle(seen);
  checkWrites(seen);
  checkOutcome(seen);
  checkNothingLapsedIsPending(seen);
  checkAgain(seen);
  checkState(seen.after);
}

/** Throws an AssertionError unless every show of the state is what its bookings say. */
export function checkState(state: LineState): void {
  for (const booking of state.bookings.values()) checkBooking(booking);
  for (const show of state.shows.values()) {
    checkSeats(show, state);
    checkCounters(show, state);
    checkHolds(show, state);
  }
}

/** Where a request may move the booking that it speaks of; from anywhere else it moves nothing. */
const MOVES = {
  confirm: { PENDING: "CONFIRMED" },
  cancel: { PENDING: "CANCELLED", CONFIRMED: "CANCELLED" },
} as const satisfies Record<string, Partial<Record<Booking["status"], Booking["status"]>>>;

/** Each booking moves exactly as the lifecycle says: not backwards, not by another's request. */
function checkLifecycle({ before, after, request, moment }: StepSeen): void {
  const showId = showIdOf(before, request);
  for (const booking of before.bookings.values()) {
    const found = after.bookings.get(booking.id);
    assert(found !== undefined, `booking ${booking.id} is still known`);
    const lapsed = booking.showId === showId && hasLapsed(booking, moment);
    const expected = lapsed ? "FAILED" : nextStatus(before, booking, request);
    assert(
      found.status === expected,
      `booking ${booking.id} goes ${booking.status} → ${expected}, not ${found.status}`,
    );
    if (expected === booking.status) {
      assert(found === booking, `booking ${booking.id} is left as it was`);
      continue;
    }
    assert(!lapsed || found.reason === "hold-expired", "a lapsed hold says so");
    assert(sameQuestion(booking, found), `what booking ${booking.id} asked for stays`);
    if (expected === "CONFIRMED") assert(samePlaces(booking, found), "confirmed as it was held");
  }
}

function nextStatus(before: LineState, booking: Booking, request: Request): Booking["status"] {
  if (request.kind !== "confirm" && request.kind !== "cancel") return booking.status;
  if (request.bookingId !== booking.id) return booking.status;
  const rules = before.shows.get(booking.showId)?.facts.rules;
  const kept = booking.status === "CONFIRMED" && rules?.cancelConfirmed !== true;
  if (request.kind === "cancel" && kept) return booking.status;
  const moves: Partial<Record<Booking["status"], Booking["status"]>> = MOVES[request.kind];
  return moves[booking.status] ?? booking.status;
}

/** The writes are all that changed, each booking at most once, and a new one only for its book. */
function checkWrites({ before, after, request, decision }: StepSeen): void {
  const written = new Set<string>();
  for (const write of decision.writes) {
    if (write.kind === "show-created") {
      assert(request.kind === "create-show", "only a create-show creates a show");
      assert(!before.shows.has(write.show.id), "no show is created twice");
      continue;
    }
    const { id } = write.after;
    assert(!written.has(id), `booking ${id} is written once`);
    written.add(id);
    assert(write.before === (before.bookings.get(id) ?? null), "a write says what was there");
    assert(after.bookings.get(id) === write.after, "a write says what is there now");
    assert(write.before !== null || id === request.requestId, "only its book makes a booking");
  }
  for (const [id, booking] of after.bookings) {
    const changed = before.bookings.get(id) !== booking;
    assert(changed === written.has(id), `booking ${id} is written if it changed`);
  }
}

/** The outcome tells what is: the booking that stands there, or the reason that it carries. */
function checkOutcome(seen: StepSeen): void {
  const { before, after, request, decision } = seen;
  const { outcome } = decision;
  if (outcome.kind === "show") {
    assert(request.kind === "create-show" && after.shows.has(outcome.showId), "the show is there");
    return;
  }
  const booking = outcome.bookingId === null ? null : after.bookings.get(outcome.bookingId);
  assert(booking !== undefined, "an outcome names a booking that exists");
  if (outcome.kind === "booking") {
    assert(booking !== null && booking.status !== "FAILED", "a failed booking is told as refused");
  } else if (booking?.status === "FAILED" && request.kind === "book") {
    assert(outcome.reason === booking.reason, "a failed booking tells its own reason");
  }
  if (request.kind !== "book") return;
  const known = before.bookings.get(request.requestId);
  if (known !== undefined && known.requestHash !== request.requestHash) {
    assert(isBareRefusal(outcome), "a key used again is told nothing of the first");
    return;
  }
  assert(outcome.bookingId === request.requestId, "a book is answered with its booking");
  if (known === undefined && booking) checkFits(after, booking);
}

function isBareRefusal(outcome: Outcome): boolean {
  return (
    outcome.kind === "refused" &&
    outcome.reason === "key-reused" &&
    outcome.facts === null &&
    outcome.bookingId === null
  );
}

/** Wants are tried in order: none before the one taken fits, and a refusal means that none does. */
function checkFits(after: LineState, booking: Booking): void {
  const show = after.shows.get(booking.showId);
  const { wants, reason } = booking;
  if (show === undefined) return assert(reason === "show-not-found", "no show, no booking");
  const last = layoutSeats(show.facts.layout);
  const asksUnknown = wants.some((want) => "seats" in want && want.seats.some((it) => it > last));
  assert(asksUnknown === (reason === "seat-unknown"), "unknown seats are refused as such");
  if (asksUnknown) return;
  const others = liveBookings(after, show).filter((other) => other !== booking);
  const fitting = wants.findIndex((want) => fits(show, others, want));
  assert(fitting === (booking.want ?? -1), "the first want that fits is taken");
  const want = wants[fitting];
  if (want === undefined) return;
  if ("seats" in want) {
    assert(want.seats.join() === booking.seats.join(), "exactly the seats asked for");
  } else {
    assert(placesOf(booking) === want.count, "exactly as many places as asked for");
  }
}

function fits(show: Show, others: readonly Booking[], want: Want): boolean {
  if ("seats" in want) {
    return want.seats.every((seat) => others.every((other) => !other.seats.includes(seat)));
  }
  return want.count <= show.capacity - sumPlaces(others);
}

/** What has lapsed by the log's clock is released before any request of its show is decided. */
function checkNothingLapsedIsPending({ before, after, request, moment }: StepSeen): void {
  const showId = showIdOf(before, request);
  for (const booking of after.bookings.values()) {
    if (booking.showId !== showId) continue;
    assert(!hasLapsed(booking, moment), `booking ${booking.id} does not outlive its hold`);
  }
}

/** The same request once more gets the same answer and changes nothing. */
function checkAgain({ after, request, moment, decision }: StepSeen): void {
  const again = decide(after, request, moment);
  assert(again.writes.length === 0, "the decision again writes nothing");
  assert(
    JSON.stringify(again.outcome) === JSON.stringify(decision.outcome),
    "the decision again has the same outcome",
  );
}

function checkBooking(booking: Booking): void {
  const { id, status, reason, expiresAt, confirmedAt, want, wants } = booking;
  const live = status === "PENDING" || status === "CONFIRMED";
  assert((status === "FAILED") === (reason !== null), `${id}: exactly the failed have a reason`);
  assert((status === "PENDING") === (expiresAt !== null), `${id}: exactly the pending expire`);
  assert(status !== "CONFIRMED" || confirmedAt !== null, `${id}: confirmed at some time`);
  assert(live || placesOf(booking) === 0, `${id}: who is not live holds nothing`);
  assert(!live || wants[want ?? -1] !== undefined, `${id}: who is live got one of its wants`);
}

/** A seat has at most one live booking, and the bitset is the union of them. */
function checkSeats(show: Show, state: LineState): void {
  const ownerBySeat = new Map<number, string>();
  for (const booking of liveBookings(state, show)) {
    for (const seat of booking.seats) {
      assert(!ownerBySeat.has(seat), `seat ${seat} has one live booking`);
      ownerBySeat.set(seat, booking.id);
    }
  }
  const last = layoutSeats(show.facts.layout);
  let free = show.taken.nextFree(1);
  for (let seat = 1; seat <= last; seat++) {
    const taken = ownerBySeat.has(seat);
    assert(show.taken.has(seat) === taken, `seat ${seat} is ${taken ? "taken" : "free"}`);
    if (taken) continue;
    assert(free === seat, `the next free seat is ${seat}, not ${free}`);
    free = show.taken.nextFree(seat + 1);
  }
  assert(free === null, "there is no free seat beyond the last");
}

/** free + held + confirmed = capacity, in the show and in each standing section. */
function checkCounters(show: Show, state: LineState): void {
  const live = liveBookings(state, show);
  const held = live.filter(({ status }) => status === "PENDING");
  const confirmed = live.filter(({ status }) => status === "CONFIRMED");
  assert(show.held === sumPlaces(held), `${show.held} held as the bookings say`);
  assert(show.confirmed === sumPlaces(confirmed), `${show.confirmed} confirmed as they say`);
  let capacity = 0;
  for (const [index, section] of show.facts.layout.sections.entries()) {
    capacity += sectionCapacity(section);
    if (section.kind !== "standing") continue;
    const counters = show.standing.get(index);
    assert(counters !== undefined, "a standing section is counted");
    assert(counters.held === standingIn(held, index), "held standing places");
    assert(counters.confirmed === standingIn(confirmed, index), "confirmed standing places");
    assert(counters.held + counters.confirmed <= section.capacity, "no section is oversold");
  }
  assert(show.capacity === capacity, "the capacity is what the layout says");
  assert(show.held + show.confirmed <= capacity, "no show is oversold");
}

/** Whatever is pending will be found when its time has come. */
function checkHolds(show: Show, state: LineState): void {
  for (const { id, status, expiresAt } of liveBookings(state, show)) {
    if (status !== "PENDING" || expiresAt === null) continue;
    assert(show.holds.due(expiresAt).includes(id), `the hold of ${id} is due in time`);
  }
}

function liveBookings(state: LineState, show: Show): Booking[] {
  const live: Booking[] = [];
  for (const booking of state.bookings.values()) {
    const counts = booking.status === "PENDING" || booking.status === "CONFIRMED";
    if (counts && booking.showId === show.facts.id) live.push(booking);
  }
  return live;
}

function showIdOf(before: LineState, request: Request): string | undefined {
  return "showId" in request ? request.showId : before.bookings.get(request.bookingId)?.showId;
}

/** By the log's clock alone; a hold ends when its time is reached, not after it. */
function hasLapsed({ status, expiresAt }: Booking, { appendedAt }: Moment): boolean {
  return status === "PENDING" && expiresAt !== null && expiresAt <= appendedAt;
}

function sameQuestion(a: Booking, b: Booking): boolean {
  return (
    a.showId === b.showId &&
    a.place === b.place &&
    a.requestHash === b.requestHash &&
    a.customer === b.customer &&
    a.wants === b.wants &&
    a.createdAt === b.createdAt &&
    a.decidedAt === b.decidedAt
  );
}

function samePlaces(a: Booking, b: Booking): boolean {
  return a.want === b.want && a.seats === b.seats && a.standing === b.standing;
}

function placesOf({ seats, standing }: Booking): number {
  return standing.reduce((sum, { count }) => sum + count, seats.length);
}

function sumPlaces(bookings: readonly Booking[]): number {
  return bookings.reduce((sum, booking) => sum + placesOf(booking), 0);
}

function standingIn(bookings: readonly Booking[], section: number): number {
  return bookings
    .flatMap(({ standing }) => standing)
    .reduce((sum, places) => sum + (places.section === section ? places.count : 0), 0);
}

/** Everything that a state is, as one comparable text: two equal texts will decide the same. */
export function describeState(state: LineState): string {
  const shows = [...state.shows.values()].map((show) => ({
    facts: show.facts,
    free: freeSeats(show),
    held: show.held,
    confirmed: show.confirmed,
    standing: [...show.standing],
    holds: show.holds.due(Number.POSITIVE_INFINITY),
  }));
  return JSON.stringify({ shows, bookings: [...state.bookings.values()] });
}

function freeSeats(show: Show): number[] {
  const free: number[] = [];
  let seat = show.taken.nextFree(1);
  for (; seat !== null; seat = show.taken.nextFree(seat + 1)) free.push(seat);
  return free;
}
