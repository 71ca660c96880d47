/**
 * What a database would keep of a line, counted from its bookings alone, and a line put together
 * again from that: what a worker has after a restart.
 */
import { countPlaces, isLive, isUnsettled, limitsCustomers } from "../core/model.ts";
import type { Booking, ShowFacts } from "../core/model.ts";
import { NO_USAGE, buildLineState, restoreShow } from "../core/show.ts";
import type { LineState, StoredShow, Usage } from "../core/show.ts";

type Stored = Pick<LineState, "bookings">;

/** What is stored of a show, without a look at its counters or its seats. */
export function describeStored({ bookings }: Stored, showId: string): StoredShow {
  const all = [...bookings.values()].filter((booking) => booking.showId === showId);
  const live = all.filter(isLive);
  const held = live.filter(({ status }) => status === "PENDING");
  const confirmed = live.filter(({ status }) => status === "CONFIRMED");
  const sections = new Set(live.flatMap((it) => it.standing.map(({ section }) => section)));
  return {
    taken: live.flatMap(({ seats }) => seats).sort((a, b) => a - b),
    standing: [...sections].map((section) => ({
      section,
      held: countStanding(held, section),
      confirmed: countStanding(confirmed, section),
    })),
    bookings: all.filter(isUnsettled),
  };
}

/** The line after a restart, with every other booking fetched as if the next requests named it. */
export function restoreStored(stored: LineState): LineState {
  const state = buildLineState();
  for (const { facts } of stored.shows.values()) {
    restoreShow(state, facts, describeStored(stored, facts.id));
    const usage = state.shows.get(facts.id)?.usage;
    for (const [customer, its] of describeUsage(stored, facts)) usage?.set(customer, its);
  }
  for (const [id, booking] of stored.bookings) {
    if (!isUnsettled(booking)) state.bookings.set(id, booking);
  }
  return state;
}

/** What each customer has of a show that limits them. */
export function describeUsage(
  { bookings }: Stored,
  { id, rules }: Pick<ShowFacts, "id" | "rules">,
): Map<string, Usage> {
  const usage = new Map<string, Usage>();
  if (!limitsCustomers(rules)) return usage;
  for (const booking of bookings.values()) {
    const { customer } = booking;
    if (booking.showId !== id || customer === null || !isLive(booking)) continue;
    const { places, holds } = usage.get(customer) ?? NO_USAGE;
    const isHold = booking.status === "PENDING";
    usage.set(customer, { places: places + countPlaces(booking), holds: holds + (isHold ? 1 : 0) });
  }
  return usage;
}

function countStanding(bookings: readonly Booking[], section: number): number {
  return bookings
    .flatMap(({ standing }) => standing)
    .filter((places) => places.section === section)
    .reduce((sum, { count }) => sum + count, 0);
}
