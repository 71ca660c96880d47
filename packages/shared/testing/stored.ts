/**
 * What a database would keep of a line, counted from its bookings alone, and a line put together
 * again from that: what a worker has after a restart.
 */
import type { Booking } from "../core/model.ts";
import { buildLineState, isLive, restoreShow } from "../core/show.ts";
import type { LineState, StoredShow } from "../core/show.ts";

/** What is stored of a show, without a look at its counters or its bitset. */
export function describeStored(state: LineState, showId: string): StoredShow {
  const live = [...state.bookings.values()].filter((it) => it.showId === showId && isLive(it));
  const pending = live.filter(({ status }) => status === "PENDING");
  const confirmed = live.filter(({ status }) => status === "CONFIRMED");
  const sections = new Set(live.flatMap((it) => it.standing.map(({ section }) => section)));
  return {
    taken: live.flatMap(({ seats }) => seats),
    held: countPlaces(pending),
    confirmed: countPlaces(confirmed),
    standing: [...sections].map((section) => ({
      section,
      held: countStanding(pending, section),
      confirmed: countStanding(confirmed, section),
    })),
    pending,
  };
}

/** The line after a restart, with every other booking fetched as if the next requests named it. */
export function restoreStored(stored: LineState): LineState {
  const state = buildLineState();
  for (const { facts } of stored.shows.values()) {
    restoreShow(state, facts, describeStored(stored, facts.id));
  }
  for (const [id, booking] of stored.bookings) {
    if (booking.status !== "PENDING") state.bookings.set(id, booking);
  }
  return state;
}

function countPlaces(bookings: readonly Booking[]): number {
  return bookings
    .flatMap(({ seats, standing }) => [seats.length, ...standing.map(({ count }) => count)])
    .reduce((sum, count) => sum + count, 0);
}

function countStanding(bookings: readonly Booking[], section: number): number {
  return bookings
    .flatMap(({ standing }) => standing)
    .filter((places) => places.section === section)
    .reduce((sum, { count }) => sum + count, 0);
}
