/**
 * Chooses places for groups, each of which sits side by side. Reads what is open and leaves it as it was;
 * whether the customer may have the places at all is decided elsewhere.
 */
import { assert } from "../assert.ts";
import { AISLE_COST } from "./open-row.ts";
import { GROUP_SIZE_MAX } from "./row-fits.ts";
import { packGroups } from "./together-pack.ts";
import { TogetherSearch } from "./together-search.ts";
import type { Choice } from "./together-search.ts";
import { Seating, seatsOfSpot } from "./together-seating.ts";
import type { Spot, TogetherAsk } from "./together-seating.ts";

/** Most groups in a want. */
export const GROUPS_MAX = 8;

/** Places for one group: its seats, ascending, or so many in a standing section. */
export type Group =
  | { readonly seats: readonly number[] }
  | { readonly section: number; readonly count: number };

/**
 * Places for every group, in the order in which they were given; null if they do not all fit.
 *
 * A group sits on consecutive seats of one row, across an aisle if need be. A block is what lies between two
 * aisles or ends of a row. A seat is stranded if the choice leaves it open and alone, with no open neighbour
 * in its block, and it was not alone before. Of all choices that are complete it is the one with
 *
 * 1. the fewest groups across an aisle;
 * 2. then the fewest stranded seats;
 * 3. then, for one group after the other, the largest first and equal ones in the order given: the best row,
 *    in it the nearest to the middle (of the whole row, sold or not), and of two that are as near the lower.
 *
 * A plain line and a standing section count as one row each, at their place among the sections. There nothing
 * is across an aisle or stranded; a plain line gives its lowest seats first.
 *
 * NOTE: With several groups the search ends after `SEARCH_STEPS_MAX` with the best that it has found. Whether the
 * groups fit at all is always answered exactly.
 */
export function chooseTogether(ask: TogetherAsk): Group[] | null {
  const { groups, open } = ask;
  const total = groups.reduce((sum, size) => sum + size, 0);
  assert(
    groups.length >= 1 && groups.length <= GROUPS_MAX,
    "the number of groups is within bounds",
  );
  assert(total <= GROUP_SIZE_MAX && Math.min(...groups) >= 1, "the sizes are within bounds");
  const order = groups.map((_, index) => index);
  order.sort((a, b) => (groups[b] ?? 0) - (groups[a] ?? 0));
  const seating = new Seating(ask);
  const spots = chooseSpots(
    seating,
    order.map((index) => groups[index] ?? 0),
  );
  if (spots === null) return null;
  const chosen: Group[] = [];
  for (const [index, spot] of spots.entries()) {
    const section = open.ranks.sectionOf[spot.rank] ?? 0;
    const isStanding = spot.seat === 0;
    chosen[order[index] ?? 0] = isStanding
      ? { section, count: spot.size }
      : { seats: seatsOfSpot(spot) };
  }
  return chosen;
}

/** Sizes come the largest first. */
function chooseSpots(seating: Seating, sizes: readonly number[]): readonly Spot[] | null {
  const [first = 0] = sizes;
  if (sizes.length === 1) {
    const spot = seating.bestSpot(first);
    return spot === null ? null : [spot];
  }
  const greedy = chooseOneByOne(seating, sizes);
  // Nothing is better for a group than its best place, if that is free of any cost and nobody of the others
  // could make up for a worse one. Only a group of one could: by taking in a seat that was stranded.
  if (greedy?.cost === 0 && sizes.at(-1) !== 1) return greedy.spots;
  const packed = greedy === null ? packGroups(seating, sizes) : null;
  let best = greedy?.spots ?? packed;
  if (best === null) return null;
  const search = new TogetherSearch(seating, sizes);
  // The first search may find the same cost at better places, every later one must find less.
  let limit = greedy === null ? (GROUPS_MAX + 1) * AISLE_COST : greedy.cost + 1;
  while (limit > 0) {
    const found = search.find(limit);
    if (found === null) break;
    best = found.spots;
    limit = found.cost;
  }
  return best;
}

/** The largest group at its best place, then the next at what is now its best, and so on; null at a dead end. */
function chooseOneByOne(seating: Seating, sizes: readonly number[]): Choice | null {
  const spots: Spot[] = [];
  let cost = 0;
  for (const size of sizes) {
    const spot = seating.bestSpot(size);
    if (spot === null) break;
    spots.push(spot);
    cost += spot.cost;
    if (spots.length < sizes.length) seating.place(spot);
  }
  while (seating.placed.length > 0) seating.takeBack();
  return spots.length === sizes.length ? { spots, cost } : null;
}
