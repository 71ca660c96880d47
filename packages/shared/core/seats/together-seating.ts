/**
 * Where the groups of one want may sit, and where those that are placed already do: it borrows their
 * places, so that whoever comes next is looked for beside them, and whoever borrows gives back. Knows one
 * group's places in order of preference; the groups together are weighed elsewhere.
 */
import { assert } from "../assert.ts";
import type { SeatPlan } from "./layout.ts";
import { AISLE_COST } from "./open-row.ts";
import type { OpenSeats } from "./open-seats.ts";
import { FIT_LEVELS } from "./row-fits.ts";
import type { FitLevel } from "./row-fits.ts";
import { NONE } from "./seat-bits.ts";

export type TogetherAsk = {
  /** It is as before when the answer is given. */
  readonly open: OpenSeats;
  readonly plan: SeatPlan;
  /** The sections that may be taken, ascending. */
  readonly sections: readonly number[];
  /** The sizes as the customer gave them. */
  readonly groups: readonly number[];
  readonly freeStanding: (section: number) => number;
};

/** Places for one group. */
export type Spot = {
  readonly rank: number;
  /** The first of its seats; 0 in a standing section. */
  readonly seat: number;
  readonly size: number;
  /** What it costs where it is, for itself alone (`AISLE_COST`). */
  readonly cost: number;
  /** How far down it stands among the places of its rank, best first. */
  readonly turn: number;
};

type Span = { readonly first: number; readonly end: number };
type StandingPlaces = { readonly rank: number; free: number };

/** What the best place in a rank costs at most, if the rank is the first that offers the level. */
const COST_MAX = [0, 1, AISLE_COST, AISLE_COST + 1] as const;

export class Seating {
  readonly open: OpenSeats;
  readonly placed: Spot[] = [];
  /** How often the index or a row was looked into: what a search has cost so far. */
  steps = 0;
  readonly #plan: SeatPlan;
  /** The allowed ranks. */
  readonly #spans: readonly Span[];
  readonly #standing: readonly StandingPlaces[];

