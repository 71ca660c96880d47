/** The measured latency as a table, and the targets it is held against. Pure. */
import { encodeMs, percentile } from "@seatline/shared/testing/figures.ts";

/** Milliseconds from the moment of sending, one value per request. */
export type Samples = {
  /** To the 202. */
  readonly toAck: readonly number[];
  /** The same requests, to the outcome through a waiting GET. */
  readonly toPolled: readonly number[];
  /** Other requests, to the outcome in one call with `Prefer: wait`. */
  readonly toOutcome: readonly number[];
};

type Target = {
  readonly name: string;
  readonly of: keyof Samples;
  readonly share: number;
  readonly maxMs: number;
};

/** On an idle machine with two cores, everything on it. */
const TARGETS: readonly Target[] = [
  { name: "median to the 202", of: "toAck", share: 0.5, maxMs: 5 },
  { name: "median to the outcome", of: "toOutcome", share: 0.5, maxMs: 10 },
  { name: "p99 to the outcome", of: "toOutcome", share: 0.99, maxMs: 30 },
];

const COLUMNS = [
  ["median", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
  ["max", 1],
] as const;
const ROWS = [
  ["POST to 202", "toAck"],
  ["POST to 202, then GET to the outcome", "toPolled"],
  ["POST to the outcome (Prefer: wait)", "toOutcome"],
] as const;
const LABEL_WIDTH = 40;
const COLUMN_WIDTH = 10;

export function buildLatencyTable(samples: Samples): string[] {
  const head = COLUMNS.map(([name]) => name.padStart(COLUMN_WIDTH)).join("");
  const rows = ROWS.map(([label, of]) => {
    const cells = COLUMNS.map(([, share]) => encodeMs(percentile(samples[of], share)));
    return `  ${label.padEnd(LABEL_WIDTH)}${cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join("")}`;
  });
  return [`  ${"".padEnd(LABEL_WIDTH)}${head}`, ...rows];
}

/** What was missed, in words; a target without samples is missed. */
export function findMissedTargets(samples: Samples): string[] {
  return TARGETS.flatMap(({ name, of, share, maxMs }) => {
    const measured = percentile(samples[of], share);
    return measured !== null && measured <= maxMs
      ? []
      : [`${name} is ${encodeMs(measured)}, at most ${encodeMs(maxMs)} wanted`];
  });
}
