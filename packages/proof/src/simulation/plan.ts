/** What a simulated run consists of: how large, who wants what, and what goes wrong when. All from the seed. */
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import type { Bounds } from "@seatline/shared/core/bounds.ts";
import type { ShowRules, Want } from "@seatline/shared/core/model.ts";
import type { ShowChanges } from "@seatline/shared/core/requests.ts";
import { buildSeatPlan } from "@seatline/shared/core/seats/layout.ts";
import type { Layout, Section } from "@seatline/shared/core/seats/layout.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";
import { buildRandomWant, someSeats } from "@seatline/shared/testing/random-sales.ts";

import { buildRandomFault } from "./random-faults.ts";
import type { Fault } from "./random-faults.ts";

export type ShowPlan = {
  readonly layout: Layout;
  readonly rules: ShowRules;
  /** After the beginning of the run; null for at once. */
  readonly opensInMs: number | null;
};

/** One customer who wants something, and what comes of it. */
export type Errand = {
  readonly atMs: number;
  /** Null for one that nobody has made. */
  readonly show: number | null;
  readonly customer: string | null;
  readonly key: string | null;
  readonly wants: readonly Want[];
  readonly confirmNow: boolean;
  readonly holdMs: number | null;
  readonly waits: boolean;
  readonly byStaff: boolean;
  /** How long the outcome is waited for with each question. */
  readonly waitMs: number;
  readonly next: readonly FollowUp[];
  /** Waits for what became of the booking at the end. */
  readonly looksBack: boolean;
};

export type FollowUp = {
  readonly kind: (typeof FOLLOW_UPS)[number];
  /** Waits for what became of the booking before. */
  readonly looksFirst: boolean;
  readonly afterMs: number;
  readonly waitMs: number;
};

export type StaffErrand = {
  readonly atMs: number;
  readonly show: number;
  readonly changes: ShowChanges;
};

export type Plan = {
  readonly seed: number;
  readonly partitionCount: number;
  /** Small ones, so that what is left over for a next step is seen. */
  readonly bounds: Bounds;
  readonly gateways: number;
  readonly workers: number;
  readonly expiryWorkers: number;
  readonly shows: readonly ShowPlan[];
  readonly errands: readonly Errand[];
  readonly staff: readonly StaffErrand[];
  readonly faults: readonly Fault[];
};

/** People ask, and things break, for so long. */
const RUSH_MS = 4_000;
/** Mostly many ask at once, as when a sale opens. */
const CROWDS = 3;
const SMALL_BOUNDS: Bounds = { lapses: 3, serves: 2, cancels: 3 };
const TINY_BOUNDS: Bounds = { lapses: 1, serves: 1, cancels: 1 };
const FOLLOW_UPS = [
  "confirm",
  "confirm",
  "confirm",
  "cancel",
  "cancel",
  "give-back",
  "extend",
  "find",
  "poll",
] as const;
const CUSTOMERS = ["ann", "bob", "eve", "joe"];

export function buildPlan(seed: number): Plan {
  const random = buildRandom(seed);
  // Each one more asks and looks all the time: mostly few, so that there can be the more runs.
  const gateways = random.pick([1, 1, 1, 2]);
  const workers = random.pick([1, 1, 2, 2, 3]);
  const expiryWorkers = random.pick([1, 1, 1, 2]);
  const partitionCount = random.pick([1, 1, 2, 3]);
  const shows = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => buildShow(random));
  const size = { gateways, workers, expiryWorkers, partitionCount, shows: shows.length };
  const crowds = Array.from({ length: CROWDS }, () => random.int(0, RUSH_MS));
  const times = <T>(min: number, max: number, build: () => T) =>
    Array.from({ length: random.int(min, max) }, build);
  return {
    seed,
    ...size,
    bounds: random.pick([BOUNDS, SMALL_BOUNDS, TINY_BOUNDS]),
    shows,
    errands: times(13, 23, () => buildErrand(random, { shows, crowds })),
    staff: times(0, 3, () => buildStaffErrand(random, shows)),
    faults: times(3, 7, () => buildRandomFault(random, size, RUSH_MS)),
  };
}