  constructor({ open, plan, sections, freeStanding }: TogetherAsk) {
    const { firstOfSection: firsts } = open.ranks;
    this.open = open;
    this.#plan = plan;
    this.#spans = buildSpans(open, sections);
    this.#standing = listStanding(open, plan, sections).map((section) => ({
      rank: firsts[section] ?? 0,
      free: freeStanding(section),
    }));
  }

  /** The first rank, not below `from`, into which a group fits at least so well, or NONE. */
  findRank(level: FitLevel, size: number, from: number): number {
    let rank = NONE;
    let next = from;
    for (const { first, end } of this.#spans) {
      if (end <= next) continue;
      this.steps += 1;
      next = this.open.findRank(level, size, Math.max(first, next));
      if (next < end) {
        rank = next;
        break;
      }
    }
    for (const places of this.#standing) {
      if (places.rank >= rank) break;
      if (places.rank >= from && places.free >= size) return places.rank;
    }
    return rank;
  }

  /** The best level at which a group fits somewhere, or null. */
  bestLevel(size: number): FitLevel | null {
    return FIT_LEVELS.find((level) => this.findRank(level, size, 0) !== NONE) ?? null;
  }

  /** The best places for one group as things stand, or null. */
  bestSpot(size: number): Spot | null {
    for (const level of FIT_LEVELS) {
      const rank = this.findRank(level, size, 0);
      if (rank === NONE) continue;
      let spot = this.spotFrom(rank, size, 0);
      while (spot !== null && spot.cost > COST_MAX[level]) {
        spot = this.spotFrom(rank, size, this.turnAfter(spot));
      }
      assert(spot !== null, "the index agrees with the seats");
      return spot;
    }
    return null;
  }

  /** The first places of a rank, in order of preference, that are open and not before a turn, or null. */
  spotFrom(rank: number, size: number, turn: number): Spot | null {
    this.steps += 1;
    switch (this.kindOf(rank)) {
      case "seated":
        return this.#seatedSpot(rank, size, turn);
      case "plain": {
        // Wherever in a run a group sits, its beginning is both lower and leaves more: no other place counts.
        const first = this.open.ranks.firstSeat[rank] ?? 0;
        const seat = this.open.findRun(rank, size, Math.max(first, turn));
        return seat === NONE ? null : { rank, seat, size, cost: 0, turn: seat };
      }
      case "standing": {
        const fits = turn === 0 && this.#standingOf(rank).free >= size;
        return fits ? { rank, seat: 0, size, cost: 0, turn: 0 } : null;
      }
    }
  }

  /**
   * Turns count the places of a row from its middle outwards, the lower of two that are as near first. The row
   * has `spare` seats more than the group, which sits in the middle if it begins after half of them.
   */
  #seatedSpot(rank: number, size: number, from: number): Spot | null {
    const row = this.open.row(rank);
    const spare = row.end - row.first - size;
    // Even turns go one way from the middle and odd ones the other; a closed seat takes its side past itself.
    let even = from + (from & 1);
    let odd = from | 1;
    for (let turn = from; turn <= spare; turn = Math.min(even, odd)) {
      const step = (turn + 1) >> 1;
      const isLower = (turn & 1) !== (spare & 1);
      const seat = row.first + (spare >> 1) + (isLower ? -step : step);
      const closed = row.nextClosed(seat, seat + size);
      if (closed === seat + size)
        return { rank, seat, size, cost: row.placeCost(seat, size), turn };
      const passed = isLower ? seat + size - closed : row.nextOpen(closed) - seat;
      if ((turn & 1) === 0) even += 2 * passed;
      else odd += 2 * passed;
    }
    return null;
  }

  /** From which turn on the rank's other places for the same group are. */
  turnAfter({ rank, seat, turn }: Spot): number {
    if (this.kindOf(rank) !== "plain") return turn + 1;
    return this.open.endOfRun(seat, this.open.ranks.firstSeat[rank + 1] ?? 0);
  }

  /** How many seats, stranded by the groups placed so far, a group takes in. */
  countFilled({ rank, seat, size }: Spot): number {
    if (this.kindOf(rank) !== "seated") return 0;
    const row = this.open.row(rank);
    const isFilled = (single: number) =>
      row.isAlone(single) &&
      ((row.isJoined(single - 1) && this.#isPlaced(single - 1)) ||
        (row.isJoined(single) && this.#isPlaced(single + 1)));
    const last = seat + size - 1;
    return (isFilled(seat) ? 1 : 0) + (last !== seat && isFilled(last) ? 1 : 0);
  }

  #isPlaced(seat: number): boolean {
    const isIn = (spot: Spot) => seat >= spot.seat && seat < spot.seat + spot.size;
    return this.placed.some((spot) => spot.seat > 0 && isIn(spot));
  }

  place(spot: Spot): void {
    if (spot.seat === 0) this.#standingOf(spot.rank).free -= spot.size;
    else this.open.close(seatsOfSpot(spot));
    this.placed.push(spot);
  }

  /** Gives back what was placed last. */
  takeBack(): void {
    const spot = this.placed.pop();
    assert(spot !== undefined, "a group was placed");
    if (spot.seat === 0) this.#standingOf(spot.rank).free += spot.size;
    else this.open.open(seatsOfSpot(spot));
  }

  kindOf(rank: number) {
    const section = this.#plan.sections[this.open.ranks.sectionOf[rank] ?? 0];
    assert(section !== undefined, "every rank has a section");
    return section.kind;
  }

  freeStanding(rank: number): number {
    return this.#standingOf(rank).free;
  }

  #standingOf(rank: number): StandingPlaces {
    const places = this.#standing.find((standing) => standing.rank === rank);
    assert(places !== undefined, "a standing section that is allowed");
    return places;
  }
}

function buildSpans({ ranks }: OpenSeats, sections: readonly number[]): readonly Span[] {
  const firsts = ranks.firstOfSection;
  if (sections.length === firsts.length - 1) return [{ first: 0, end: ranks.count }];
  const spans: { first: number; end: number }[] = [];
  for (const section of sections) {
    const [first, end] = [firsts[section] ?? 0, firsts[section + 1] ?? 0];
    const before = spans.at(-1);
    if (before?.end === first) before.end = end;
    else spans.push({ first, end });
  }
  return spans;
}

/** The standing ones among the sections. Most shows have none, or a few, and most wants allow every section. */
function listStanding({ ranks }: OpenSeats, plan: SeatPlan, sections: readonly number[]) {
  const isAllowed = ranks.standing.length === 0 || sections.length === ranks.blockEnds.length;
  if (isAllowed) return ranks.standing;
  const standing: number[] = [];
  for (const section of sections) {
    if (plan.sections[section]?.kind === "standing") standing.push(section);
  }
  return standing;
}

export function seatsOfSpot({ seat, size }: Spot): number[] {
  const seats: number[] = [];
  for (let next = seat; next < seat + size; next++) seats.push(next);
  return seats;
}
