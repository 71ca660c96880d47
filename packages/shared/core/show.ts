/**
 * A show as the core holds it in memory: which seats are open, what is held until when, who waits, and
 * the counters. Built, restored and copied here; changed by `apply` alone.
 */
import { assert } from "./assert.ts";
import { BOUNDS } from "./bounds.ts";
import type { Bounds } from "./bounds.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import { buildSeatPlan, sectionOfSeat, standingPlaces } from "./seats/layout.ts";
import type { SeatPlan } from "./seats/layout.ts";
import type { Booking, Places, ShowFacts } from "./model.ts";
import { OpenSeats } from "./seats/open-seats.ts";
import { countSeats } from "./seats/ranges.ts";
import { SeatFlags, flagsOf } from "./seats/seat-flags.ts";
import { WaitingList } from "./waiting-list.ts";

type SectionCounters = {
  held: number;
  /** How many of those are accessible seats. */
  heldAccessible: number;
  confirmed: number;
};

/** What a customer has of a show. */
export type Usage = { readonly places: number; readonly holds: number };
export const NO_USAGE: Usage = { places: 0, holds: 0 };

export type Show = {
  facts: ShowFacts;
  readonly plan: SeatPlan;
  readonly sectionByName: ReadonlyMap<string, number>;
  /** The index of every section, ascending. */
  readonly allSections: readonly number[];
  readonly taken: SeatFlags;
  readonly blocked: SeatFlags;
  readonly accessible: SeatFlags;
  /** Seats that are neither taken nor blocked, those for everybody and those for who needs them. */
  readonly openGeneral: OpenSeats;
  readonly openAccessible: OpenSeats;
  /** When holds lapse, and when who waits gives up. */
  readonly deadlines: DeadlineQueue;
  readonly waiting: WaitingList;
  /** Whether places may have come back that nobody who waits was asked about yet. */
  mayServe: boolean;
  /** By customer, where the show limits them: all that the requests at hand and the live holds name. */
  readonly usage: Map<string, Usage>;
  readonly sections: SectionCounters[];
  /** Places that are taken or for sale. */
  capacity: number;
  held: number;
  confirmed: number;
};

/** What one partition's decisions stand on. */
export type LineState = {
  readonly shows: Map<string, Show>;
  /** Every PENDING and WAITING booking of those shows, and whatever else the requests at hand refer to. */
  readonly bookings: Map<string, Booking>;
  readonly bounds: Bounds;
};

export function buildLineState(bounds = BOUNDS): LineState {
  return { shows: new Map(), bookings: new Map(), bounds };
}

/** A show of which nothing is taken yet; its seats are not open until `openSeats`. */
function buildClosedShow(facts: ShowFacts): Show {
  const { layout } = facts;
  const plan = buildSeatPlan(layout);
  return {
    facts,
    plan,
    sectionByName: new Map(layout.sections.map(({ name }, index) => [name, index])),
    allSections: layout.sections.map((_, index) => index),
    taken: new SeatFlags(plan.seats),
    blocked: flagsOf(layout.blocked, plan.seats),
    accessible: flagsOf(layout.accessible, plan.seats),
    openGeneral: new OpenSeats(plan),
    openAccessible: new OpenSeats(plan),
    deadlines: new DeadlineQueue(),
    waiting: new WaitingList(),
    mayServe: false,
    usage: new Map(),
    sections: layout.sections.map(() => ({ held: 0, heldAccessible: 0, confirmed: 0 })),
    capacity: layout.sections
      .map(standingPlaces)
      .reduce((sum, places) => sum + places, plan.seats - countSeats(layout.blocked)),
    held: 0,
    confirmed: 0,
  };
}

export function buildShow(facts: ShowFacts): Show {
  const show = buildClosedShow(facts);
  openSeats(show);
  return show;
}

/** Opens whatever is neither taken nor blocked, all at once. */
function openSeats({ plan, taken, blocked, accessible, openGeneral, openAccessible }: Show): void {
  const [seats, accessibleSeats]: [number[], number[]] = [[], []];
  for (let seat = 1; seat <= plan.seats; seat++) {
    if (taken.has(seat) || blocked.has(seat)) continue;
    (accessible.has(seat) ? accessibleSeats : seats).push(seat);
  }
  openGeneral.open(seats);
  openAccessible.open(accessibleSeats);
}

/** What is stored of a show beside its facts. */
export type StoredShow = {
  readonly taken: Iterable<number>;
  readonly standing: readonly {
    readonly section: number;
    readonly held: number;
    readonly confirmed: number;
  }[];
  /** Its PENDING and WAITING bookings. */
  readonly bookings: readonly Booking[];
};

