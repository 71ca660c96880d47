/**
 * Who is asked next when places come back, against a plain list: every answer in a small list, then large ones by
 * chance. Planted faults these catch: a kind that goes on after it was given up, one who is passed and ends its kind,
 * a served one whose follower is skipped, a kind that goes on out of turn, a walk that looks at all kinds each time, a
 * rank among its own kind only, a kind that stays when its last has left, a gap forgotten by who joins, leaves or
 * copies, and a front that moves everybody up.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { AssertionError, assert } from "./assert.ts";
import { WaitingList } from "./waiting-list.ts";
import type { Waiting } from "./kind-queue.ts";

const seed = seedOfRun();

type Answer = "giveUp" | "pass" | "take";

/** "a1 b2" is a list in which one of kind a waits at 1, and one of kind b at 2. */
function parseMembers(text: string): Waiting[] {
  return text
    .split(" ")
    .filter((id) => id !== "")
    .map((id) => ({ id, kind: id.slice(0, 1), offset: Number(id.slice(1)) }));
}

function buildList(members: readonly Waiting[]): WaitingList {
  const list = new WaitingList();
  for (const member of members) list.add(member);
  return list;
}

function anyAnswer(random: Random): Answer {
  return random.pick(["giveUp", "pass", "take"]);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, key: random.int(0, 1_000_000_000) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function inOrder(members: Iterable<Waiting>): Waiting[] {
  return [...members].sort((a, b) => a.offset - b.offset);
}

/** Walks through the whole list; who is taken leaves it. Returns whom it asked. */
function walkThrough(list: WaitingList, answer: (id: string) => Answer): string[] {
  const asked: string[] = [];
  const walk = list.walk();
  for (let id = walk.next(); id !== undefined; id = walk.next()) {
    asked.push(id);
    const said = answer(id);
    walk[said]();
    if (said === "take") list.delete(id);
  }
  return asked;
}

/** The rule itself: everybody in turn, but nobody whose kind was given up. */
function naiveWalk(members: readonly Waiting[], answer: (id: string) => Answer): string[] {
  const givenUp = new Set<string>();
  const asked: string[] = [];
  for (const { id, kind } of inOrder(members)) {
    if (givenUp.has(kind)) continue;
    asked.push(id);
    if (answer(id) === "giveUp") givenUp.add(kind);
  }
  return asked;
}

/** Where two long lists part, or -1; to print how a hundred thousand differ would take minutes. */
function whereTheyPart(ids: readonly string[], expected: readonly string[]): number {
  if (ids.length !== expected.length) return Math.min(ids.length, expected.length);
  return ids.findIndex((id, index) => id !== expected[index]);
}

function checkAgainst(list: WaitingList, plain: ReadonlyMap<string, Waiting>): void {
  const ordered = inOrder(plain.values());
  const kinds = new Set(ordered.map(({ kind }) => kind));
  expect([list.size, list.kinds]).toEqual([ordered.length, kinds.size]);
  expect([...list.ids()]).toEqual(ordered.map(({ id }) => id));
  for (const kind of ["a", "b", "c"]) expect(list.hasKind(kind)).toBe(kinds.has(kind));
  for (const [index, { id }] of ordered.entries()) expect(list.rankOf(id)).toBe(index + 1);
}

describe("a walk asks", () => {
  const all = "a1 b2 a3 b4 c5";
  it.each<{ rule: string; list: string; says: Record<string, Answer>; asked: string }>([
    { rule: "nobody where nobody waits", list: "", says: {}, asked: "" },
    { rule: "one of each kind where nothing fits", list: all, says: {}, asked: "a1 b2 c5" },
    {
      rule: "the next of a kind that passes",
      list: all,
      says: { a1: "pass" },
      asked: "a1 b2 a3 c5",
    },
    {
      rule: "the next of a kind that takes",
      list: all,
      says: { a1: "take" },
      asked: "a1 b2 a3 c5",
    },
    {
      rule: "everybody where all take",
      list: all,
      says: { a1: "take", b2: "take", a3: "take", b4: "take", c5: "take" },
      asked: all,
    },
    {
      rule: "everybody where all pass",
      list: all,
      says: { a1: "pass", b2: "pass", a3: "pass", b4: "pass", c5: "pass" },
      asked: all,
    },
    {
      rule: "whoever follows one who passed and one who took",
      list: "a1 a2 a3 a4",
      says: { a1: "pass", a2: "take", a3: "pass" },
      asked: "a1 a2 a3 a4",
    },
    {
      rule: "no more of a kind given up after some of it passed",
      list: "a1 a2 a3 b4",
      says: { a1: "pass" },
      asked: "a1 a2 b4",
    },
    {
      rule: "in the order of places, however they were added",
      list: "b4 a3 c5 a1",
      says: {},
      asked: "a1 b4 c5",
    },
  ])("$rule", ({ list, says, asked }) => {
    const walked = walkThrough(buildList(parseMembers(list)), (id) => says[id] ?? "giveUp");
    expect(walked.join(" ")).toBe(asked);
  });

  it.each(["before", "after"])("the same of a list that the taken leave %s it is said", (when) => {
    const list = buildList(parseMembers("a1 a2 a3"));
    const walk = list.walk();
    const asked: (string | undefined)[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const id = walk.next();
      asked.push(id);
      if (when === "before") list.delete(id ?? "");
      walk.take();
      if (when === "after") list.delete(id ?? "");
    }
    expect([asked, walk.next(), list.size]).toEqual([["a1", "a2", "a3"], undefined, 0]);
  });

  it("again, in the next walk, those who were given up in the last", () => {
    const list = buildList(parseMembers("a1 b2 a3"));
    for (let turn = 0; turn < 2; turn++) {
      expect(walkThrough(list, () => "giveUp")).toEqual(["a1", "b2"]);
    }
  });
});

describe("a mistake of ours is", () => {
  const members = parseMembers("a1 a2 b3");
  const cases: Record<string, (list: WaitingList) => void> = {
    "to add who waits already": (list) => list.add({ id: "a1", kind: "b", offset: 9 }),
    "to add another at the place of one of its kind": (list) =>
      list.add({ id: "x", kind: "a", offset: 2 }),
    "to answer before asking": (list) => list.walk().giveUp(),
    "to ask on without an answer": (list) => {
      const walk = list.walk();
      walk.next();
      walk.next();
    },
    "to answer twice": (list) => {
      const walk = list.walk();
      walk.next();
      walk.pass();
      walk.pass();
    },
    "to leave who was taken in the list": (list) => {
      const walk = list.walk();
      walk.next();
      walk.take();
      walk.next();
    },
  };

  it.each(Object.entries(cases))("%s", (_, act) => {
    const list = buildList(members);
    expect(() => act(list)).toThrow(AssertionError);
    checkAgainst(list, new Map(members.map((member) => [member.id, member])));
  });
});

describe("a list", () => {
  it("tells who waits, of how many kinds, and where", () => {
    const list = buildList(parseMembers("b2 a1 a3"));
    expect([list.size, list.kinds, list.has("a1"), list.has("x")]).toEqual([3, 2, true, false]);
    expect(["a1", "b2", "a3", "x"].map((id) => list.rankOf(id))).toEqual([1, 2, 3, null]);
    expect([list.delete("a1"), list.delete("a1"), list.delete("x")]).toEqual([true, false, false]);
    expect(["a1", "b2", "a3"].map((id) => list.rankOf(id))).toEqual([null, 1, 2]);
    list.delete("a3");
    expect([list.kinds, list.hasKind("a"), list.hasKind("b")]).toEqual([1, false, true]);
  });

  it("counts the different wants of all kinds", () => {
    const list = buildList([]);
    const add = (offset: number, kind: string) => list.add({ id: `w${offset}`, offset, kind });
    add(1, "a\nb");
    add(2, "b\nc\nb");
    add(3, "a\nb");
    expect(["a", "b\nc", "c\nd\nd"].map((kind) => list.countWantsWith(kind))).toEqual([3, 3, 4]);
    list.delete("w1");
    expect(list.countWantsWith("d")).toBe(4);
    list.delete("w3");
    expect([list.countWantsWith("d"), list.clone().countWantsWith("a")]).toEqual([3, 3]);
  });

  it("remembers on a walk for which wants there was nothing", () => {
    const list = buildList([
      { id: "w1", offset: 1, kind: "a\nb" },
      { id: "w2", offset: 2, kind: "b\na" },
    ]);
    const walk = list.walk();
    walk.next();
    walk.vain.add(1);
    expect([walk.vain.has(0), walk.vain.has(1)]).toEqual([false, true]);
    walk.giveUp();
    walk.next();
    expect([walk.vain.has(0), walk.vain.has(1)]).toEqual([true, false]);
    expect(() => walk.vain.has(2)).toThrow(AssertionError);
    walk.giveUp();
    expect(list.walk().vain.has).toThrow(AssertionError);
  });

  it("takes back who has left, at its old place", () => {
    const list = buildList(parseMembers("a1 a2 a3"));
    list.delete("a1");
    list.add({ id: "a1", kind: "a", offset: 1 });
    expect(list.ids()).toEqual(["a1", "a2", "a3"]);
  });

  it("and its copy go their own ways, also with a gap at the front", () => {
    const list = buildList(parseMembers("a1 a2 a3 b4"));
    list.delete("a1");
    const copy = list.clone();
    copy.delete("a2");
    copy.add({ id: "c5", kind: "c", offset: 5 });
    list.delete("b4");
    expect([list.ids().join(" "), copy.ids().join(" ")]).toEqual(["a2 a3", "a3 b4 c5"]);
    const walked = [list, copy].map((one) => walkThrough(one, () => "pass").join(" "));
    expect(walked).toEqual(["a2 a3", "a3 b4 c5"]);
    expect([list.kinds, copy.kinds]).toEqual([1, 3]);
  });
});

describe("a small list", () => {
  const members = parseMembers("a1 b2 a3 b4 a5");
  const answers: readonly Answer[] = ["giveUp", "pass", "take"];

  it("is walked rightly whatever is answered, whoever waits", () => {
    let walks = 0;
    for (let present = 0; present < 2 ** members.length; present++) {
      const waiting = members.filter((_, index) => ((present >> index) & 1) === 1);
      for (let script = 0; script < 3 ** members.length; script++) {
        const answer = (id: string) => {
          const index = members.findIndex((member) => member.id === id);
          return answers[Math.floor(script / 3 ** index) % 3] ?? "giveUp";
        };
        const list = buildList(waiting);
        const asked = walkThrough(list, answer);
        const left = waiting.filter(({ id }) => !asked.includes(id) || answer(id) !== "take");
        expect(asked).toEqual(naiveWalk(waiting, answer));
        expect(list.ids()).toEqual(left.map(({ id }) => id));
        walks += 1;
      }
    }
    expect(walks).toBe(2 ** 5 * 3 ** 5);
  });
});

describe(`by chance (SEED=${seed})`, () => {
  it.each([5, 40, 300])("comes, goes and is served at %i places", (places) => {
    const random = buildRandom(seed + places);
    for (let round = 0; round < 20; round++) {
      let list = new WaitingList();
      const plain = new Map<string, Waiting>();
      for (let act = 0; act < 2 * places; act++) {
        const offset = random.int(1, places);
        const id = `w${offset}`;
        if (random.chance(0.3)) assert(list.delete(id) === plain.delete(id), `${id} is in both`);
        else if (!plain.has(id)) {
          const member = { id, offset, kind: random.pick(["a", "b", "c"]) };
          list.add(member);
          plain.set(id, member);
        }
        if (random.chance(0.1)) list = list.clone();
      }
      checkAgainst(list, plain);
      const said = new Map([...plain.keys()].map((one) => [one, anyAnswer(random)]));
      const answer = (one: string) => said.get(one) ?? "giveUp";
      const asked = walkThrough(list, answer);
      expect(asked).toEqual(naiveWalk([...plain.values()], answer));
      for (const one of asked) if (answer(one) === "take") plain.delete(one);
      checkAgainst(list, plain);
    }
  });

  it("walks through a hundred thousand of a thousand kinds, added in any order", () => {
    const random = buildRandom(seed);
    const members = Array.from({ length: 100_000 }, (_, index) => ({
      id: `w${index}`,
      offset: index,
      kind: `k${random.int(1, 1_000)}`,
    }));
    const list = buildList(shuffled(members, random));
    const said = members.map(() => (random.chance(0.01) ? "giveUp" : anyAnswer(random)));
    const answer = (id: string) => said[Number(id.slice(1))] ?? "giveUp";
    const asked = walkThrough(list, answer);
    expect(whereTheyPart(asked, naiveWalk(members, answer))).toBe(-1);
    const taken = new Set(asked.filter((id) => answer(id) === "take"));
    const left = members.filter(({ id }) => !taken.has(id)).map(({ id }) => id);
    expect(whereTheyPart(list.ids(), left)).toBe(-1);
    for (let rank = 1; rank < left.length; rank += 997) {
      expect(list.rankOf(left[rank - 1] ?? "")).toBe(rank);
    }
  });
});

describe("what it costs", () => {
  /** Members that count how often somebody looks at their places. */
  function buildCounted(size: number, kinds: number) {
    const looks = { count: 0 };
    const members = Array.from({ length: size }, (_, index) => ({
      id: `w${index}`,
      kind: `k${index % kinds}`,
      get offset() {
        looks.count += 1;
        return index;
      },
    }));
    const list = buildList(members);
    looks.count = 0;
    return { list, looks };
  }

  it.each([
    { size: 100_000, kinds: 1 },
    { size: 100_000, kinds: 1_000 },
    { size: 20_000, kinds: 20_000 },
  ])("to give up $kinds kinds of $size grows with the kinds", ({ size, kinds }) => {
    const { list, looks } = buildCounted(size, kinds);
    expect(walkThrough(list, () => "giveUp")).toHaveLength(kinds);
    expect(looks.count).toBeLessThanOrEqual(4 * kinds * Math.log2(2 * kinds));
  });

  it("to tell a rank is a search in each kind", () => {
    const { list, looks } = buildCounted(100_000, 10);
    expect(list.rankOf("w77777")).toBe(77_778);
    expect(looks.count).toBeLessThanOrEqual(10 * Math.log2(100_000));
  });

  // If all others moved up each time, this would take longer than the five seconds that a test may.
  it("to serve half a million of one kind is no more than to serve each", () => {
    const list = new WaitingList();
    for (let offset = 0; offset < 500_000; offset++)
      list.add({ id: `w${offset}`, offset, kind: "a" });
    expect(walkThrough(list, () => "take")).toHaveLength(500_000);
    expect([list.size, list.kinds]).toEqual([0, 0]);
  });
});
