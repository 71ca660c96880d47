/**
 * Which group sizes fit into which row, how well, against a model that draws every row and looks at every
 * place in it. Planted faults it has caught: a row that is not brought up to date when the next one is
 * entered, an aisle one seat too far, a seat left over that counts as none, a node of the tree that keeps the
 * fits of before, a way to sit across an aisle that is left out.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../../testing/random.ts";
import type { Random } from "../../testing/random.ts";
import { ROW_SEATS_MAX, buildSeatPlan } from "./layout.ts";
import type { SeatPlan, SeatedSection, Section } from "./layout.ts";
import { AISLE_COST } from "./open-row.ts";
import { OpenSeats } from "./open-seats.ts";
import { FIT_LEVELS, GROUP_SIZE_MAX } from "./row-fits.ts";
import type { FitLevel } from "./row-fits.ts";
import { NONE } from "./seat-bits.ts";

const seed = seedOfRun();

/** A row, a plain line, or a standing section, which has no seats. */
type ModelRow = {
  readonly section: number;
  readonly first: number;
  readonly seats: number;
  readonly aisles: readonly number[];
  readonly isPlain: boolean;
};

class Model {
  readonly rows: readonly ModelRow[];
  readonly open = new Set<number>();

  constructor(rows: readonly ModelRow[]) {
    this.rows = rows;
  }

  next(from: number): number | null {
    const left = [...this.open].filter((seat) => seat >= from);
    return left.length === 0 ? null : Math.min(...left);
  }

  count(section: number): number {
    const rows = this.rows.filter((row) => row.section === section);
    return rows.reduce((sum, row) => sum + this.draw(row).replaceAll(/[^o]/g, "").length, 0);
  }

  /** The open seats of a row as text, the aisles as bars. */
  draw({ first, seats, aisles }: ModelRow): string {
    return Array.from({ length: seats }, (_, at) => {
      const place = this.open.has(first + at) ? "o" : ".";
      return aisles.includes(at + 1) && at + 1 < seats ? `${place}|` : place;
    }).join("");
  }

  findRun(row: ModelRow, size: number, from: number): number {
    const drawn = this.draw({ ...row, aisles: [] });
    const at = drawn.indexOf("o".repeat(size), Math.max(0, from - row.first));
    return at === -1 ? NONE : row.first + at;
  }

  /** The levels at which a size fits into a row: every place is drawn, and its two ends looked at. */
  findLevels(row: ModelRow, size: number): Set<FitLevel> {
    const drawn = this.draw(row);
    const costs = new Set<number>();
    // A place may hold aisles anywhere; what is left beside it in its blocks ends at a bar.
    const place = new RegExp(`(?=(o(?:\\|?o){${size - 1}})(.*))`, "g");
    for (const { index, 1: seats = "", 2: after = "" } of drawn.matchAll(place)) {
      const isAcross = !row.isPlain && seats.includes("|");
      const left = /o*$/.exec(drawn.slice(0, index))?.[0].length === 1 ? 1 : 0;
      const right = /^o*/.exec(after)?.[0].length === 1 ? 1 : 0;
      costs.add(row.isPlain ? 0 : (isAcross ? AISLE_COST : 0) + left + right);
    }
    const max = [0, 2, AISLE_COST, AISLE_COST + 2] as const;
    // A level takes in the ones before it, so one that is across and strands a seat is only at the last.
    return new Set(FIT_LEVELS.filter((level) => [...costs].some((cost) => cost <= max[level])));
  }
}

/** A hall with rows of all lengths, aisles, and plain lines and standing sections between. */
function buildHall(random: Random): { plan: SeatPlan; rows: readonly ModelRow[] } {
  const sections: Section[] = [];
  const rows: ModelRow[] = [];
  let first = 1;
  const shape = { name: "", price: 0 };
  for (let section = 0; section < random.int(1, 6); section++) {
    const kind = random.pick(["seated", "seated", "standing", "plain"] as const);
    const seatsMax = random.pick([3, 20, 70, 200]);
    const count = kind === "standing" ? 0 : kind === "plain" ? 1 : random.int(1, 9);
    const seatsPerRow = Array.from({ length: count }, () => random.int(1, seatsMax));
    const rate = random.pick([0, 0.05, 0.5]);
    const all = Array.from({ length: seatsMax + 1 }, (_, at) => at + 1);
    const aislesAfter = kind === "seated" ? all.filter(() => random.chance(rate)) : [];
    if (kind === "standing") sections.push({ ...shape, kind, capacity: 5 });
    else if (kind === "plain") sections.push({ ...shape, kind, seats: seatsPerRow[0] ?? 1 });
    else sections.push({ ...shape, kind, rows: `1-${count}`, seatsPerRow, aislesAfter });
    // A standing section has a rank, but nothing in it.
    for (const seats of kind === "standing" ? [0] : seatsPerRow) {
      rows.push({ section, first, seats, aisles: aislesAfter, isPlain: kind === "plain" });
      first += seats;
    }
  }
  return { plan: buildSeatPlan({ sections, currency: null, accessible: "", blocked: "" }), rows };
}

