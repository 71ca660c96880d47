/** Against the plainest set there is. Planted faults: a count that takes the seat itself along, a lost last word. */
import { describe, expect, it } from "vitest";

import { buildRandom, seedOfRun } from "../../testing/random.ts";
import { SeatFlags } from "./seat-flags.ts";

const seed = seedOfRun();

describe(`flags of seats (SEED=${seed})`, () => {
  it.each([1, 31, 32, 33, 63, 64, 1_000])("of %i seats are what was set", (size) => {
    const random = buildRandom(seed);
    const flags = new SeatFlags(size);
    const naive = new Set<number>();
    for (let round = 0; round < 3 * size; round++) {
      const seat = random.int(1, size);
      const flag = random.chance(0.6);
      expect(flags.set(seat, flag)).toBe(naive.has(seat) !== flag);
      if (flag) naive.add(seat);
      else naive.delete(seat);
    }
    const sorted = [...naive].sort((a, b) => a - b);
    expect([...flags]).toEqual(sorted);
    for (let seat = 1; seat <= size; seat++) {
      expect(flags.has(seat)).toBe(naive.has(seat));
      expect(flags.countBefore(seat)).toBe(sorted.filter((it) => it < seat).length);
    }
    const copy = flags.clone();
    copy.set(1, !flags.has(1));
    expect(copy.has(1)).toBe(!flags.has(1));
  });

  it("know no seat that is not there", () => {
    const flags = new SeatFlags(10);
    for (const seat of [0, 11, -1]) expect(() => flags.set(seat, true)).toThrow("is in 1…10");
  });
});
