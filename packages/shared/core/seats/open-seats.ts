/**
 * The seats of a show that may be given out now, with an index that says at once where the next one is and
 * where a group fits. Every answer costs about the same on a hundred seats as on a million. Never decides
 * which of the fits is the best.
 */
import { assert } from "../assert.ts";
import type { SeatPlan } from "./layout.ts";
import { FitTree } from "./fit-tree.ts";
import { OpenRow } from "./open-row.ts";
import { PlainRuns } from "./plain-runs.ts";
import { RowFits, fitBit } from "./row-fits.ts";
import type { FitLevel, RowBits } from "./row-fits.ts";
import { buildRowRanks, rankOfSeat } from "./row-ranks.ts";
import type { RowRanks } from "./row-ranks.ts";
import { NONE, SeatBits, WORD_BITS, isSet, nextClear, nextSet } from "./seat-bits.ts";

/** What follows from the plan: where in the memory everything is. Shared by all copies. */
type Shape = {
  readonly plan: SeatPlan;
  readonly ranks: RowRanks;
  readonly bits: SeatBits;
  /** Where the count of the first section is. */
  readonly counts: number;
  readonly tree: FitTree;
  /** By section; null for all but plain ones. */
  readonly lines: readonly (PlainRuns | null)[];
  readonly words: number;
  /** Worked on during a call, empty between calls. */
  readonly fits: RowFits;
};

export class OpenSeats {
  readonly ranks: RowRanks;
  readonly #shape: Shape;
  /** All that changes, in one piece, because then a copy is one call: seats, counts, fits and runs. */
  readonly #memory: Int32Array;

  constructor(plan: SeatPlan, copied?: OpenSeats) {
    this.#shape = copied === undefined ? buildShape(plan) : copied.#shape;
    this.#memory =
      copied === undefined ? new Int32Array(this.#shape.words) : copied.#memory.slice();
    this.ranks = this.#shape.ranks;
  }

  has(seat: number): boolean {
    assert(seat >= 1 && seat <= this.#shape.plan.seats, "the seat is in the plan");
    return isSet(this.#memory, seat - 1);
  }

  /** Opens seats that are closed. */
  open(seats: Iterable<number>): void {
    this.#change(seats, true);
  }

  /** Closes seats that are open. */
  close(seats: Iterable<number>): void {
    this.#change(seats, false);
  }

  /** How many seats of a section are open. */
  count(section: number): number {
    return this.#memory[this.#shape.counts + section] ?? 0;
  }

  /** The lowest open seat that is not below `from`, or null. */
  next(from: number): number | null {
    assert(from >= 1, "seats are numbered from 1");
    if (from > this.#shape.plan.seats) return null;
    const bit = this.#shape.bits.next(this.#memory, from - 1);
    return bit === NONE ? null : bit + 1;
  }

  /** An independent copy. */
  clone(): OpenSeats {
    return new OpenSeats(this.#shape.plan, this);
  }

  /** The first rank, not below `from`, into which a group fits at least so well, or NONE. */
  findRank(level: FitLevel, size: number, from: number): number {
    return this.#shape.tree.find(this.#memory, fitBit(level, size), from);
  }

  /**
   * The first seat, not below `from`, of the lowest-numbered run of at least `size` open seats of a rank, or
   * NONE. A run that began before `from` begins there.
   */
  findRun(rank: number, size: number, from: number): number {
    const { ranks, lines } = this.#shape;
    const line = lines[ranks.sectionOf[rank] ?? 0] ?? null;
    if (line !== null) {
      const bit = line.find(this.#memory, size, from - 1);
      return bit === NONE ? NONE : bit + 1;
    }
    const end = (ranks.firstSeat[rank + 1] ?? 0) - 1;
    let first = nextSet(this.#memory, from - 1, end);
    while (first < end) {
      const runEnd = nextClear(this.#memory, first, end);
      if (runEnd - first >= size) return first + 1;
      first = nextSet(this.#memory, runEnd, end);
    }
    return NONE;
  }

  /** The first seat from `seat` on that is not open, at the latest `end`. */
  endOfRun(seat: number, end: number): number {
    return nextClear(this.#memory, seat - 1, end - 1) + 1;
  }

  /** A row of a seated section. */
  row(rank: number): OpenRow {
    return new OpenRow(this.#memory, rowBits(this.ranks, rank));
  }

  /** Seats of one call usually lie in one row: the index is brought up to date as each row is left. */
  #change(seats: Iterable<number>, isOpen: boolean): void {
    const { ranks, bits, counts, lines } = this.#shape;
    const memory = this.#memory;
    // The seats `first` … `end - 1` share one entry of the index.
    let [first, end, rank, section] = [0, 0, 0, 0];
    for (const seat of seats) {
      assert(this.has(seat) !== isOpen, isOpen ? "the seat is closed" : "the seat is open");
      if (seat < first || seat >= end) {
        if (end > 0) this.#refresh(rank, first);
        rank = rankOfSeat(ranks, seat);
        section = ranks.sectionOf[rank] ?? 0;
        first = ranks.firstSeat[rank] ?? 0;
        end = ranks.firstSeat[rank + 1] ?? 0;
        if (lines[section] !== null) {
          first += (seat - first) & ~(WORD_BITS - 1);
          end = Math.min(end, first + WORD_BITS);
        }
      }
      if (isOpen) bits.add(memory, seat - 1);
      else bits.delete(memory, seat - 1);
      memory[counts + section] = (memory[counts + section] ?? 0) + (isOpen ? 1 : -1);
    }
    if (end > 0) this.#refresh(rank, first);
  }

  /** Takes up that the seats of a row changed, or the 32 seats from `first` on of a plain line. */
  #refresh(rank: number, first: number): void {
    const { ranks, lines, fits, tree } = this.#shape;
    const line = lines[ranks.sectionOf[rank] ?? 0] ?? null;
    if (line === null) fits.setRow(this.#memory, rowBits(ranks, rank));
    else {
      line.update(this.#memory, (first - (ranks.firstSeat[rank] ?? 0)) >>> 5);
      fits.setLine(line.longest(this.#memory));
    }
    tree.set(this.#memory, rank, fits.masks);
  }
}

const NO_AISLES = new Int32Array(0);

function rowBits({ firstSeat, sectionOf, blockEnds }: RowRanks, rank: number): RowBits {
  return {
    first: (firstSeat[rank] ?? 0) - 1,
    end: (firstSeat[rank + 1] ?? 0) - 1,
    blockEnds: blockEnds[sectionOf[rank] ?? 0] ?? NO_AISLES,
  };
}

function buildShape(plan: SeatPlan): Shape {
  const ranks = buildRowRanks(plan);
  const bits = new SeatBits(plan.seats);
  const counts = bits.words;
  const tree = new FitTree(ranks.count, counts + plan.sections.length);
  let words = counts + plan.sections.length + tree.words;
  const lines = plan.sections.map(({ kind, firstSeat, seats }) => {
    if (kind !== "plain") return null;
    const first = firstSeat - 1;
    const line = new PlainRuns({ first, end: first + seats, start: words });
    words += line.words;
    return line;
  });
  return { plan, ranks, bits, counts, tree, lines, words, fits: new RowFits() };
}
