/**
 * A show as its bookings say it is, counted anew for every question: who has which seat, what is left, what
 * a customer has. Knows nothing of the sets, trees and counters with which the core answers the same.
 */
import { assert } from "../core/assert.ts";
import { seatsByRow } from "../core/seats/layout.ts";
import type { Layout } from "../core/seats/layout.ts";
import type { Booking, Places, ShowFacts, Want } from "../core/model.ts";

type NaiveSeat = {
  readonly section: number;
  /** Seats of one row have the same number; a plain line is one row. */
  readonly row: number;
  readonly isAccessible: boolean;
  readonly isBlocked: boolean;
};

export type NaiveShow = {
  readonly facts: ShowFacts;
  /** By seat number; there is no seat 0. */
  readonly seats: readonly (NaiveSeat | undefined)[];
  readonly owners: readonly (Booking | undefined)[];
  /** Its PENDING and CONFIRMED bookings. */
  readonly live: readonly Booking[];
};

/** The seats of a text of ranges. */
export function listSeats(ranges: string): number[] {
  if (ranges === "") return [];
  return ranges.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Layouts are values that many states share: what follows from one is worked out once. */
const seatsByLayout = new WeakMap<Layout, readonly (NaiveSeat | undefined)[]>();

function seatsOfLayout(layout: Layout): readonly (NaiveSeat | undefined)[] {
  const known = seatsByLayout.get(layout);
  if (known !== undefined) return known;
  const accessible = new Set(listSeats(layout.accessible));
  const blocked = new Set(listSeats(layout.blocked));
  const seats: (NaiveSeat | undefined)[] = [undefined];
  let row = 0;
  for (const [section, shape] of layout.sections.entries()) {
    if (shape.kind === "standing") continue;
    for (const size of shape.kind === "plain" ? [shape.seats] : seatsByRow(shape)) {
      for (let index = 0; index < size; index++) {
        const [isAccessible, isBlocked] = [accessible.has(seats.length), blocked.has(seats.length)];
        seats.push({ section, row, isAccessible, isBlocked });
      }
      row += 1;
    }
  }
  seatsByLayout.set(layout, seats);
  return seats;
}

/** Counts a show from all bookings of a line. Throws if two of them own the same seat. */
export function countShow(facts: ShowFacts, bookings: Iterable<Booking>): NaiveShow {
  const seats = seatsOfLayout(facts.layout);
  const owners: (Booking | undefined)[] = Array.from({ length: seats.length });
  const live: Booking[] = [];
  for (const booking of bookings) {
    if (booking.showId !== facts.id || !ownsPlaces(booking)) continue;
    live.push(booking);
    for (const seat of booking.seats) {
      assert(seat >= 1 && seat < seats.length, `seat ${seat} of ${booking.id} is in the layout`);
      assert(owners[seat] === undefined, `seat ${seat} has one live booking`);
      owners[seat] = booking;
    }
  }
  return { facts, seats, owners, live };
}

export function ownsPlaces({ status }: Booking): boolean {
  return status === "PENDING" || status === "CONFIRMED";
}

export function placesOf({ seats, standing }: Places): number {
  let places = seats.length;
  for (const { count } of standing) places += count;
  return places;
}

export function placesWanted(want: Want): number {
  if ("count" in want) return want.count;
  if ("seats" in want) return want.seats.length;
  let places = 0;
  for (const size of want.together) places += size;
  return places;
}

/** How many standing places of a section the live bookings have, or only those of one status. */
export function countStanding(
  { live }: NaiveShow,
  section: number,
  status: Booking["status"] | null = null,
): number {
  let places = 0;
  for (const booking of live) {
    if (status !== null && booking.status !== status) continue;
    for (const its of booking.standing) if (its.section === section) places += its.count;
  }
  return places;
}

/** What is left of a standing section; nothing of any other. */
export function leftStanding(show: NaiveShow, section: number): number {
  const shape = show.facts.layout.sections[section];
  return shape?.kind === "standing" ? shape.capacity - countStanding(show, section) : 0;
}

/** What a customer has of a show; nobody in particular has nothing. */
export function usageOf({ live }: NaiveShow, customer: string | null) {
  let [places, holds] = [0, 0];
  for (const booking of live) {
    if (customer === null || booking.customer !== customer) continue;
    places += placesOf(booking);
    if (booking.status === "PENDING") holds += 1;
  }
  return { places, holds };
}

/** What places cost at today's prices, together and by section; null on a show without prices. */
export function priceToday(
  { facts, seats }: NaiveShow,
  places: Places,
): Pick<Booking, "price" | "prices"> {
  const { currency, sections } = facts.layout;
  if (currency === null) return { price: null, prices: null };
  const prices = sections
    .map(({ price }, section) => ({ section, price }))
    .filter(({ section }) => countIn(seats, section, places) > 0);
  return { price: costOf(seats, places, prices), prices };
}

/** What places cost at prices that were fixed before. */
export function costOf(
  seats: NaiveShow["seats"],
  places: Places,
  prices: NonNullable<Booking["prices"]>,
): number {
  let cost = 0;
  for (const { section, price } of prices) cost += price * countIn(seats, section, places);
  return cost;
}

function countIn(seats: NaiveShow["seats"], section: number, places: Places): number {
  let count = 0;
  for (const seat of places.seats) if (seats[seat]?.section === section) count += 1;
  for (const its of places.standing) if (its.section === section) count += its.count;
  return count;
}
