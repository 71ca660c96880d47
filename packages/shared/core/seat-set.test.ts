/**
 * The bitset against the plainest model there is: one byte per seat. Planted faults it has caught: a
 * delete that leaves the summary above full, a last word that never becomes full.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { SeatSet } from "./seat-set.ts";

/** Around the borders of one word (32), of two levels (1,024) and of three (32,768). */
const SIZES = [1, 2, 31, 32, 33, 1023, 1024, 1025, 32_767, 32_768, 32_769, 1_000_000];
const seed = seedOfRun();

class NaiveSeats {
  /** 1 is free; index 0 belongs to no seat. */
  readonly #free: Uint8Array;

  constructor(size: number) {
    this.#free = new Uint8Array(size + 1).fill(1, 1);
  }

  has(seat: number): boolean {
    return this.#free[seat] === 0;
  }

  set(seat: number, taken: boolean): void {
    this.#free[seat] = taken ? 0 : 1;
  }

  nextFree(from: number): number | null {
    const seat = this.#free.indexOf(1, from);
    return seat === -1 ? null : seat;
  }
}

/** The seats next to a border of a word on any level, and both ends. */
function edgeSeats(size: number): number[] {
  const edges = [1, 2, 31, 32, 33, 64, 65, 1023, 1024, 1025, 32_767, 32_768, 32_769, size - 1];
  return [...new Set([...edges, size])].filter((seat) => seat >= 1 && seat <= size);
}

function fill(seats: SeatSet, model: NaiveSeats): void {
  for (let seat = 1; seat <= seats.size; seat++) {
    if (model.has(seat)) continue;
    seats.add(seat);
    model.set(seat, true);
  }
}

function expectEqual(seats: SeatSet, model: NaiveSeats, probes: readonly number[]): void {
  const told = probes.map((seat) => [seat, seats.has(seat), seats.nextFree(seat)]);
  expect(told).toEqual(probes.map((seat) => [seat, model.has(seat), model.nextFree(seat)]));
}

function toggle(seats: SeatSet, model: NaiveSeats, seat: number): void {
  const taken = model.has(seat);
  if (taken) seats.delete(seat);
  else seats.add(seat);
  model.set(seat, !taken);
}

function toggleAtRandom(seats: SeatSet, model: NaiveSeats, random: Random): void {
  const edges = edgeSeats(seats.size);
  for (let round = 0; round < 500; round++) {
    const seat = random.chance(0.5) ? random.pick(edges) : random.int(1, seats.size);
    toggle(seats, model, seat);
    expectEqual(seats, model, [seat, random.int(1, seats.size), random.pick(edges)]);
  }
}

describe.each(SIZES)("a set of %i seats", (size) => {
  it("starts free, from the first seat to the last", () => {
    const seats = new SeatSet(size);
    expectEqual(seats, new NaiveSeats(size), edgeSeats(size));
    expect(seats.nextFree(size)).toBe(size);
    expect(seats.nextFree(size + 1)).toBeNull();
  });

  it("knows when it is full, and finds the one seat that becomes free again", () => {
    const [seats, model] = [new SeatSet(size), new NaiveSeats(size)];
    fill(seats, model);
    expect(seats.nextFree(1)).toBeNull();
    for (const seat of edgeSeats(size)) {
      seats.delete(seat);
      expect(seats.nextFree(1)).toBe(seat);
      expect(seats.nextFree(seat)).toBe(seat);
      expect(seats.nextFree(seat + 1)).toBeNull();
      seats.add(seat);
    }
    expect(seats.nextFree(1)).toBeNull();
  });

  it(`is what a plain list says, filling and emptying at random (seed ${seed})`, () => {
    const random = buildRandom(seed + size);
    const [seats, model] = [new SeatSet(size), new NaiveSeats(size)];
    toggleAtRandom(seats, model, random);
    fill(seats, model);
    toggleAtRandom(seats, model, random);
    expect(seats.nextFree(1)).toBe(model.nextFree(1));
  });

  it("has copies that go their own way", () => {
    const seats = new SeatSet(size);
    seats.add(size);
    const copy = seats.clone();
    seats.delete(size);
    if (size > 1) copy.add(1);
    expect(copy.has(size)).toBe(true);
    expect(seats.has(size)).toBe(false);
    expect(seats.nextFree(1)).toBe(1);
    expect(copy.nextFree(1)).toBe(size > 2 ? 2 : null);
  });

  it("takes no seat twice, frees no free seat, and knows no seat outside", () => {
    const seats = new SeatSet(size);
    expect(() => seats.delete(size)).toThrow("is not taken");
    seats.add(size);
    expect(() => seats.add(size)).toThrow("is taken already");
    expect(() => seats.has(0)).toThrow("is not in");
    expect(() => seats.add(size + 1)).toThrow("is not in");
    expect(seats.has(size)).toBe(true);
  });
});

it("a set of no seats, of a show with standing places only, has none free", () => {
  expect(new SeatSet(0).nextFree(1)).toBeNull();
  expect(new SeatSet(0).clone().size).toBe(0);
});
