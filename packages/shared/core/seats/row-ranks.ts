/**
 * The order in which places are offered, the best first: each row of a seated section, each plain line
 * and each standing section has one rank. Follows from the plan alone and knows nothing of what is open.
 */
import type { PlanSection, SeatPlan } from "./layout.ts";

export type RowRanks = {
  /** How many ranks there are; they are numbered from 0. */
  readonly count: number;
  /** The first seat of each rank; one more entry ends the last. A standing section has no seat. */
  readonly firstSeat: Int32Array;
  readonly sectionOf: Int32Array;
  /** The first rank of each section; one more entry ends the last. */
  readonly firstOfSection: Int32Array;
  /** The standing sections, ascending. */
  readonly standing: readonly number[];
  /**
   * By section, then by a seat's offset in its row: the offset at which its block ends (exclusive), that is
   * the next aisle, or past every row of the section.
   */
  readonly blockEnds: readonly Int32Array[];
  /** The rank of every 32nd seat, so that a seat's rank is found in a few steps. */
  readonly hints: Int32Array;
};

export function buildRowRanks({ seats, sections, rowFirst }: SeatPlan): RowRanks {
  const [firstSeat, sectionOf, firstOfSection]: [number[], number[], number[]] = [[], [], []];
  const blockEnds: Int32Array[] = [];
  for (const [index, section] of sections.entries()) {
    const first = firstSeat.length;
    firstOfSection.push(first);
    if (section.kind !== "seated") firstSeat.push(section.firstSeat);
    for (let row = 0; row < section.rows; row++) {
      firstSeat.push(rowFirst[section.firstRow + row] ?? 0);
    }
    const ends = [...firstSeat.slice(first + 1), section.firstSeat + section.seats];
    const sizes = ends.map((end, row) => end - (firstSeat[first + row] ?? 0));
    blockEnds.push(buildBlockEnds(section, sizes));
    for (let rank = first; rank < firstSeat.length; rank++) sectionOf.push(index);
  }
  const ranks = {
    count: firstSeat.length,
    firstSeat: Int32Array.from([...firstSeat, seats + 1]),
    sectionOf: Int32Array.from(sectionOf),
    firstOfSection: Int32Array.from([...firstOfSection, firstSeat.length]),
    standing: sections.flatMap(({ kind }, index) => (kind === "standing" ? [index] : [])),
    blockEnds,
  };
  return { ...ranks, hints: buildHints(ranks.firstSeat, seats) };
}

function buildBlockEnds({ kind, aislesAfter }: PlanSection, rowSizes: readonly number[]) {
  const sizeMax = kind === "seated" ? rowSizes.reduce((max, size) => Math.max(max, size), 0) : 0;
  const aisles = new Set(aislesAfter);
  const ends = new Int32Array(sizeMax);
  for (let [offset, end] = [sizeMax - 1, sizeMax]; offset >= 0; offset--) {
    if (aisles.has(offset + 1)) end = offset + 1;
    ends[offset] = end;
  }
  return ends;
}

function buildHints(firstSeat: Int32Array, seats: number): Int32Array {
  const hints = new Int32Array((seats >>> 5) + 1);
  let rank = 0;
  for (let index = 0; index < hints.length; index++) {
    while ((firstSeat[rank + 1] ?? Infinity) <= index * 32) rank += 1;
    hints[index] = rank;
  }
  return hints;
}

export function rankOfSeat({ firstSeat, hints }: RowRanks, seat: number): number {
  let rank = hints[seat >>> 5] ?? 0;
  while ((firstSeat[rank + 1] ?? Infinity) <= seat) rank += 1;
  return rank;
}