function buildShow(random: Random): ShowPlan {
  const length = random.int(1, 2);
  const currency = random.chance(0.7) ? "EUR" : null;
  const hasPrices = currency !== null;
  const sections = random.chance(0.3)
    ? [buildPlainSection(random, hasPrices)]
    : Array.from({ length }, (_, index) => buildSection(random, { index, hasPrices }));
  const plain: Layout = { sections, currency, accessible: "", blocked: "" };
  const { seats } = buildSeatPlan(plain);
  const holdMs = random.pick([1_000, 2_000, 4_000]);
  return {
    layout: {
      ...plain,
      accessible: someSeats(random, seats, 0.1),
      blocked: someSeats(random, seats, 0.05),
    },
    rules: {
      holdMs,
      holdMaxMs: 2 * holdMs,
      rescueMs: random.pick([0, 2_000, 60_000]),
      confirmation: random.pick(["manual", "manual", "automatic"] as const),
      cancelConfirmed: random.chance(0.5),
      seatsPerBookingMax: random.pick([6, 50]),
      seatsPerCustomerMax: random.pick([null, null, 8]),
      holdsPerCustomerMax: random.pick([null, null, 3]),
    },
    opensInMs: random.chance(0.2) ? random.int(500, 4_000) : null,
  };
}

/** Of a few places, so that people are in each other's way. */
function buildSection(
  random: Random,
  { index, hasPrices }: { readonly index: number; readonly hasPrices: boolean },
): Section {
  const [name, price] = [`Section ${index}`, buildPrice(random, hasPrices)];
  if (random.chance(0.4)) return { kind: "standing", name, capacity: random.int(1, 6), price };
  const seatsPerRow = Array.from({ length: random.int(1, 2) }, () => random.int(2, 5));
  const rows = `1-${seatsPerRow.length}`;
  return { kind: "seated", name, rows, seatsPerRow, aislesAfter: [], price };
}

/** It has no name, for it is always the only one. */
function buildPlainSection(random: Random, hasPrices: boolean): Section {
  return { kind: "plain", name: "", seats: random.int(1, 8), price: buildPrice(random, hasPrices) };
}

function buildPrice(random: Random, hasPrices: boolean): number {
  return hasPrices ? random.int(1, 4) * 100 : 0;
}

function buildErrand(
  random: Random,
  { shows, crowds }: { readonly shows: readonly ShowPlan[]; readonly crowds: readonly number[] },
): Errand {
  const show = random.chance(0.02) ? null : random.int(0, shows.length - 1);
  const { layout } = shows[show ?? -1] ?? { layout: null };
  const isPlain = layout === null || random.chance(0.5);
  const wants = isPlain
    ? [{ count: random.int(1, 2) }]
    : Array.from({ length: random.pick([1, 1, 2, 3]) }, () => buildRandomWant(random, layout));
  const isKeyed = random.chance(0.7);
  const waits = random.chance(0.3);
  return {
    atMs: random.chance(0.85) ? random.pick(crowds) : random.int(0, RUSH_MS),
    show,
    customer: random.chance(0.9) ? random.pick(CUSTOMERS) : null,
    // Few keys, so that some are used twice, with the same request or another.
    key: isKeyed ? `key-${random.int(0, 60)}` : null,
    wants,
    confirmNow: random.chance(0.15),
    holdMs: random.chance(0.1) ? random.int(1_000, 5_000) : null,
    waits,
    byStaff: !waits && random.chance(0.07),
    waitMs: random.pick([0, 0, 500, 3_000]),
    next: Array.from({ length: random.int(0, 4) }, () => buildFollowUp(random)),
    looksBack: random.chance(0.35),
  };
}

function buildFollowUp(random: Random): FollowUp {
  const kind = random.pick(FOLLOW_UPS);
  return {
    kind,
    // Seats can be given back by whoever knows them.
    looksFirst: kind === "give-back" || random.chance(0.35),
    afterMs: random.pick([0, 50, 500, 1_500, 3_000]),
    waitMs: random.pick([0, 500, 3_000]),
  };
}

function buildStaffErrand(random: Random, shows: readonly ShowPlan[]): StaffErrand {
  const show = random.int(0, shows.length - 1);
  const { layout } = shows[show] ?? { layout: null };
  const name = layout?.sections[0]?.name ?? "";
  const changes = random.pick<() => ShowChanges>([
    () => ({ block: "1-2" }),
    () => ({ unblock: "1-3" }),
    () => ({ sections: [{ name, price: random.int(1, 4) * 100 }] }),
    () => ({ sections: [{ name, standing: random.int(0, 40) }] }),
    () => ({ sale: random.pick(["closed", "open"] as const) }),
    () => ({ sale: random.chance(0.3) ? "cancelled" : "open" }),
    () => ({ archived: random.chance(0.5) }),
  ])();
  return { atMs: random.int(0, RUSH_MS), show, changes };
}
