/** What was measured as a document in Markdown, and the bounds that it is held against. Pure. */
import { encodeCount, encodeMs } from "@seatline/shared/testing/figures.ts";
import type { CostRow } from "./performance-clock.ts";
import type { LoadReport } from "./performance-load.ts";
import type { Way } from "./performance-orders.ts";

export type PerformanceReport = {
  readonly machine: string;
  readonly decide: readonly CostRow[];
  readonly step: readonly CostRow[];
  readonly load: LoadReport;
};

type Bound = {
  readonly promise: string;
  readonly measured: string;
  readonly isMet: boolean;
};

const LOAD_MAX_MS = 1_000;
const DECIDE_MAX_US = 10;
const RATIO_MAX = 3;

const WAY_NAMES: Readonly<Record<Way, string>> = {
  random: "at random",
  "best-first": "best first",
  "every-other": "every other seat",
};

/** The promises with the worst that was measured; what was not measured is not met. */
export function checkBounds({ decide, load }: PerformanceReport): Bound[] {
  const bound = decide.filter(({ isLarge }) => !isLarge);
  const slowest = worstOf(bound, ({ large }) => large);
  const steepest = worstOf(bound, ({ ratio }) => ratio);
  return [
    {
      promise: `a new owner loads the show in at most ${encodeMs(LOAD_MAX_MS)}`,
      measured: `${encodeMs(load.totalMs)} (the first time in a process ${encodeMs(load.firstMs)})`,
      isMet: Math.max(load.totalMs, load.firstMs) <= LOAD_MAX_MS,
    },
    {
      promise: `a decision on it costs at most ${DECIDE_MAX_US} µs`,
      measured: slowest === null ? "–" : `${encodeUs(slowest.large)} µs (${describe(slowest)})`,
      isMet: slowest !== null && slowest.large <= DECIDE_MAX_US,
    },
    {
      promise: `and at most ${RATIO_MAX} times what it costs on 100 seats`,
      measured: steepest === null ? "–" : `${encodeUs(steepest.ratio)} × (${describe(steepest)})`,
      isMet: steepest !== null && steepest.ratio <= RATIO_MAX,
    },
  ];
}

function worstOf(rows: readonly CostRow[], figure: (row: CostRow) => number): CostRow | null {
  return rows.reduce<CostRow | null>(
    (worst, row) => (worst === null || figure(row) > figure(worst) ? row : worst),
    null,
  );
}

function describe({ name, kind, way }: CostRow): string {
  return `${name}; ${kind}, sold ${WAY_NAMES[way]}`;
}

function encodeUs(us: number): string {
  return us.toFixed(us < 100 ? 2 : 0);
}

