/**
 * The list against a plain sorted array, and its walk against a look at everybody. Planted faults that it
 * catches: a kind that is given up like a single member, a member that is passed with its whole kind, a rank
 * that counts only its own kind, a copy that shares its queues.
 */
import { describe, expect, it } from "vitest";

import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { WaitingList } from "./waiting-list.ts";
import type { Waiting } from "./waiting-list.ts";

const seed = seedOfRun();
const byOffset = (a: Waiting, b: Waiting) => a.offset - b.offset;

function buildList(...members: readonly [id: string, offset: number, kind: string][]): WaitingList {
  const list = new WaitingList();
  for (const [id, offset, kind] of members) list.add({ id, offset, kind });
  return list;
}

describe("who waits", () => {
  it("stands in the order of the places in the line, however they came", () => {
    const list = buildList(["c", 30, "pair"], ["a", 10, "pair"], ["b", 20, "one"]);
    expect(list.ids()).toEqual(["a", "b", "c"]);
    expect(["a", "b", "c", "d"].map((id) => list.rankOf(id))).toEqual([1, 2, 3, null]);
    expect([list.size, list.kinds, list.hasKind("pair"), list.hasKind("four")]).toEqual([
      3,
      2,
      true,
      false,
    ]);
  });

  it("is asked in order; a kind that is given up is not asked again in this walk", () => {
    const list = buildList(["a", 1, "pair"], ["b", 2, "one"], ["c", 3, "pair"], ["d", 4, "one"]);
    const walk = list.walk();
    expect(walk.next()).toBe("a");
    walk.giveUp();
    expect(walk.next()).toBe("b");
    walk.take();
    list.delete("b");
    expect(walk.next()).toBe("d");
    walk.pass();
    expect(walk.next()).toBeUndefined();
    expect(list.walk().next()).toBe("a");
  });

  it("is passed alone: the next of the same kind is still asked", () => {
    const walk = buildList(["a", 1, "one"], ["b", 2, "one"]).walk();
    expect(walk.next()).toBe("a");
    walk.pass();
    expect(walk.next()).toBe("b");
  });

  it("waits once", () => {
    const list = buildList(["a", 1, "one"]);
    expect(() => list.add({ id: "a", offset: 2, kind: "one" })).toThrow("does not wait yet");
    expect([list.delete("a"), list.delete("a")]).toEqual([true, false]);
    expect(list.kinds).toBe(0);
  });
});

/** What a walk does of those who wait, decided beforehand for each. */
type Fate = "give up" | "pass" | "take";

function walkNaively(members: readonly Waiting[], fateOf: (member: Waiting) => Fate): string[] {
  const asked: string[] = [];
  const gone = new Set<string>();
  for (const member of [...members].sort(byOffset)) {
    if (gone.has(member.kind)) continue;
    asked.push(member.id);
    if (fateOf(member) === "give up") gone.add(member.kind);
  }
  return asked;
}

/** Some who came and some who left again, in any order. */
function buildRandomList(random: Random) {
  const list = new WaitingList();
  const naive = new Map<string, Waiting>();
  for (let step = 0; step < 50; step++) {
    const id = `b${random.int(0, 25)}`;
    const isKnown = naive.delete(id);
    if (isKnown !== list.delete(id)) throw new Error(`${id} waits, and is not in the list`);
    if (isKnown) continue;
    // A reload brings them in any order.
    const offset = random.chance(0.5) ? 1_000 + step : 1_000 - step;
    const member = { id, offset, kind: random.pick(["one", "pair", "four"]) };
    list.add(member);
    naive.set(id, member);
  }
  return { list, naive };
}

describe(`a list of many (SEED=${seed})`, () => {
  it("is what a sorted array is, and its walk asks whom a look at everybody would", () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 150; round++) {
      const { list, naive } = buildRandomList(random);
      const members = [...naive.values()].sort(byOffset);
      expect({ seed, ids: list.ids() }).toEqual({ seed, ids: members.map(({ id }) => id) });
      for (const [index, { id }] of members.entries()) expect(list.rankOf(id)).toBe(index + 1);
      const fates = new Map(
        members.map(({ id }) => [id, random.pick<Fate>(["give up", "pass", "take", "take"])]),
      );
      const copy = list.clone();
      const asked: string[] = [];
      const walk = list.walk();
      for (let id = walk.next(); id !== undefined; id = walk.next()) {
        asked.push(id);
        const fate = fates.get(id);
        if (fate === "give up") walk.giveUp();
        else if (fate === "pass") walk.pass();
        else {
          walk.take();
          list.delete(id);
        }
      }
      expect(asked).toEqual(walkNaively(members, ({ id }) => fates.get(id) ?? "pass"));
      expect(members.map(({ id }) => copy.rankOf(id))).toEqual(members.map((_, it) => it + 1));
    }
  });

  it("is asked for one of each kind only, if nothing fits", () => {
    const list = new WaitingList();
    for (let index = 0; index < 100_000; index++) {
      list.add({ id: `b${index}`, offset: index, kind: `kind ${index % 1_000}` });
    }
    const walk = list.walk();
    let asked = 0;
    for (; walk.next() !== undefined; asked++) walk.giveUp();
    expect(asked).toBe(1_000);
  });
});
