/**
 * What ends first, against a plain list: every short history of a small queue, then large ones by chance. Planted
 * faults these catch: a hole that is filled and does not rise, one that does not sink, a moved entry that stays where
 * it was, ties left to history, a deleted id that is still known, a copy that is not its own.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { assert } from "./assert.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import type { Deadline } from "./deadline-queue.ts";

const seed = seedOfRun();

function entry(id: string, at: number, offset = 0): Deadline {
  return { id, at, offset };
}

function buildQueue(entries: readonly Deadline[]): DeadlineQueue {
  const queue = new DeadlineQueue();
  for (const one of entries) queue.set(one);
  return queue;
}

/** In the order in which the queue gives them out; `entries` sorts, and would hide a heap out of order. */
function drain(queue: DeadlineQueue): string[] {
  const ids: string[] = [];
  for (let first = queue.first(); first !== undefined; first = queue.first()) {
    ids.push(first.id);
    expect(queue.delete(first.id)).toBe(true);
  }
  return ids;
}

/** The rule itself: by time, then by place in the line, then by id. */
function inOrder(entries: Iterable<Deadline>): Deadline[] {
  return [...entries].sort((a, b) => {
    if (a.at !== b.at) return a.at - b.at;
    if (a.offset !== b.offset) return a.offset - b.offset;
    return a.id < b.id ? -1 : 1;
  });
}

