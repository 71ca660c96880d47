/**
 * The exact search for several groups: depth first through the places of each group, best first, so that
 * the first complete choice below a limit of cost is the one that is preferred among all below it. Gives up
 * after a fixed number of steps; whoever asks must have something to fall back on.
 */
import { AISLE_COST } from "./open-row.ts";
import { FIT } from "./row-fits.ts";
import type { FitLevel } from "./row-fits.ts";
import { NONE } from "./seat-bits.ts";
import type { Seating, Spot } from "./together-seating.ts";

/**
 * How often a search looks into the index or a row: 1 or 2 ms. A half-sold show takes some dozens of looks; many
 * groups in a show that is nearly sold out may take more, and get a choice that is perhaps not the best.
 */
export const SEARCH_STEPS_MAX = 5_000;

export type Choice = { readonly spots: readonly Spot[]; readonly cost: number };

/** What the groups after the one at hand add at least. */
type Rest = {
  /** Groups that fit nowhere but across an aisle. */
  readonly across: number;
  /** Groups of two and more that fit, but nowhere without stranding a seat. */
  readonly stranding: number;
  /** Groups of one: each can take in a stranded seat. */
  readonly ones: number;
  /** Whether pairs are all that is open, so that every group of one strands a seat or takes one in. */
  readonly isPairsOnly: boolean;
};

export class TogetherSearch {
  readonly #seating: Seating;
  readonly #sizes: readonly number[];
  #limit = 0;
  #found: Choice | null = null;

  /** Sizes come the largest first. */
  constructor(seating: Seating, sizes: readonly number[]) {
    this.#seating = seating;
    this.#sizes = sizes;
  }

  /** The preferred one of the choices that cost less than a limit; null if there is none, or none was found. */
  find(limit: number): Choice | null {
    this.#limit = limit;
    this.#found = null;
    this.#placeFrom(0, 0);
    return this.#found;
  }

  /** Places the groups from an index on; `cost` is that of the ones before. Stops at the first complete choice. */
  #placeFrom(index: number, cost: number): boolean {
    const size = this.#sizes[index];
    if (size === undefined) {
      this.#found = { spots: [...this.#seating.placed], cost };
      return true;
    }
    const rest = this.#measureRest(index + 1);
    const level = rest === null ? null : this.#findLevel(size, cost, rest);
    if (rest === null || level === null) return false;
    // Equal groups are interchangeable: the later one sits further down.
    const after = this.#sizes[index - 1] === size ? this.#seating.placed.at(-1) : undefined;
    let rank = this.#nextRank(level, size, after?.rank ?? 0);
    while (rank !== NONE) {
      let turn = rank === after?.rank ? after.turn : 0;
      let spot = this.#seating.spotFrom(rank, size, turn);
      while (spot !== null) {
        if (this.#placeAt(spot, { index, cost, rest })) return true;
        if (this.#seating.steps > SEARCH_STEPS_MAX) return false;
        turn = this.#seating.turnAfter(spot);
        spot = this.#seating.spotFrom(rank, size, turn);
      }
      rank = this.#nextRank(level, size, rank + 1);
    }
    return false;
  }

  #placeAt(spot: Spot, at: { index: number; cost: number; rest: Rest }): boolean {
    const isAcross = spot.cost >= AISLE_COST;
    // Nothing can be taken in while nothing is stranded.
    const filled = at.cost % AISLE_COST === 0 ? 0 : this.#seating.countFilled(spot);
    const cost = at.cost + spot.cost - filled;
    if (leastCost(cost, at.rest, isAcross) >= this.#limit) return false;
    this.#seating.place(spot);
    const isComplete = this.#placeFrom(at.index + 1, cost);
    this.#seating.takeBack();
    return isComplete;
  }

  /** At which ranks to look for a group: what it may cost there at most; null if whatever it costs is too much. */
  #findLevel(size: number, cost: number, rest: Rest): FitLevel | "stranded" | null {
    const stranded = cost % AISLE_COST;
    const isAllowed = (added: number) =>
      leastCost(cost + added, rest, added >= AISLE_COST / 2) < this.#limit;
    if (size > 1) {
      // Across an aisle it can take in a stranded seat at both ends.
      const filledMax = Math.min(2, stranded);
      if (isAllowed(AISLE_COST + 1 - filledMax)) return FIT.any;
      if (isAllowed(AISLE_COST - filledMax)) return FIT.acrossClean;
    }
    // A group of two takes a pair whole.
    if (rest.isPairsOnly && size > 1) return isAllowed(0) ? FIT.clean : null;
    if (isAllowed(1)) return FIT.inside;
    if (isAllowed(0)) return FIT.clean;
    return size === 1 && stranded > 0 && isAllowed(-1) ? "stranded" : null;
  }

  #nextRank(level: FitLevel | "stranded", size: number, from: number): number {
    if (level !== "stranded") return this.#seating.findRank(level, size, from);
    let next = NONE;
    for (const { rank } of this.#seating.placed) if (rank >= from && rank < next) next = rank;
    return next;
  }

  /** Looks at what is left for the groups from an index on; null if one of them fits nowhere. */
  #measureRest(from: number): Rest | null {
    const rest = { across: 0, stranding: 0, ones: 0, isPairsOnly: false };
    let level: FitLevel | null = FIT.clean;
    for (let index = from; index < this.#sizes.length; index++) {
      const size = this.#sizes[index] ?? 0;
      if (index === from || size !== this.#sizes[index - 1]) level = this.#seating.bestLevel(size);
      if (level === null) return null;
      if (size === 1) {
        rest.ones += 1;
        rest.isPairsOnly = level === FIT.inside;
      } else if (level >= FIT.acrossClean) rest.across += 1;
      else if (level === FIT.inside) rest.stranding += 1;
    }
    return rest;
  }
}

/**
 * What a choice costs at least that costs `cost` so far. A group of one takes in one stranded seat at most.
 * A group across an aisle can do good at each end: take in a stranded seat there, or shorten a run so that
 * one of the rest no longer strands a seat in it. `isAcross` says that the group at hand may do the latter.
 */
function leastCost(cost: number, rest: Rest, isAcross: boolean): number {
  const { across, stranding, ones } = rest;
  const now = cost % AISLE_COST;
  const shortened = isAcross ? Math.min(2, stranding) : 0;
  let stranded = Math.max(0, now + stranding - shortened - ones - 2 * across);
  // Groups of two take pairs whole, so that it is even or odd in the end whatever is done.
  if (rest.isPairsOnly && across === 0) stranded = Math.max(stranded, (now + ones) & 1);
  return cost - now + across * AISLE_COST + stranded;
}