/** Opens or closes some neighbours that are all closed or all open. */
function changeAtRandom(random: Random, open: OpenSeats, model: Model): void {
  const seats = model.rows.reduce((sum, row) => sum + row.seats, 0);
  const first = random.int(1, seats);
  const isOpen = model.open.has(first);
  const changed: number[] = [];
  const last = Math.min(seats, first + random.int(0, random.pick([0, 3, 40])));
  for (let seat = first; seat <= last && model.open.has(seat) === isOpen; seat++)
    changed.push(seat);
  if (isOpen) open.close(changed);
  else open.open(changed);
  for (const seat of isOpen ? changed : []) model.open.delete(seat);
  for (const seat of isOpen ? [] : changed) model.open.add(seat);
}

/** A hall that is sold in part, and the model of it. */
function buildSoldHall(random: Random) {
  const { plan, rows } = buildHall(random);
  const [open, model] = [new OpenSeats(plan), new Model(rows)];
  const rate = random.pick([0, 0.5, 0.8, 0.95, 1]);
  for (let seat = 1; seat <= plan.seats; seat++) if (random.chance(rate)) model.open.add(seat);
  open.open(model.open);
  for (let change = 0; change < 30 && plan.seats > 0; change++) changeAtRandom(random, open, model);
  return { plan, open, model };
}

/** What the index says of a question, and what the model says. */
function ask(random: Random, open: OpenSeats, model: Model) {
  const size = random.int(1, random.pick([3, 6, 12, GROUP_SIZE_MAX]));
  const from = random.int(0, model.rows.length);
  const levels = model.rows.map((row) => model.findLevels(row, size));
  const firstFit = (level: FitLevel) =>
    levels.findIndex((fits, rank) => rank >= from && fits.has(level));
  const expected = FIT_LEVELS.map(firstFit).map((rank) => (rank === -1 ? NONE : rank));
  const found = FIT_LEVELS.map((level) => open.findRank(level, size, from));
  const row = model.rows[from];
  if (row !== undefined && row.seats > 0) {
    const seat = random.int(row.first, row.first + row.seats);
    found.push(open.findRun(from, size, seat));
    expected.push(model.findRun(row, size, seat));
  }
  const question = `${size} from row ${from} of ${model.rows.map((row) => model.draw(row)).join(" / ")}`;
  return { found, expected, question };
}

describe(`groups fit into one short row (seed ${seed})`, () => {
  it("at every size, wherever its aisles are", () => {
    const random = buildRandom(seed + 2);
    for (let round = 0; round < 1000; round++) {
      const seats = random.int(1, 16);
      const aisles = Array.from({ length: seats }, (_, at) => at + 1).filter(() =>
        random.chance(0.3),
      );
      const row = { section: 0, first: 1, seats, aisles, isPlain: false };
      const model = new Model([row]);
      const open = new OpenSeats(
        buildOneSection({ rows: "A", seatsPerRow: seats, aislesAfter: aisles }),
      );
      const rate = random.pick([0.8, 0.95, 1]);
      for (let seat = 1; seat <= seats; seat++) if (random.chance(rate)) model.open.add(seat);
      open.open(model.open);
      for (let size = 1; size <= seats; size++) {
        const found = FIT_LEVELS.filter((level) => open.findRank(level, size, 0) === 0);
        expect(found, `${size} in ${model.draw(row)}`).toEqual([...model.findLevels(row, size)]);
      }
    }
  });
});

describe(`groups fit into the rows of a hall (seed ${seed})`, () => {
  it("where a look at every place says they do", () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 200; round++) {
      const { open, model } = buildSoldHall(random);
      for (let turn = 0; turn < 10; turn++) {
        const { found, expected, question } = ask(random, open, model);
        expect(found, question).toEqual(expected);
      }
    }
  });

  it("and the open seats are those of the model, by number and by section", () => {
    const random = buildRandom(seed + 1);
    for (let round = 0; round < 200; round++) {
      const { plan, open, model } = buildSoldHall(random);
      const seats = Array.from({ length: 20 }, () => random.int(1, plan.seats + 1));
      expect(seats.map((seat) => open.next(seat))).toEqual(seats.map((seat) => model.next(seat)));
      const sections = [...plan.sections.keys()];
      expect(sections.map((at) => open.count(at))).toEqual(sections.map((at) => model.count(at)));
    }
  });
});

function buildOneSection(shape: Pick<SeatedSection, "rows" | "seatsPerRow" | "aislesAfter">) {
  const section = { kind: "seated", name: "", price: 0, ...shape } as const;
  return buildSeatPlan({ sections: [section], currency: null, accessible: "", blocked: "" });
}

it("seats of several rows are opened in one go, in any order", () => {
  const open = new OpenSeats(buildOneSection({ rows: "A-C", seatsPerRow: 4, aislesAfter: [] }));
  open.open([12, 1, 5, 2, 6, 3, 11, 7]);
  expect([1, 2, 3, 4].map((size) => open.findRank(0, size, 0))).toEqual([0, 2, 0, NONE]);
  expect(open.count(0)).toBe(8);
});

it("a row may have an aisle after every seat", () => {
  const aislesAfter = Array.from({ length: ROW_SEATS_MAX }, (_, at) => at + 1);
  const open = new OpenSeats(
    buildOneSection({ rows: "A", seatsPerRow: ROW_SEATS_MAX, aislesAfter }),
  );
  open.open(aislesAfter);
  const levels = (size: number) => FIT_LEVELS.map((level) => open.findRank(level, size, 0));
  expect([1, 2, GROUP_SIZE_MAX].map(levels)).toEqual([
    [0, 0, 0, 0],
    [NONE, NONE, 0, 0],
    [NONE, NONE, 0, 0],
  ]);
});
