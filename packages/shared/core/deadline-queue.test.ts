/**
 * The queue against a plain sorted list. Planted faults that it catches: an entry that only rises when it is
 * moved, a position that is not noted when two change places, a last entry that is deleted and put back, an
 * order that forgets the place.
 */
import { describe, expect, it } from "vitest";

import { buildRandom, seedOfRun } from "../testing/random.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import type { Deadline } from "./deadline-queue.ts";

const seed = seedOfRun();

function sorted(entries: Iterable<Deadline>): Deadline[] {
  return [...entries].sort((a, b) => a.at - b.at || a.offset - b.offset || (a.id < b.id ? -1 : 1));
}

describe(`deadlines (SEED=${seed})`, () => {
  it("come in the order of their times, then of their places, then of their ids", () => {
    const queue = new DeadlineQueue();
    const entries = [
      { id: "d", at: 2, offset: 1 },
      { id: "c", at: 1, offset: 9 },
      { id: "b", at: 1, offset: 3 },
      { id: "a", at: 2, offset: 1 },
    ];
    for (const entry of entries) queue.set(entry);
    expect(queue.entries().map(({ id }) => id)).toEqual(["b", "c", "a", "d"]);
    expect(queue.first()?.id).toBe("b");
  });

  it("are what a sorted list is, whatever is set, moved and deleted", () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 200; round++) {
      const queue = new DeadlineQueue();
      const naive = new Map<string, Deadline>();
      for (let step = 0; step < 60; step++) {
        const id = `b${random.int(0, 20)}`;
        const isKnown = naive.has(id);
        const entry = { id, at: random.int(0, 8), offset: random.int(0, 3) };
        const isSet = random.chance(0.65);
        if (isSet) queue.set(entry);
        expect(isSet || queue.delete(id) === isKnown).toBe(true);
        if (isSet) naive.set(id, entry);
        else naive.delete(id);
        expect({ seed, first: queue.first() }).toEqual({ seed, first: sorted(naive.values())[0] });
        expect(queue.size).toBe(naive.size);
        expect(queue.get(id)).toEqual(naive.get(id));
      }
      expect(queue.entries()).toEqual(sorted(naive.values()));
      const copy = queue.clone();
      const { id = "" } = copy.first() ?? {};
      expect(copy.delete(id)).toBe(naive.has(id));
      expect(queue.size).toBe(naive.size);
    }
  });

  it("are emptied in order, however many there are", () => {
    const random = buildRandom(seed);
    const queue = new DeadlineQueue();
    for (let index = 0; index < 100_000; index++) {
      queue.set({ id: `b${index}`, at: random.int(0, 1_000_000), offset: index });
    }
    let before = -1;
    for (let first = queue.first(); first !== undefined; first = queue.first()) {
      if (first.at < before) throw new Error(`${first.at} after ${before}`);
      before = first.at;
      queue.delete(first.id);
    }
    expect(queue.size).toBe(0);
  });
});
