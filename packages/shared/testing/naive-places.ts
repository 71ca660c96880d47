/**
 * What a want could have, told by looking at every seat: whether it fits, why not, and whether places that
 * were given are what was asked for. Groups side by side are tried in every row.
 */
import { assert } from "../core/assert.ts";
import type {
  Booking,
  Places,
  RefusalFacts,
  RefusalReason,
  Want,
  WantFilter,
} from "../core/model.ts";
import { countStanding, leftStanding, placesOf, placesWanted, usageOf } from "./naive-show.ts";
import type { NaiveShow } from "./naive-show.ts";

export type NaiveRefusal = { readonly reason: RefusalReason; readonly facts: RefusalFacts | null };

/** Who asks for places, and how. */
type NaiveAsk = Pick<Booking, "wants" | "customer"> & {
  readonly isHold: boolean;
  readonly byStaff: boolean;
};

/** The wants in order: which is the first that can be had, or why none can. */
export function findWant(show: NaiveShow, ask: NaiveAsk): number | NaiveRefusal {
  const limit = findLimit(show, ask);
  let refusal: NaiveRefusal | null = null;
  for (const [index, want] of ask.wants.entries()) {
    if (limit !== null && placesWanted(want) > limit.left) continue;
    refusal = findShortage(show, want, ask.byStaff);
    if (refusal === null) return index;
  }
  if (refusal !== null) return refusal;
  assert(limit !== null, "something was wanted");
  return { reason: "customer-limit-reached", facts: limit.facts };
}

/** What a customer may still have of a show that limits them. */
function findLimit(show: NaiveShow, { customer, isHold }: Omit<NaiveAsk, "wants" | "byStaff">) {
  const { seatsPerCustomerMax: seatsMax, holdsPerCustomerMax: holdsMax } = show.facts.rules;
  const { places, holds } = usageOf(show, customer);
  if (holdsMax !== null && isHold && (customer === null || holds >= holdsMax)) {
    const facts = { limitOf: "holds-per-customer", limit: holdsMax, used: holds } as const;
    return { left: 0, facts };
  }
  if (seatsMax === null) return null;
  const facts = { limitOf: "seats-per-customer", limit: seatsMax, used: places } as const;
  return { left: customer === null ? 0 : seatsMax - places, facts };
}

/** Whether the customer of a booking may have its places once more: only the seats count, not the holds. */
export function mayHave(show: NaiveShow, booking: Booking): boolean {
  const limit = findLimit(show, { customer: booking.customer, isHold: false });
  return limit === null || placesOf(booking) <= limit.left;
}

/** Why a want cannot be had as things stand; null if it can. */
function findShortage(show: NaiveShow, want: Want, byStaff: boolean): NaiveRefusal | null {
  if ("seats" in want) {
    const isTaken = (seat: number) =>
      show.owners[seat] !== undefined || (show.seats[seat]?.isBlocked === true && !byStaff);
    const taken = want.seats.filter(isTaken);
    if (taken.length > 0) return { reason: "seats-taken", facts: { seats: taken } };
    const free = want.seats.filter((seat) => suits(show, want, seat)).length;
    if (free === want.seats.length) return null;
    return { reason: "not-enough-seats", facts: { free, held: 0 } };
  }
  const facts = countWithin(show, want);
  if ("together" in want) {
    return canSitTogether(show, want) ? null : { reason: "not-enough-together", facts };
  }
  return facts.free >= want.count ? null : { reason: "not-enough-seats", facts };
}

function allows({ facts }: NaiveShow, filter: WantFilter, section: number): boolean {
  const { sections, priceMax } = filter;
  const shape = facts.layout.sections[section];
  if (shape === undefined || (sections !== undefined && !sections.includes(shape.name))) {
    return false;
  }
  return priceMax === undefined || shape.price <= priceMax;
}

/** Exact seats: accessible ones may be asked for by number, and only others must not be if they are needed. */
function suits(show: NaiveShow, want: WantFilter, seat: number): boolean {
  const it = show.seats[seat];
  if (it === undefined || !allows(show, want, it.section)) return false;
  return want.accessible !== true || it.isAccessible;
}

/** Any seats: those for who needs them and all others are kept apart. */
function mayTake(show: NaiveShow, want: WantFilter, seat: number): boolean {
  const it = show.seats[seat];
  if (it === undefined || it.isAccessible !== (want.accessible === true)) return false;
  return allows(show, want, it.section);
}

function isFree(show: NaiveShow, want: WantFilter, seat: number): boolean {
  if (show.owners[seat] !== undefined || show.seats[seat]?.isBlocked !== false) return false;
  return mayTake(show, want, seat);
}

