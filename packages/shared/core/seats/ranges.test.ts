/**
 * Ranges against plain sets of seats, and the texts they refuse: all short ones. Planted faults this has caught:
 * a seat that is there twice, a range that falls, touching ranges kept apart by `joinRanges`, a range inside
 * another that makes the other shorter.
 */
import { describe, expect, it } from "vitest";

import { buildRandom, seedOfRun } from "../../testing/random.ts";
import { countSeats, encodeRanges, joinRanges, parseRanges, seatsOf } from "./ranges.ts";

const seed = seedOfRun();

/** The members of a set of small numbers that is written as bits. */
function seatsOfBits(bits: number): number[] {
  return Array.from({ length: 12 }, (_, index) => index + 1).filter((seat) => bits & (1 << seat));
}

/** Every text of at most so many of these characters. */
function* textsOf(characters: readonly string[], lengthMax: number): Generator<string> {
  yield "";
  if (lengthMax === 0) return;
  for (const rest of textsOf(characters, lengthMax - 1)) {
    for (const character of characters) if (rest.length === lengthMax - 1) yield rest + character;
    if (rest !== "") yield rest;
  }
}

describe("ranges of seats", () => {
  it.each([
    [[], ""],
    [[1], "1"],
    [[1, 2], "1-2"],
    [[1, 2, 5], "1-2,5"],
    [[3, 5, 6, 7, 999_999, 1_000_000], "3,5-7,999999-1000000"],
  ])("of %j are %j", (seats, text) => {
    expect(encodeRanges(seats)).toBe(text);
    expect([...seatsOf(text)]).toEqual(seats);
    expect(countSeats(text)).toBe(seats.length);
  });

  it("say every set of twelve seats, each with a text of its own", () => {
    const texts = new Set<string>();
    for (let bits = 0; bits < 1 << 13; bits += 2) {
      const seats = seatsOfBits(bits);
      const text = encodeRanges(seats);
      expect([...seatsOf(text)]).toEqual(seats);
      texts.add(text);
    }
    expect(texts.size).toBe(1 << 12);
  });

  it("are read only where every seat is there once, in order", () => {
    let taken = 0;
    for (const text of textsOf(["0", "1", "2", "3", "-", ","], 6)) {
      const ranges = parseRanges(text);
      if (ranges === null) continue;
      expect(joinRanges(ranges)).toBe(encodeRanges(seatsOf(text)));
      taken += 1;
    }
    expect(taken).toBeGreaterThan(1_000);
  });

  it.each([
    "0",
    "01",
    "-1",
    "1-",
    "1-2-3",
    ",1",
    "1,",
    "1,,3",
    "1, 3",
    " 1",
    "1\n",
    "2-1",
    "1,1",
    "1-3,2",
    "3,1",
    "12345678",
    "1.5",
    "1e3",
    "+1",
    "١",
  ])("are not %j", (text) => {
    expect(parseRanges(text)).toBeNull();
    expect(() => [...seatsOf(text)]).toThrow("ranges are checked where they come from");
    expect(() => countSeats(text)).toThrow("ranges are checked where they come from");
  });

  it.each([
    ["1,2", "1-2"],
    ["1-2,3-4,5", "1-5"],
    ["5-5,7-7", "5,7"],
  ])("are read from %j, which is written %j", (text, tidy) => {
    expect(encodeRanges(seatsOf(text))).toBe(tidy);
  });

  it("are not written of seats that do not ascend", () => {
    for (const seats of [[2, 1], [1, 1], [0]]) {
      expect(() => encodeRanges(seats)).toThrow("ascending order");
    }
  });

  it("are read however long they are", () => {
    const seats = Array.from({ length: 500_000 }, (_, index) => 2 * index + 1);
    const text = encodeRanges(seats);
    expect(parseRanges(text)).toHaveLength(seats.length);
    expect(countSeats(text)).toBe(seats.length);
  });

  it(`are joined to the ranges of all their seats, in any order (seed ${seed})`, () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 2_000; round++) {
      const ranges = Array.from({ length: random.int(0, 8) }, () => {
        const first = random.int(1, 40);
        return { first, last: first + random.int(0, random.pick([0, 2, 20])) };
      });
      const seats = new Set<number>();
      for (const { first, last } of ranges) {
        for (let seat = first; seat <= last; seat++) seats.add(seat);
      }
      expect(joinRanges(ranges)).toBe(encodeRanges([...seats].sort((a, b) => a - b)));
    }
  });
});
