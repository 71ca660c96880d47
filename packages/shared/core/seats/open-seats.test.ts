/**
 * The open seats of one long line against the plainest model there is: one byte per seat. Rows and sections
 * are asked about in `row-fits.test.ts`. Planted faults it has caught: a summary that stays when its word
 * becomes empty, a run lost between two words or after the first one of a stretch, a copy that shares.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../../testing/random.ts";
import type { Random } from "../../testing/random.ts";
import { buildPlainLayout, buildSeatPlan } from "./layout.ts";
import { OpenSeats } from "./open-seats.ts";
import { GROUP_SIZE_MAX } from "./row-fits.ts";
import { NONE } from "./seat-bits.ts";

/** Around the borders of one word (32), of two levels (1,024) and of three (32,768). */
const SIZES = [1, 2, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 32_767, 32_768, 32_769, 1_000_000];
const seed = seedOfRun();

class NaiveSeats {
  /** 1 is open; index 0 belongs to no seat. */
  readonly #open: Uint8Array;

  constructor(size: number) {
    this.#open = new Uint8Array(size + 1);
  }

  has(seat: number): boolean {
    return this.#open[seat] === 1;
  }

  set(seats: readonly number[], isOpen: boolean): void {
    for (const seat of seats) this.#open[seat] = isOpen ? 1 : 0;
  }

  next(from: number): number | null {
    const seat = this.#open.indexOf(1, from);
    return seat === -1 ? null : seat;
  }

  count(): number {
    return this.#open.reduce((sum, open) => sum + open, 0);
  }

  /** Where a run of `size` begins, not below `from`. */
  findRun(size: number, from: number): number {
    let length = 0;
    for (let seat = from; seat < this.#open.length; seat++) {
      length = this.has(seat) ? length + 1 : 0;
      if (length === size) return seat - size + 1;
    }
    return NONE;
  }
}

type Pair = { readonly open: OpenSeats; readonly model: NaiveSeats };

/** Opens or closes some neighbours that are all closed or all open. */
function changeAtRandom(random: Random, { open, model }: Pair, size: number): void {
  const first = random.int(1, size);
  const isOpen = model.has(first);
  const changed: number[] = [];
  const last = Math.min(size, first + random.int(0, random.pick([0, 3, 40])));
  for (let seat = first; seat <= last && model.has(seat) === isOpen; seat++) changed.push(seat);
  if (isOpen) open.close(changed);
  else open.open(changed);
  model.set(changed, !isOpen);
}

/** The seats next to a border of a word on any level, and both ends. */
function edgeSeats(size: number): number[] {
  const edges = [1, 2, 31, 32, 33, 64, 65, 1023, 1024, 1025, 32_767, 32_768, 32_769, size - 1];
  return [...new Set([...edges, size])].filter((seat) => seat >= 1 && seat <= size);
}

describe.each(SIZES)("%i open seats in a line", (size) => {
  const plan = buildSeatPlan(buildPlainLayout(size));
  const everySeat = Array.from({ length: size }, (_, index) => index + 1);

  it("start closed, and are found one by one when all are closed again", () => {
    const open = new OpenSeats(plan);
    expect([open.next(1), open.count(0), open.findRun(0, 1, 1)]).toEqual([null, 0, NONE]);
    open.open(everySeat);
    expect([open.next(1), open.next(size), open.next(size + 1)]).toEqual([1, size, null]);
    expect(open.count(0)).toBe(size);
    open.close(everySeat);
    for (const seat of edgeSeats(size)) {
      open.open([seat]);
      expect([1, seat, seat + 1].map((from) => open.next(from))).toEqual([seat, seat, null]);
      open.close([seat]);
    }
    expect([open.next(1), open.count(0)]).toEqual([null, 0]);
  });

  it(`are what a plain list says, changed at random (seed ${seed})`, () => {
    const random = buildRandom(seed + size);
    const pair = { open: new OpenSeats(plan), model: new NaiveSeats(size) };
    const { open, model } = pair;
    const edges = edgeSeats(size);
    for (let round = 0; round < 400; round++) {
      changeAtRandom(random, pair, random.pick([size, Math.min(size, 100)]));
      const seats = [random.int(1, size), random.pick(edges)];
      const told = seats.map((seat) => [seat, open.has(seat), open.next(seat)]);
      expect(told).toEqual(seats.map((seat) => [seat, model.has(seat), model.next(seat)]));
      const [length, from] = [random.int(1, 20), random.int(Math.max(1, size - 2000), size)];
      expect(open.findRun(0, length, from)).toBe(model.findRun(length, from));
    }
    expect(open.count(0)).toBe(model.count());
  });

  it(`have the one run that is long enough, at every border (seed ${seed})`, () => {
    const random = buildRandom(seed + size);
    for (const edge of edgeSeats(size)) {
      const length = random.int(1, Math.min(size, GROUP_SIZE_MAX));
      const first = Math.max(1, Math.min(size - length + 1, edge - random.int(0, length)));
      const open = new OpenSeats(plan);
      open.open(everySeat.slice(first - 1, first - 1 + length));
      expect([1, first, first + 1].map((from) => open.findRun(0, length, from))).toEqual([
        first,
        first,
        NONE,
      ]);
      expect([open.findRun(0, length + 1, 1), open.findRank(0, length, 0)]).toEqual([NONE, 0]);
      expect(open.endOfRun(first, size + 1)).toBe(first + length);
    }
  });
});

it("copies go their own way", () => {
  const open = new OpenSeats(buildSeatPlan(buildPlainLayout(40)));
  open.open([1, 2, 40]);
  const copy = open.clone();
  open.close([1]);
  copy.open([3]);
  expect([open.next(1), open.count(0), open.findRun(0, 2, 1)]).toEqual([2, 2, NONE]);
  expect([copy.next(1), copy.count(0), copy.findRun(0, 3, 1)]).toEqual([1, 4, 1]);
});

it("no seat is opened or closed twice, and none is known outside the plan", () => {
  const open = new OpenSeats(buildSeatPlan(buildPlainLayout(40)));
  expect(() => open.close([7])).toThrow("the seat is open");
  open.open([7]);
  expect(() => open.open([7])).toThrow("the seat is closed");
  expect(() => open.open([8, 8])).toThrow("the seat is closed");
  for (const seat of [0, 41]) expect(() => open.has(seat)).toThrow("in the plan");
});

it("a show of standing places only has no seat, and neither has one without sections", () => {
  const standing = { kind: "standing", name: "", capacity: 9, price: 0 } as const;
  for (const sections of [[standing], []]) {
    const plan = buildSeatPlan({ sections, currency: null, accessible: "", blocked: "" });
    const open = new OpenSeats(plan).clone();
    expect([open.next(1), open.count(0), open.findRank(3, 1, 0)]).toEqual([null, 0, NONE]);
  }
});