function idsOf(entries: readonly Deadline[]): string[] {
  return entries.map(({ id }) => id);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, key: random.int(0, 1_000_000_000) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Where two long lists part, or -1; to print how a hundred thousand differ would take minutes. */
function whereTheyPart(ids: readonly string[], expected: readonly Deadline[]): number {
  if (ids.length !== expected.length) return Math.min(ids.length, expected.length);
  return ids.findIndex((id, index) => id !== expected[index]?.id);
}

function checkAgainst(queue: DeadlineQueue, plain: ReadonlyMap<string, Deadline>): void {
  const expected = inOrder(plain.values());
  expect(queue.size).toBe(plain.size);
  expect(queue.first()).toEqual(expected[0]);
  expect(queue.entries()).toEqual(expected);
  expect(drain(queue.clone())).toEqual(idsOf(expected));
}

function deleteFromBoth(queue: DeadlineQueue, plain: Map<string, Deadline>, id: string): void {
  assert(queue.delete(id) === plain.delete(id), `${id} is in both or in neither`);
}

describe("first comes", () => {
  it.each([
    { rule: "nobody where there is nothing", given: [], order: "" },
    { rule: "the earliest", given: [entry("a", 3), entry("b", 1), entry("c", 2)], order: "bca" },
    {
      rule: "of one time the lowest place",
      given: [entry("a", 1, 9), entry("b", 1, 8)],
      order: "ba",
    },
    {
      rule: "of one place the lowest id",
      given: [entry("b", 1, 7), entry("a", 1, 7)],
      order: "ab",
    },
    { rule: "the time before the place", given: [entry("a", 2, 1), entry("b", 1, 2)], order: "ba" },
    { rule: "the place before the id", given: [entry("a", 1, 2), entry("b", 1, 1)], order: "ba" },
    {
      rule: "what was moved ahead",
      given: [entry("a", 1), entry("b", 2), entry("b", 0)],
      order: "ba",
    },
    {
      rule: "what was not moved back",
      given: [entry("a", 1), entry("b", 2), entry("a", 3)],
      order: "ba",
    },
  ])("$rule", ({ given, order }) => {
    expect(drain(buildQueue(given)).join("")).toBe(order);
  });

  it("what is only looked at, and stays", () => {
    const queue = buildQueue([entry("a", 1)]);
    expect([queue.first(), queue.first(), queue.size]).toEqual([entry("a", 1), entry("a", 1), 1]);
  });
});

describe("an entry", () => {
  it("is known by its id from when it is set until it is deleted", () => {
    const queue = buildQueue([entry("a", 1, 5), entry("b", 2)]);
    expect(queue.get("a")).toEqual(entry("a", 1, 5));
    queue.set(entry("a", 3, 6));
    expect([queue.get("a"), queue.size]).toEqual([entry("a", 3, 6), 2]);
    expect([queue.delete("a"), queue.get("a"), queue.size]).toEqual([true, undefined, 1]);
    expect([queue.delete("a"), queue.delete("never"), queue.size]).toEqual([false, false, 1]);
    queue.set(entry("a", 0));
    expect(idsOf(queue.entries())).toEqual(["a", "b"]);
  });

  it("can be the only one, and leave", () => {
    const queue = buildQueue([entry("a", 1)]);
    expect([queue.delete("a"), queue.first(), queue.size]).toEqual([true, undefined, 0]);
  });
});

describe("a small queue", () => {
  type Act = (queue: DeadlineQueue, plain: Map<string, Deadline>) => void;
  const acts = ["a", "b", "c"].flatMap((id): Act[] => [
    (queue, plain) => deleteFromBoth(queue, plain, id),
    ...[1, 2].map((time): Act => (queue, plain) => {
      queue.set(entry(id, time));
      plain.set(id, entry(id, time));
    }),
  ]);

  function playAll(queue: DeadlineQueue, plain: Map<string, Deadline>, depth: number): number {
    checkAgainst(queue, plain);
    if (depth === 0) return 1;
    let histories = 0;
    for (const act of acts) {
      const [nextQueue, nextPlain] = [queue.clone(), new Map(plain)];
      act(nextQueue, nextPlain);
      histories += playAll(nextQueue, nextPlain, depth - 1);
    }
    return histories;
  }

  it("is right after every history of four acts", () => {
    expect(playAll(new DeadlineQueue(), new Map(), 4)).toBe(9 ** 4);
  });
});

describe(`by chance (SEED=${seed})`, () => {
  // Few times and few places, so that every kind of tie comes up.
  function anyEntry(random: Random, ids: number): Deadline {
    return entry(`b${random.int(1, ids)}`, random.int(1, ids), random.int(1, 3));
  }

  it.each([2, 5, 9, 20, 50])("sets, moves and deletes among %i", (ids) => {
    const random = buildRandom(seed + ids);
    for (let round = 0; round < 100; round++) {
      const [queue, plain] = [new DeadlineQueue(), new Map<string, Deadline>()];
      for (let act = 0; act < 3 * ids; act++) {
        const one = anyEntry(random, ids);
        if (random.chance(0.4)) {
          deleteFromBoth(queue, plain, one.id);
        } else {
          queue.set(one);
          plain.set(one.id, one);
        }
        expect(queue.get(one.id)).toEqual(plain.get(one.id));
        expect(queue.first()).toEqual(inOrder(plain.values())[0]);
      }
      checkAgainst(queue, plain);
    }
  });

  it("equal contents come out alike, whatever their history", () => {
    const random = buildRandom(seed);
    const contents = Array.from({ length: 200 }, (_, index) =>
      entry(`b${index}`, random.int(1, 9), random.int(1, 3)),
    );
    for (let round = 0; round < 50; round++) {
      const queue = buildQueue(shuffled(contents, random).map((one) => ({ ...one, at: 5 })));
      for (let extra = 0; extra < 20; extra++) queue.set(entry(`x${extra}`, random.int(1, 9)));
      for (const one of shuffled(contents, random)) queue.set(one);
      for (let extra = 0; extra < 20; extra++) queue.delete(`x${extra}`);
      expect(queue.entries()).toEqual(inOrder(contents));
      expect(drain(queue)).toEqual(idsOf(inOrder(contents)));
    }
  });

  it("holds a hundred thousand, of which a third is moved and a third leaves early", () => {
    const random = buildRandom(seed);
    const [queue, plain] = [new DeadlineQueue(), new Map<string, Deadline>()];
    for (let index = 0; index < 100_000; index++) {
      plain.set(`b${index}`, entry(`b${index}`, random.int(1, 30_000), index));
    }
    for (const one of plain.values()) queue.set(one);
    for (let index = 0; index < 100_000; index++) {
      const moved = entry(`b${index}`, random.int(1, 30_000), index);
      const fate = random.int(1, 3);
      if (fate === 1) queue.set(moved);
      if (fate === 1) plain.set(moved.id, moved);
      if (fate === 2) deleteFromBoth(queue, plain, moved.id);
    }
    const expected = inOrder(plain.values());
    expect(queue.size).toBe(plain.size);
    expect(whereTheyPart(idsOf(queue.entries()), expected)).toBe(-1);
    const drained: string[] = [];
    for (let first = queue.first(); first !== undefined; first = queue.first()) {
      drained.push(first.id);
      queue.delete(first.id);
    }
    expect(whereTheyPart(drained, expected)).toBe(-1);
  });
});

it("a copy goes its own way, and so does what it was copied from", () => {
  const queue = buildQueue([entry("a", 1), entry("b", 2), entry("c", 3)]);
  const copy = queue.clone();
  copy.delete("a");
  copy.set(entry("d", 0));
  queue.set(entry("c", 0));
  queue.delete("b");
  expect([queue.get("a"), queue.get("d"), copy.get("b")]).toEqual([
    entry("a", 1),
    undefined,
    entry("b", 2),
  ]);
  expect([drain(queue).join(""), drain(copy).join("")]).toEqual(["ca", "dbc"]);
});