/** How many places within a want's bounds are free, and how many are held. */
function countWithin(show: NaiveShow, want: WantFilter): { free: number; held: number } {
  let [free, held] = [0, 0];
  for (let seat = 1; seat < show.seats.length; seat++) {
    if (isFree(show, want, seat)) free += 1;
    else if (show.owners[seat]?.status === "PENDING" && mayTake(show, want, seat)) held += 1;
  }
  if (want.accessible === true) return { free, held };
  for (let section = 0; section < show.facts.layout.sections.length; section++) {
    if (!allows(show, want, section)) continue;
    free += leftStanding(show, section);
    held += countStanding(show, section, "PENDING");
  }
  return { free, held };
}

/**
 * Groups fit if they can be dealt out to the gaps: runs of free seats in one row, and standing sections.
 * Every way to deal them out is tried.
 */
function canSitTogether(show: NaiveShow, want: Want & { readonly together: readonly number[] }) {
  const gaps: number[] = [];
  let [length, row] = [0, -1];
  for (let seat = 1; seat < show.seats.length; seat++) {
    const isNext = isFree(show, want, seat);
    const before = row;
    row = show.seats[seat]?.row ?? -1;
    if ((!isNext || row !== before) && length > 0) {
      gaps.push(length);
      length = 0;
    }
    if (isNext) length += 1;
  }
  gaps.push(length);
  if (want.accessible !== true) {
    for (let section = 0; section < show.facts.layout.sections.length; section++) {
      if (allows(show, want, section)) gaps.push(leftStanding(show, section));
    }
  }
  return canDeal(
    [...want.together].sort((a, b) => b - a),
    gaps,
  );
}

/** The largest group first: whatever fits nowhere is then found out at once. */
function canDeal(groups: readonly number[], gaps: readonly number[]): boolean {
  const [size, ...others] = groups;
  if (size === undefined) return true;
  const tried = new Set<number>();
  return gaps.some((gap, index) => {
    if (gap < size || tried.has(gap)) return false;
    tried.add(gap);
    return canDeal(others, gaps.with(index, gap - size));
  });
}

/** Throws unless the places are what the want asked for, and were free. */
export function checkPlaces(show: NaiveShow, want: Want, { seats, standing }: Places): void {
  if ("seats" in want) {
    assert(seats.join() === want.seats.join() && standing.length === 0, "exactly the seats wanted");
    return;
  }
  if ("together" in want) {
    for (const seat of seats) assert(isFree(show, want, seat), `seat ${seat} could be given`);
    for (const { section, count } of standing) {
      const left = allows(show, want, section) ? leftStanding(show, section) : 0;
      assert(want.accessible !== true && count <= left, `section ${section} had ${count} places`);
    }
    const people = standing.map(({ section, count }) => [section, count] as const);
    assert(isSeated(show, want.together, { seats, people }), "every group sits side by side");
    return;
  }
  const first = firstPlaces(show, want, want.count);
  assert(first.seats.join() === seats.join(), `the first free seats: ${first.seats.join()}`);
  assert(
    JSON.stringify(first.standing) === JSON.stringify(standing),
    "the first standing places in the layout's order",
  );
}

/** The groups in their order, each on the next seats of one row, or standing in one section. */
function isSeated(
  show: NaiveShow,
  groups: readonly number[],
  given: { seats: readonly number[]; people: readonly (readonly [number, number])[] },
): boolean {
  const [size, ...others] = groups;
  const { seats, people } = given;
  if (size === undefined) return seats.length === 0 && people.every(([, count]) => count === 0);
  const next = seats.slice(0, size);
  const [first = 0] = next;
  const isSideBySide =
    next.length === size &&
    next.every((seat, index) => {
      return seat === first + index && show.seats[seat]?.row === show.seats[first]?.row;
    });
  if (isSideBySide && isSeated(show, others, { seats: seats.slice(size), people })) return true;
  return people.some(([section, count], index) => {
    const rest = people.with(index, [section, count - size]);
    return count >= size && isSeated(show, others, { seats, people: rest });
  });
}

/** What a count gets: place by place in the layout's order. */
function firstPlaces(show: NaiveShow, want: WantFilter, count: number): Places {
  const seats: number[] = [];
  const standing: { section: number; count: number }[] = [];
  let missing = count;
  for (const [section, { kind }] of show.facts.layout.sections.entries()) {
    if (!allows(show, want, section)) continue;
    if (kind === "standing") {
      const places = want.accessible === true ? 0 : Math.min(missing, leftStanding(show, section));
      if (places > 0) standing.push({ section, count: places });
      missing -= places;
      continue;
    }
    for (let seat = 1; seat < show.seats.length && missing > 0; seat++) {
      if (show.seats[seat]?.section !== section || !isFree(show, want, seat)) continue;
      seats.push(seat);
      missing -= 1;
    }
  }
  return { seats, standing };
}
