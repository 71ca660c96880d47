/**
 * The heap against a plain list. Planted fault it has caught: a `due` that forgets one child. It has
 * also found one for real: a copy of a very large queue that overflowed the stack.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { HoldQueue } from "./hold-queue.ts";

const FOREVER = Number.POSITIVE_INFINITY;
const SIZES = [0, 1, 2, 3, 31, 32, 33, 1023, 1024, 1025, 32_768];
const seed = seedOfRun();

type Hold = { readonly bookingId: string; readonly expiresAt: number };

function buildHolds(size: number, random: Random): Hold[] {
  // Fewer times than holds, so that many end in the same millisecond.
  return Array.from({ length: size }, (_, index) => ({
    bookingId: `b${index}`,
    expiresAt: random.int(1, Math.ceil(size / 2)),
  }));
}

function buildQueue(holds: readonly Hold[]): HoldQueue {
  const queue = new HoldQueue();
  for (const hold of holds) queue.push(hold);
  return queue;
}

function dueIn(holds: readonly Hold[], time: number): string[] {
  return holds
    .filter(({ expiresAt }) => expiresAt <= time)
    .map(({ bookingId }) => bookingId)
    .sort();
}

describe.each(SIZES)("a queue of %i holds", (size) => {
  it(`tells all that are due, and no other (seed ${seed})`, () => {
    const random = buildRandom(seed + size);
    const holds = buildHolds(size, random);
    const queue = buildQueue(holds);
    // Asking changes nothing, so the order in which the times are asked does not matter.
    const times = [FOREVER, 0, 1, random.int(0, size), Math.ceil(size / 2), FOREVER];
    for (const time of times) expect(queue.due(time).sort()).toEqual(dueIn(holds, time));
  });

  it(`keeps every live hold when it is trimmed, and no dead one before them (seed ${seed})`, () => {
    const random = buildRandom(seed + size);
    const holds = buildHolds(size, random);
    const queue = buildQueue(holds);
    for (const deadShare of [0.1, 0.5, 0.9, 0.999]) {
      const live = holds.filter(() => !random.chance(deadShare));
      const liveIds = new Set(live.map(({ bookingId }) => bookingId));
      const copy = queue.clone();
      copy.trim((bookingId) => liveIds.has(bookingId));
      const kept = copy.due(FOREVER).filter((bookingId) => liveIds.has(bookingId));
      expect(kept.sort()).toEqual(dueIn(live, FOREVER));
      const first = live.reduce((min, { expiresAt }) => Math.min(min, expiresAt), FOREVER);
      expect(copy.due(first - 1)).toEqual([]);
    }
  });

  it("is empty when everything in it is dead", () => {
    const queue = buildQueue(buildHolds(size, buildRandom(seed)));
    queue.trim(() => false);
    expect(queue.due(FOREVER)).toEqual([]);
    queue.push({ bookingId: "new", expiresAt: 5 });
    expect([queue.due(4), queue.due(5)]).toEqual([[], ["new"]]);
  });
});

it(`stays in order while holds come and go (seed ${seed})`, () => {
  const random = buildRandom(seed);
  const queue = new HoldQueue();
  let live: Hold[] = [];
  for (let round = 0; round < 3_000; round++) {
    const hold = { bookingId: `b${round}`, expiresAt: round + random.int(1, 200) };
    queue.push(hold);
    live.push(hold);
    if (random.chance(0.5)) live = live.filter(() => random.chance(0.9));
    const isLive = new Set(live.map(({ bookingId }) => bookingId));
    queue.trim((bookingId) => isLive.has(bookingId));
    const due = queue.due(round).filter((bookingId) => isLive.has(bookingId));
    expect(due.sort()).toEqual(dueIn(live, round));
  }
});

it("a hold that was extended is due at each of its times, and trimmed by its time", () => {
  const queue = buildQueue([
    { bookingId: "a", expiresAt: 10 },
    { bookingId: "a", expiresAt: 20 },
  ]);
  expect(queue.due(20)).toEqual(["a", "a"]);
  queue.trim((_, expiresAt) => expiresAt === 20);
  expect([queue.due(19), queue.due(20)]).toEqual([[], ["a"]]);
});

it("a copy goes its own way, also of a million holds", () => {
  const queue = new HoldQueue();
  for (let index = 0; index < 1_000_000; index++) {
    queue.push({ bookingId: "b", expiresAt: index });
  }
  const copy = queue.clone();
  queue.trim(() => false);
  expect(queue.due(FOREVER)).toEqual([]);
  expect(copy.due(FOREVER)).toHaveLength(1_000_000);
});
