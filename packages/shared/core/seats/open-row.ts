/**
 * One row of a seated section, seen through what is open of it: what a group on certain seats would cost.
 * A view, not a copy: it shows what is open at the moment it is asked. Never looks beyond its row.
 */
import type { RowBits } from "./row-fits.ts";
import { isSet, nextClear, nextSet } from "./seat-bits.ts";

/**
 * What a choice costs: this much for each group across an aisle, and one for each single seat stranded. The
 * groups of a want strand fewer seats than that all together, so that costs compare like the pair of both.
 */
export const AISLE_COST = 64;

export class OpenRow {
  /** The row's seats are `first` … `end - 1`. */
  readonly first: number;
  readonly end: number;
  readonly #memory: Int32Array;
  readonly #blockEnds: Int32Array;

  constructor(memory: Int32Array, { first, end, blockEnds }: RowBits) {
    this.first = first + 1;
    this.end = end + 1;
    this.#memory = memory;
    this.#blockEnds = blockEnds;
  }

  /** The first of the seats `seat` … `end - 1` that is not open, or `end`. */
  nextClosed(seat: number, end: number): number {
    return nextClear(this.#memory, seat - 1, end - 1) + 1;
  }

  /** The first seat from `seat` on that is open, or the row's end. */
  nextOpen(seat: number): number {
    return nextSet(this.#memory, seat - 1, this.end - 1) + 1;
  }

  /** The cost of a group of `size` from `seat` on, all of whose seats are open. */
  placeCost(seat: number, size: number): number {
    const last = seat + size - 1;
    const isAcross = (this.#blockEnds[seat - this.first] ?? 0) <= last - this.first;
    let cost = isAcross ? AISLE_COST : 0;
    if (this.#isOpenBefore(seat) && !this.#isOpenBefore(seat - 1)) cost += 1;
    if (this.#isOpenAfter(last) && !this.#isOpenAfter(last + 1)) cost += 1;
    return cost;
  }

  /** Whether no neighbour of the seat in its block is open. */
  isAlone(seat: number): boolean {
    return !this.#isOpenBefore(seat) && !this.#isOpenAfter(seat);
  }

  /** Whether two neighbours, `seat` and the next one, are in this row with no aisle between. */
  isJoined(seat: number): boolean {
    const offset = seat - this.first;
    return offset >= 0 && seat + 1 < this.end && (this.#blockEnds[offset] ?? 0) > offset + 1;
  }

  #isOpenBefore(seat: number): boolean {
    return this.isJoined(seat - 1) && isSet(this.#memory, seat - 2);
  }

  #isOpenAfter(seat: number): boolean {
    return this.isJoined(seat) && isSet(this.#memory, seat);
  }
}
