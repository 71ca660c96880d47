/**
 * Whether groups fit at all: packs them into the longest runs, exactly and in little time whatever the show
 * looks like. Says nothing about which places are good ones.
 */
import { FIT, GROUP_SIZE_MAX } from "./row-fits.ts";
import { NONE } from "./seat-bits.ts";
import type { Seating, Spot } from "./together-seating.ts";

type Run = { readonly rank: number; readonly seat: number; readonly length: number };

/** Groups packed so far: the run at hand and how much of it is used. Less of both leaves no less. */
type Packed = {
  readonly run: number;
  readonly used: number;
  /** The group packed last, where, and after which others. */
  readonly group: number;
  readonly start: number;
  readonly before: number;
};

/** Some places for all groups, or null if there are none. */
export function packGroups(seating: Seating, sizes: readonly number[]): Spot[] | null {
  if (seating.findRank(FIT.any, Math.max(...sizes), 0) === NONE) return null;
  const runs = findLongestRuns(seating, sizes);
  const all = (1 << sizes.length) - 1;
  // By the set of groups packed, as bits.
  const best: (Packed | undefined)[] = [{ run: 0, used: 0, group: -1, start: 0, before: 0 }];
  for (let packed = 0; packed < all; packed++) {
    for (let group = 0; group < sizes.length; group++) {
      if ((packed & (1 << group)) !== 0) continue;
      const next = packNext(best[packed], { runs, group, size: sizes[group] ?? 0, before: packed });
      const set = packed | (1 << group);
      if (next !== undefined && isBetter(next, best[set])) best[set] = next;
    }
  }
  if (best[all] === undefined) return null;
  const spots: Spot[] = [];
  for (
    let [set, at] = [all, best[all]];
    set !== 0;
    [set, at] = [at.before, best[at.before] ?? at]
  ) {
    const { rank, seat } = runs[at.run] ?? { rank: 0, seat: 0 };
    const size = sizes[at.group] ?? 0;
    spots[at.group] = { rank, seat: seat === 0 ? 0 : seat + at.start, size, cost: 0, turn: 0 };
  }
  return spots;
}

function packNext(
  packed: Packed | undefined,
  more: { runs: readonly Run[]; group: number; size: number; before: number },
): Packed | undefined {
  const { runs, group, size, before } = more;
  if (packed === undefined) return undefined;
  let { run, used } = packed;
  while (run < runs.length && used + size > (runs[run]?.length ?? 0)) [run, used] = [run + 1, 0];
  if (run === runs.length) return undefined;
  return { run, used: used + size, group, start: used, before };
}

function isBetter(next: Packed, known: Packed | undefined): boolean {
  if (known === undefined || next.run !== known.run)
    return known === undefined || next.run < known.run;
  return next.used < known.used;
}

/**
 * As many of the longest runs as there are groups: if the groups fit anywhere, they fit there, because a shorter
 * run can be exchanged for a longer one that is empty. Runs count as GROUP_SIZE_MAX long at most.
 */
function findLongestRuns(seating: Seating, sizes: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let length = GROUP_SIZE_MAX; length >= Math.min(...sizes); length--) {
    for (const run of runsOf(seating, length)) {
      if (run.length === length) runs.push(run);
      if (runs.length === sizes.length) return runs;
    }
  }
  return runs;
}

/** The runs that are not shorter than `lengthMin`, best rank first. */
function* runsOf(seating: Seating, lengthMin: number): Generator<Run> {
  let rank = seating.findRank(FIT.any, lengthMin, 0);
  while (rank !== NONE) {
    yield* runsOfRank(seating, rank, lengthMin);
    rank = seating.findRank(FIT.any, lengthMin, rank + 1);
  }
}

function* runsOfRank(seating: Seating, rank: number, lengthMin: number): Generator<Run> {
  const { open } = seating;
  if (seating.kindOf(rank) === "standing") {
    const length = Math.min(seating.freeStanding(rank), GROUP_SIZE_MAX);
    yield { rank, seat: 0, length };
    return;
  }
  const end = open.ranks.firstSeat[rank + 1] ?? 0;
  let seat = open.findRun(rank, lengthMin, open.ranks.firstSeat[rank] ?? 0);
  while (seat !== NONE) {
    const runEnd = open.endOfRun(seat, end);
    yield { rank, seat, length: Math.min(runEnd - seat, GROUP_SIZE_MAX) };
    seat = open.findRun(rank, lengthMin, runEnd);
  }
}
