/**
 * Who buys what until half of a show is sold: groups that click on seats anywhere, groups that take the best
 * that there is, or every other seat, so that nobody can sit together any more. Reads the show as it fills.
 */
import { rowOfSeat } from "@seatline/shared/core/seats/layout.ts";
import type { SeatPlan } from "@seatline/shared/core/seats/layout.ts";
import type { Want } from "@seatline/shared/core/model.ts";
import { freePlaces, freeStanding } from "@seatline/shared/core/show.ts";
import type { Show } from "@seatline/shared/core/show.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

export const WAYS = ["random", "best-first", "every-other"] as const;
export type Way = (typeof WAYS)[number];

/** How large a party is: pairs mostly. */
const PARTIES = [1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6] as const;
/** One of so many parties would stand, and one of so many asks for accessible seats. */
const STANDING_EVERY = 10;
const ACCESSIBLE_EVERY = 60;
/** Every other seat is bought by so many at once. */
const SCATTERED_PARTY = 4;
const STANDING_PARTY = 10;
const TRIES_PER_SIZE = 1_000;

/** The wants in their order; each must be given its places before the next is asked for. */
export function* listOrders(show: Show, way: Way, seed: number): Generator<Want> {
  if (way === "every-other") {
    yield* listEveryOther(show);
    return;
  }
  const random = buildRandom(seed);
  const half = Math.floor(show.capacity / 2);
  for (let left = half; left > 0; left = freePlaces(show) - half) {
    const party = { random, size: Math.min(random.pick(PARTIES), left) };
    yield stand(show, party) ?? (way === "random" ? clickSeats : takeBest)(show, party);
  }
}

type Party = { readonly random: Random; readonly size: number };

/** In a standing section that is not half sold yet; null if there is none, or they would rather sit. */
function stand(show: Show, { random, size }: Party): Want | null {
  if (random.int(1, STANDING_EVERY) > 1) return null;
  const found = show.facts.layout.sections.find(
    (section, index) =>
      section.kind === "standing" && freeStanding(show, index) - size >= section.capacity / 2,
  );
  return found === undefined ? null : { count: size, sections: [found.name] };
}

/** Seats side by side, anywhere; fewer than wanted, where that is all that is to be found. */
function clickSeats(show: Show, { random, size }: Party): Want {
  for (let tries = 0; ; tries++) {
    const first = random.int(1, show.plan.seats);
    const length = Math.max(1, size - Math.floor(tries / TRIES_PER_SIZE));
    const seats = Array.from({ length }, (_, index) => first + index);
    const end = endOfRow(show.plan, first);
    if (seats.every((seat) => seat < end && isFree(show, seat))) return { seats };
  }
}

function takeBest(show: Show, { random, size }: Party): Want {
  const isAccessible =
    random.int(1, ACCESSIBLE_EVERY) === 1 && show.openAccessible.next(1) !== null;
  return isAccessible ? { count: 1, accessible: true } : { together: [size] };
}

/** Every other seat of each row, all accessible ones, and all standing places. */
function* listEveryOther(show: Show): Generator<Want> {
  for (const [index, { name }] of show.facts.layout.sections.entries()) {
    while (freeStanding(show, index) > 0) {
      yield { count: Math.min(STANDING_PARTY, freeStanding(show, index)), sections: [name] };
    }
  }
  let seats: number[] = [];
  for (let seat = 1; seat <= show.plan.seats; seat++) {
    if (!isFree(show, seat) || (seat % 2 === 0 && !show.accessible.has(seat))) continue;
    seats.push(seat);
    if (seats.length < SCATTERED_PARTY) continue;
    yield { seats };
    seats = [];
  }
  if (seats.length > 0) yield { seats };
}

function isFree({ taken, blocked }: Show, seat: number): boolean {
  return !taken.has(seat) && !blocked.has(seat);
}

/** One more than the last seat of the row, or of a plain line. */
function endOfRow(plan: SeatPlan, seat: number): number {
  if (plan.rowFirst.length === 1) return plan.seats + 1;
  return plan.rowFirst[rowOfSeat(plan, seat) + 1] ?? plan.seats + 1;
}
