/**
 * `chooseTogether` against the plainest allocator there is: it lists every complete choice on a small layout
 * and takes the one with the lowest key, which is the documented order of preference written out as numbers.
 * Planted faults it has caught: the smallest group chooses first, the upper of two places as near to the middle,
 * an aisle one seat too far, a stranded seat seen across an aisle or only on one side, a run of one seat too
 * many taken for a good one, a greedy choice trusted although one alone could mend a better one, the search
 * ended after its first choice or begun below the greedy one's cost, bounds that forget what one alone or a
 * group across an aisle can mend, equal groups kept out of one row, a standing section passed over for a worse
 * row, sections that are not allowed, places of a standing group taken for seats, borrowed seats kept.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../../testing/random.ts";
import type { Random } from "../../testing/random.ts";
import { buildSeatPlan } from "./layout.ts";
import type { SeatPlan, Section } from "./layout.ts";
import { OpenSeats } from "./open-seats.ts";
import { chooseTogether } from "./together.ts";
import type { Group } from "./together.ts";

const seed = seedOfRun();

/** A row, a plain line or a standing section, in the order in which they are offered. */
type Row = {
  readonly section: number;
  readonly kind: Section["kind"];
  readonly seats: readonly number[];
  /** Its seats, parted by the aisles. */
  readonly blocks: readonly (readonly number[])[];
};

/** A small show in the words of the rules. */
type World = {
  readonly plan: SeatPlan;
  readonly rows: readonly Row[];
  readonly open: ReadonlySet<number>;
  /** Free places by section. */
  readonly standing: readonly number[];
  readonly allowed: readonly number[];
  readonly groups: readonly number[];
};

/** A place for one group; a standing one has no seats. */
type Place = { readonly row: number; readonly seats: readonly number[]; readonly size: number };

function buildSection(random: Random): Section {
  const kind = random.pick(["seated", "seated", "seated", "standing", "plain"] as const);
  if (kind === "plain") return { kind, name: "", seats: random.int(1, 12), price: 0 };
  if (kind === "standing") return { kind, name: "", capacity: random.int(1, 5), price: 0 };
  const seatsPerRow = Array.from({ length: random.int(1, 3) }, () => random.int(1, 9));
  const aislesAfter = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter(() => random.chance(0.2));
  return { kind, name: "", rows: `1-${seatsPerRow.length}`, seatsPerRow, aislesAfter, price: 0 };
}

function rowSizes(section: Section): readonly number[] {
  switch (section.kind) {
    case "standing":
      return [0];
    case "plain":
      return [section.seats];
    case "seated":
      return typeof section.seatsPerRow === "number" ? [] : section.seatsPerRow;
  }
}

function buildRows(sections: readonly Section[]): Row[] {
  let seat = 0;
  return sections.flatMap((section, index) =>
    rowSizes(section).map((size) => {
      const seats = Array.from({ length: size }, () => (seat += 1));
      const aisles = section.kind === "seated" ? section.aislesAfter : [];
      const cuts = [0, ...aisles, size];
      const blocks = cuts.map((cut, at) => seats.slice(cut, cuts[at + 1]));
      return { section: index, kind: section.kind, seats, blocks };
    }),
  );
}

/** Mostly small groups: large ones fit nowhere, and then there is nothing to compare. */
function buildWorld(random: Random, shape: { groups: number; sectionsMax: number }): World {
  const sections = Array.from({ length: random.int(1, shape.sectionsMax) }, () =>
    buildSection(random),
  );
  const plan = buildSeatPlan({ sections, currency: null, accessible: "", blocked: "" });
  const density = random.pick([0.5, 0.7, 0.85, 1]);
  const open = new Set<number>();
  for (let seat = 1; seat <= plan.seats; seat++) if (random.chance(density)) open.add(seat);
  const all = sections.map((_, index) => index);
  const some = all.filter(() => random.chance(0.6));
  return {
    plan,
    rows: buildRows(sections),
    open,
    standing: sections.map((section) =>
      section.kind === "standing" ? random.int(0, section.capacity) : 0,
    ),
    allowed: random.chance(0.8) || some.length === 0 ? all : some,
    groups: Array.from({ length: shape.groups }, () => random.int(1, random.pick([2, 3, 4, 7]))),
  };
}

/** Every place where a group of a size could sit, if it were alone. */
function listPlaces({ rows, open, standing, allowed }: World, size: number): Place[] {
  return rows.flatMap(({ section, kind, seats }, row) => {
    if (!allowed.includes(section)) return [];
    if (kind === "standing") {
      return (standing[section] ?? 0) >= size ? [{ row, seats: [], size }] : [];
    }
    return seats
      .map((_, start) => ({ row, seats: seats.slice(start, start + size), size }))
      .filter(
        (place) => place.seats.length === size && place.seats.every((seat) => open.has(seat)),
      );
  });
}

/** Every way to place all groups, given the places of each. */
function* listChoices(
  world: World,
  lists: readonly (readonly Place[])[],
  before: readonly Place[] = [],
): Generator<readonly Place[]> {
  const [places, ...rest] = lists;
  if (places === undefined) {
    yield before;
    return;
  }
  for (const place of places) {
    if (isFree(world, place, before)) yield* listChoices(world, rest, [...before, place]);
  }
}

function isFree({ rows, standing }: World, place: Place, before: readonly Place[]): boolean {
  const beside = before.filter(({ row }) => row === place.row);
  if (place.seats.length > 0) {
    return !beside.some(({ seats }) => seats.some((seat) => place.seats.includes(seat)));
  }
  const people = beside.reduce((sum, { size }) => sum + size, place.size);
  return people <= (standing[rows[place.row]?.section ?? 0] ?? 0);
}

