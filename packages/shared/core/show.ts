/**
 * A show as the core holds it in memory: what is taken, what is held until when, and the counters.
 * `apply` is the only code that changes one, and only as a decision's writes say.
 */
import { assert } from "./assert.ts";
import { HoldQueue } from "./hold-queue.ts";
import { layoutCapacity, layoutSeats } from "./layout.ts";
import type { Booking, ShowFacts, Write } from "./model.ts";
import { SeatSet } from "./seat-set.ts";

export type SectionCounters = { held: number; confirmed: number };

export type Show = {
  readonly facts: ShowFacts;
  readonly capacity: number;
  readonly taken: SeatSet;
  readonly holds: HoldQueue;
  /** By the section's index in the layout; standing sections only. */
  readonly standing: ReadonlyMap<number, SectionCounters>;
  held: number;
  confirmed: number;
};

/** What one partition's decisions stand on. */
export type LineState = {
  readonly shows: Map<string, Show>;
  /** Every PENDING booking of those shows, and whatever else the requests at hand refer to. */
  readonly bookings: Map<string, Booking>;
};

export function buildLineState(): LineState {
  return { shows: new Map(), bookings: new Map() };
}

/** A show of which nothing is taken. */
function buildShow(facts: ShowFacts): Show {
  const standing = new Map<number, SectionCounters>();
  for (const [index, section] of facts.layout.sections.entries()) {
    if (section.kind === "standing") standing.set(index, { held: 0, confirmed: 0 });
  }
  return {
    facts,
    capacity: layoutCapacity(facts.layout),
    taken: new SeatSet(layoutSeats(facts.layout)),
    holds: new HoldQueue(),
    standing,
    held: 0,
    confirmed: 0,
  };
}

/** How many places nobody holds or owns. */
export function freePlaces(show: Show): number {
  return show.capacity - show.held - show.confirmed;
}

/** How many of a standing section's places are left. */
export function freeStanding(show: Show, section: number): number {
  const shape = show.facts.layout.sections[section];
  const counters = show.standing.get(section);
  assert(shape?.kind === "standing" && counters !== undefined, `section ${section} is standing`);
  return shape.capacity - counters.held - counters.confirmed;
}

/**
 * Carries out the writes of one decision. It consumes the state it is given and returns it: a copy
 * per decision would cost more than the decision on a large show, so whoever needs the old state
 * copies it before (`cloneLineState`).
 */
export function apply(state: LineState, writes: readonly Write[]): LineState {
  for (const write of writes) {
    if (write.kind === "show-created") {
      assert(!state.shows.has(write.show.id), `show ${write.show.id} is new`);
      state.shows.set(write.show.id, buildShow(write.show));
      continue;
    }
    const { before, after } = write;
    const show = state.shows.get(after.showId);
    if (before !== null && isLive(before)) claim(showOf(show, before), before, -1);
    if (isLive(after)) claim(showOf(show, after), after, 1);
    state.bookings.set(after.id, after);
    show?.holds.trim((bookingId, expiresAt) => {
      const booking = state.bookings.get(bookingId);
      return booking?.status === "PENDING" && booking.expiresAt === expiresAt;
    });
  }
  return state;
}

/** What is stored of a show beside its facts. */
export type StoredShow = {
  readonly taken: readonly number[];
  readonly held: number;
  readonly confirmed: number;
  readonly standing: readonly (SectionCounters & { readonly section: number })[];
  readonly pending: readonly Booking[];
};

/** Puts a show, as it was stored, into the state, with its live holds. */
export function restoreShow(state: LineState, facts: ShowFacts, stored: StoredShow): void {
  const show = buildShow(facts);
  for (const seat of stored.taken) show.taken.add(seat);
  for (const { section, held, confirmed } of stored.standing) {
    const counters = show.standing.get(section);
    assert(counters !== undefined, `section ${section} is a standing section`);
    Object.assign(counters, { held, confirmed });
  }
  show.held = stored.held;
  show.confirmed = stored.confirmed;
  for (const booking of stored.pending) {
    state.bookings.set(booking.id, booking);
    pushHold(show, booking);
  }
  state.shows.set(facts.id, show);
}

/** An independent copy of everything that `apply` can change. */
export function cloneLineState(state: LineState): LineState {
  const shows = [...state.shows].map(([id, show]): [string, Show] => [
    id,
    {
      ...show,
      taken: show.taken.clone(),
      holds: show.holds.clone(),
      standing: new Map([...show.standing].map(([index, counters]) => [index, { ...counters }])),
    },
  ]);
  return { shows: new Map(shows), bookings: new Map(state.bookings) };
}

/** Whether a booking has a claim on places. */
export function isLive(booking: Booking): boolean {
  return booking.status === "PENDING" || booking.status === "CONFIRMED";
}

function showOf(show: Show | undefined, booking: Booking): Show {
  assert(show !== undefined, `the show of live booking ${booking.id} is loaded`);
  return show;
}

function claim(show: Show, booking: Booking, sign: 1 | -1): void {
  const pending = booking.status === "PENDING";
  let places = booking.seats.length;
  for (const seat of booking.seats) {
    if (sign === 1) show.taken.add(seat);
    else show.taken.delete(seat);
  }
  for (const { section, count } of booking.standing) {
    const counters = show.standing.get(section);
    assert(counters !== undefined, `section ${section} is a standing section`);
    counters[pending ? "held" : "confirmed"] += sign * count;
    assert(freeStanding(show, section) >= 0, `section ${section} is not oversold`);
    places += count;
  }
  show[pending ? "held" : "confirmed"] += sign * places;
  assert(freePlaces(show) >= 0 && show.held >= 0 && show.confirmed >= 0, "free + held + confirmed");
  if (pending && sign === 1) pushHold(show, booking);
}

function pushHold(show: Show, booking: Booking): void {
  assert(booking.expiresAt !== null, `pending booking ${booking.id} has an expiry`);
  show.holds.push({ bookingId: booking.id, expiresAt: booking.expiresAt });
}