/** Puts a show, as it was stored, into the state, with its live holds and who waits. */
export function restoreShow(state: LineState, facts: ShowFacts, stored: StoredShow): void {
  const show = buildClosedShow(facts);
  const { taken, blocked, plan, sections } = show;
  for (const seat of stored.taken) {
    taken.set(seat, true);
    if (blocked.has(seat)) show.capacity += 1;
    countersOf(show, sectionOfSeat(plan, seat)).confirmed += 1;
  }
  openSeats(show);
  for (const { section, held, confirmed } of stored.standing) {
    Object.assign(countersOf(show, section), { held, confirmed });
  }
  // The waiting list grows at its end: to put the first in last would move all others each time.
  for (const booking of [...stored.bookings].sort((a, b) => a.place.offset - b.place.offset)) {
    state.bookings.set(booking.id, booking);
    if (booking.status === "WAITING") show.waiting.add(memberOf(booking));
    else {
      for (const seat of booking.seats) countersOf(show, sectionOfSeat(plan, seat)).confirmed -= 1;
      countSeatsHeld(show, booking.seats, 1);
    }
    show.deadlines.set(deadlineOf(booking));
  }
  show.held = sections.reduce((sum, { held }) => sum + held, 0);
  show.confirmed = sections.reduce((sum, { confirmed }) => sum + confirmed, 0);
  show.mayServe = show.waiting.size > 0;
  state.shows.set(facts.id, show);
}

/** Counts the seats of a hold in their sections. */
export function countSeatsHeld(show: Show, seats: readonly number[], sign: 1 | -1): void {
  for (const seat of seats) {
    const counters = countersOf(show, sectionOfSeat(show.plan, seat));
    counters.held += sign;
    if (show.accessible.has(seat)) counters.heldAccessible += sign;
  }
}

export function countersOf(show: Show, section: number): SectionCounters {
  const counters = show.sections[section];
  assert(counters !== undefined, () => `section ${section} is in the layout`);
  return counters;
}

/** How a PENDING or WAITING booking stands among the deadlines. */
export function deadlineOf({ id, place, expiresAt }: Booking) {
  assert(expiresAt !== null, `booking ${id} has a deadline`);
  return { id, at: expiresAt, offset: place.offset };
}

/** How a WAITING booking stands in the waiting list: of one kind are those who accept the same. */
export function memberOf({ id, place, wants }: Booking) {
  const kind = wants.map((want) => JSON.stringify(want)).join("\n");
  return { id, offset: place.offset, kind };
}

/** How many places nobody holds or owns. */
export function freePlaces(show: Show): number {
  return show.capacity - show.held - show.confirmed;
}

/** How many of a standing section's places are left; none of another's. */
export function freeStanding(show: Show, section: number): number {
  const shape = show.facts.layout.sections[section];
  if (shape?.kind !== "standing") return 0;
  const { held, confirmed } = countersOf(show, section);
  return shape.capacity - held - confirmed;
}

/** Which of its sections' prices a booking's places have, and what they cost together. */
export function priceOf(show: Show, places: Places): Pick<Booking, "price" | "prices"> {
  const { currency, sections } = show.facts.layout;
  if (currency === null) return { price: null, prices: null };
  const used = new Set(places.standing.map(({ section }) => section));
  for (const seat of places.seats) used.add(sectionOfSeat(show.plan, seat));
  const prices = [...used]
    .sort((a, b) => a - b)
    .map((section) => ({ section, price: sections[section]?.price ?? 0 }));
  return { price: totalPrice(show.plan, places, prices), prices };
}

/** What places cost at the given prices. */
export function totalPrice(
  plan: SeatPlan,
  { seats, standing }: Places,
  prices: NonNullable<Booking["prices"]>,
): number {
  const bySection = new Map(prices.map(({ section, price }) => [section, price]));
  const ofSeats = seats.map((seat) => bySection.get(sectionOfSeat(plan, seat)) ?? 0);
  const ofStanding = standing.map(({ section, count }) => count * (bySection.get(section) ?? 0));
  return [...ofSeats, ...ofStanding].reduce((sum, price) => sum + price, 0);
}

/** An independent copy of everything that `apply` can change. */
export function cloneLineState(state: LineState): LineState {
  const shows = [...state.shows].map(([id, show]): [string, Show] => [
    id,
    {
      ...show,
      taken: show.taken.clone(),
      blocked: show.blocked.clone(),
      openGeneral: show.openGeneral.clone(),
      openAccessible: show.openAccessible.clone(),
      deadlines: show.deadlines.clone(),
      waiting: show.waiting.clone(),
      usage: new Map(show.usage),
      sections: show.sections.map((counters) => ({ ...counters })),
    },
  ]);
  return { ...state, shows: new Map(shows), bookings: new Map(state.bookings) };
}