export function buildDocument(report: PerformanceReport): string[] {
  const { machine, decide, step, load } = report;
  const seated = (rows: readonly CostRow[]) => rows.filter(({ kind }) => kind === "seated");
  const plain = (rows: readonly CostRow[]) => rows.filter(({ kind }) => kind === "plain");
  const bound = decide.filter(({ isLarge }) => !isLarge);
  return [
    "# Performance: what a show of a million seats costs",
    "",
    "`npm run performance -- --write` measured all of this and wrote it down; without `--write` it only prints. It takes a minute or two, and exits with 1 where a bound is not met. It starts a Postgres of its own, or takes the server that `DATABASE_URL` names; there it makes a database of its own, which is gone afterwards.",
    "",
    `Measured on ${machine}. The figures vary from machine to machine, and with what else runs on it; the ratios hardly do.`,
    "",
    ...buildTable(
      ["bound", "measured", ""],
      checkBounds(report).map(({ promise, measured, isMet }) => [
        promise,
        measured,
        isMet ? "met" : "**not met**",
      ]),
    ),
    "",
    "## What is measured",
    "",
    "Two shows that are alike in all but size. The small one has 5 rows of 20 seats in 3 sections, the large one 100 rows of 100 seats in each of 100 sections; both have aisles, four classes of prices, accessible and blocked seats, standing sections, and a limit per customer. Both are half sold: **at random**, by parties of one to six that click on seats next to each other anywhere; **best first**, by parties that take the best that there is; or **every other seat**, after which nobody can sit together any more. One booking of 16 (of 4 on the small show) is a live hold. On the large show 1,000 bookings wait, each for something else, which is the most that a show may have; on the small one 5. A plain show (`capacity: N`) of either size is sold in the same ways. Nothing is left to chance: every run measures the same shows and the same requests, and refuses to measure one that comes to something else than it should (`packages/bench/src/performance-shows.ts`, `performance-questions.ts`).",
    "",
    "Every figure of a decision is in microseconds, the median of many rounds, warm, in up to 16 variants: other seats, other sections. In each round every kind is asked of both shows in turn, so that whatever slows the machine meets both; the ratio is the median of the ratios of the rounds.",
    "",
    "## One decision",
    "",
    "`decide` alone, which reads the state and leaves it as it is. Narrowed by one section, by three sections, by the highest price (half of the sections), or to accessible seats. A ladder's first two wants do not fit.",
    "",
    ...buildCosts(seated(bound), ["random", "best-first"]),
    "",
    "Refusals, on the show of which every other seat is sold. Who gets nothing is told how much is free and how much is held: to count that, every section that the want allows is looked at, so this grows with the number of sections.",
    "",
    ...buildCosts(seated(bound), ["every-other"]),
    "",
    "Plain shows:",
    "",
    ...buildCosts(plain(bound), ["random", "best-first"]),
    "",
    "What asks for many places or many groups at once costs by the group, on 100 seats as on a million. No bound is promised for that, but for the search for groups that do not all fit at their best places (`SEARCH_STEPS_MAX`): there is hardly any on the large show as long as half of it is free, and more of it the fewer places are left, as pairs of groups on the small one show above.",
    "",
    ...buildCosts(
      decide.filter(({ isLarge }) => isLarge),
      ["random", "best-first"],
    ),
    "",
    "## One step",
    "",
    "`step` is what the worker calls: what has lapsed is released, the request is decided, the state follows, and who waits is asked whether something fits now. Each step is measured in a cycle that leaves the state as it was, like a booking and its cancellation. No bound is promised; the core is a small part of what a booking costs. Steps come one at a time and meet colder caches than the rounds above.",
    "",
    ...buildCosts(seated(step), ["random", "best-first"]),
    "",
    "Where places come back, or a customer may hold again, one of each kind of those who wait is tried: on the large show all 1,000 kinds, on the small one 5. That is what its confirmations and cancellations cost here; where fewer kinds wait, they cost less.",
    "",
    "Refusals, on the show of which every other seat is sold:",
    "",
    ...buildCosts(seated(step), ["every-other"]),
    "",
    "Plain shows:",
    "",
    ...buildCosts(plain(step), ["random", "best-first"]),
    "",
    "## Loading",
    "",
    ...describeLoad(load),
  ];
}

function describeLoad({ firstMs, totalMs, parts, bytes, counts }: LoadReport): string[] {
  const { seats, bookings, holds, waiting, customers } = counts;
  return [
    `The large show, sold at random, from Postgres: ${encodeCount(seats)} rows in \`seats\`, ${encodeCount(bookings)} bookings with places, ${encodeCount(holds)} of them live holds, ${encodeCount(waiting)} that wait, ${encodeCount(customers)} customers with a limit. \`loadShows\` is what a new owner does in front of the first request for a show. It took **${encodeMs(totalMs)}** (median), the first time in the process ${encodeMs(firstMs)}. The show takes ${encodeCount(bytes / 2 ** 20)} MB of memory then.`,
    "",
    "Its parts, each measured alone; the first and the third run at once, so they do not add up:",
    "",
    ...buildTable(
      ["part", "time"],
      parts.map(({ name, ms }) => [name, encodeMs(ms)]),
    ),
    "",
    "It depends on the number of taken seats and of live holds, and hardly on the size of the show. Postgres reads the seats from an index, in their order; right after a large sale, before it has vacuumed, it looks into the table as well.",
  ];
}

/** One line per name; for each way what it costs on the small show, on the large one, and the ratio. */
function buildCosts(rows: readonly CostRow[], ways: readonly Way[]): string[] {
  const head = ways.flatMap((way) => [`${WAY_NAMES[way]}: 100 seats`, "1,000,000", "ratio"]);
  const names = [...new Set(rows.filter(({ way }) => ways.includes(way)).map(({ name }) => name))];
  const lines = names.map((name) => [
    name,
    ...ways.flatMap((way) => {
      const row = rows.find((one) => one.name === name && one.way === way);
      if (row === undefined) return ["–", "–", "–"];
      return [encodeUs(row.small), encodeUs(row.large), encodeUs(row.ratio)];
    }),
  ]);
  return buildTable(["µs", ...head], lines);
}

function buildTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const rule = head.map((_, index) => (index === 0 ? "---" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
