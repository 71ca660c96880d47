/** What many simulated runs had in them, added up. */
import type { Verdict } from "./judge.ts";

type Failure = Pick<Verdict, "seed" | "wrong">;

export type Tally = {
  runs: number;
  /** How many runs had so many requests, and so many faults that really happened. */
  readonly requests: Map<number, number>;
  readonly faults: Map<number, number>;
  events: number;
  readonly injected: Map<string, number>;
  readonly reached: Map<string, number>;
  readonly failures: Failure[];
};

export function buildTally(): Tally {
  return {
    runs: 0,
    requests: new Map(),
    faults: new Map(),
    events: 0,
    injected: new Map(),
    reached: new Map(),
    failures: [],
  };
}

export function addVerdict(tally: Tally, verdict: Verdict): void {
  const { seed, wrong, requests, events, injected, reached } = verdict;
  tally.runs += 1;
  tally.events += events;
  add(tally.requests, requests, 1);
  add(tally.faults, sum(injected.values()), 1);
  for (const [what, times] of injected) add(tally.injected, what, times);
  for (const [what, times] of reached) add(tally.reached, what, times);
  if (wrong.length > 0) tally.failures.push({ seed, wrong });
}

export function addTally(tally: Tally, other: Tally): void {
  tally.runs += other.runs;
  tally.events += other.events;
  for (const name of ["requests", "faults"] as const) {
    for (const [count, runs] of other[name]) add(tally[name], count, runs);
  }
  for (const name of ["injected", "reached"] as const) {
    for (const [what, times] of other[name]) add(tally[name], what, times);
  }
  tally.failures.push(...other.failures);
}

/** The middle of what is counted: half of the runs have so many or more. */
export function medianOf(counts: ReadonlyMap<number, number>): number {
  const total = sum(counts.values());
  let seen = 0;
  for (const [count, runs] of [...counts].sort(([one], [other]) => one - other)) {
    seen += runs;
    if (2 * seen > total) return count;
  }
  return 0;
}

/** How many there were in all runs together. */
export function totalOf(counts: ReadonlyMap<number, number>): number {
  return sum([...counts].map(([count, runs]) => count * runs));
}

function add<Key>(counts: Map<Key, number>, key: Key, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

function sum(figures: Iterable<number>): number {
  let total = 0;
  for (const figure of figures) total += figure;
  return total;
}