/** The seats that are open with no open neighbour in their block; only seated rows have blocks that count. */
function findAlone(rows: readonly Row[], isOpen: (seat: number) => boolean): Set<number> {
  const blocks = rows.flatMap((row) => (row.kind === "seated" ? row.blocks : []));
  const alone = blocks.flatMap((block) =>
    block.filter((seat, index) => {
      const neighbours = [block[index - 1], block[index + 1]];
      return isOpen(seat) && !neighbours.some((next) => next !== undefined && isOpen(next));
    }),
  );
  return new Set(alone);
}

/**
 * The order of preference as numbers, of which the lower ones are preferred and the first that differs decides:
 * (a) how many groups sit across an aisle; (b) how many single seats are stranded by the whole choice, that is
 * open and alone in their block after it and not alone before; (c) group by group, the largest first and equal
 * ones in the order given: the row, how far the group's middle is from the middle of all the row's seats, and
 * the lowest seat number. A plain line has no aisle, strands nothing and has no middle; a standing section is a
 * row without seats.
 */
function keyOf({ rows, open }: World, choice: readonly Place[], aloneBefore: Set<number>) {
  const isAcross = ({ row, seats }: Place) =>
    (rows[row]?.blocks ?? []).filter((block) => seats.some((seat) => block.includes(seat))).length >
    1;
  const taken = new Set(choice.flatMap(({ seats }) => seats));
  const alone = findAlone(rows, (seat) => open.has(seat) && !taken.has(seat));
  const stranded = [...alone].filter((seat) => !aloneBefore.has(seat));
  const middleOf = (seats: readonly number[]) => ((seats[0] ?? 0) + (seats.at(-1) ?? 0)) / 2;
  const byGroup = choice.flatMap(({ row, seats }) => {
    const all = rows[row]?.seats ?? [];
    const distance = rows[row]?.kind === "seated" ? Math.abs(middleOf(seats) - middleOf(all)) : 0;
    return [row, distance, seats[0] ?? 0];
  });
  return [choice.filter(isAcross).length, stranded.length, ...byGroup];
}

function isLess(key: readonly number[], other: readonly number[]): boolean {
  const at = key.findIndex((value, index) => value !== other[index]);
  return at !== -1 && (key[at] ?? 0) < (other[at] ?? 0);
}

type Best = { readonly key: readonly number[]; readonly groups: readonly Group[] };

/** The preferred choice, in the customer's order. */
function chooseByBruteForce(world: World): Best | null {
  const { groups, rows, open } = world;
  const order = groups.map((_, index) => index);
  order.sort((a, b) => (groups[b] ?? 0) - (groups[a] ?? 0) || a - b);
  const lists = order.map((index) => listPlaces(world, groups[index] ?? 0));
  const aloneBefore = findAlone(rows, (seat) => open.has(seat));
  let best: { readonly key: number[]; readonly choice: readonly Place[] } | null = null;
  for (const choice of listChoices(world, lists)) {
    const key = keyOf(world, choice, aloneBefore);
    if (best === null || isLess(key, best.key)) best = { key, choice };
  }
  if (best === null) return null;
  const told: Group[] = [];
  for (const [index, { row, seats, size }] of best.choice.entries()) {
    const section = rows[row]?.section ?? -1;
    told[order[index] ?? -1] = seats.length > 0 ? { seats } : { section, count: size };
  }
  return { key: best.key, groups: told };
}

function chooseForReal({ plan, open, standing, allowed, groups }: World): readonly Group[] | null {
  const seats = new OpenSeats(plan);
  seats.open(open);
  const freeStanding = (section: number) => standing[section] ?? 0;
  const chosen = chooseTogether({ open: seats, plan, sections: allowed, groups, freeStanding });
  const after: number[] = [];
  for (let seat = seats.next(1); seat !== null; seat = seats.next(seat + 1)) after.push(seat);
  expect(after, "the seats that were borrowed are given back").toEqual([...open]);
  return chosen;
}

/** What went wrong, to be read; null if nothing did. */
function describeDifference(world: World, found: unknown, expected: unknown): string | null {
  const [is, shouldBe] = [JSON.stringify(found), JSON.stringify(expected)];
  if (is === shouldBe) return null;
  return `${is}, not ${shouldBe}, in ${JSON.stringify({ ...world, open: [...world.open] })}`;
}

/** Layouts on which nobody ever sits across an aisle would prove nothing about aisles. */
const KINDS = ["none", "across 0, stranded 0", "across 0, stranded 1", "across 1, stranded 0"];

describe(`one to three groups on small layouts (seed ${seed})`, () => {
  it.each([
    { groups: 1, sectionsMax: 3, cases: 4000 },
    { groups: 2, sectionsMax: 3, cases: 3000 },
    { groups: 3, sectionsMax: 2, cases: 1500 },
  ])("have the best of all choices: $groups", { timeout: 30_000 }, ({ cases, ...shape }) => {
    const random = buildRandom(seed + shape.groups);
    const seen = new Map<string, number>();
    for (let round = 0; round < cases; round++) {
      const world = buildWorld(random, shape);
      const best = chooseByBruteForce(world);
      const difference = describeDifference(world, chooseForReal(world), best?.groups ?? null);
      expect(difference, `key ${best?.key.join()}`).toBeNull();
      const kind = best === null ? "none" : `across ${best.key[0]}, stranded ${best.key[1]}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    for (const kind of KINDS) expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(cases / 400);
  });
});
