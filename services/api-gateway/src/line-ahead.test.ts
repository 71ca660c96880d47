/**
 * What a gateway knows of the lines ahead. Planted faults: what is decided is never forgotten, a message that
 * comes twice counts twice, one that is behind its turn goes to the end, a winner's seats stay named, or those
 * of a lower rung do; who is certain to be refused counts; accessible seats count as all others; a request is
 * as young as the look at it; nothing is forgotten however much it is, and every way to narrow a want is told apart.
 */
import { describe, expect, it } from "vitest";

import { encodeRequest } from "@seatline/shared/contract/request.ts";
import type { Want } from "@seatline/shared/core/model.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { requestBook, requestConfirm, requestShow } from "@seatline/shared/testing/requests.ts";

import { LineAhead } from "./line-ahead.ts";
import type { Sight } from "./line-ahead.ts";
import { Series } from "./series.ts";

const show = requestShow();
const other = requestShow();
const at = (offset: number) => ({ partition: 0, offset });

/** A show of which everything is free, and nothing accessible. */
const SIGHT: Sight = { choose: ({ wants: [want] }) => want ?? null, poolOf: () => "general" };

function buildAhead(...wants: readonly Want[]): LineAhead {
  const ahead = new LineAhead(() => 7);
  for (const [offset, want] of wants.entries()) {
    ahead.receive(0, offset, encodeRequest(requestBook(show.showId, want)));
  }
  return ahead;
}

describe("what is asked for ahead of a place", () => {
  it("is what stands before it, of the same show, until it is decided", () => {
    const ahead = buildAhead({ count: 2 }, { together: [3, 1] }, { count: 5 });
    ahead.receive(0, 3, encodeRequest(requestBook(other.showId, { count: 7 })));
    const wanted = (offset: number) => ahead.look(at(offset), show.showId, SIGHT).wanted;
    expect([0, 1, 2, 3, 9].map(wanted)).toEqual([0, 2, 6, 11, 11]);
    expect(ahead.look(at(9), other.showId, SIGHT).wanted).toBe(7);
    ahead.trim(0, 2);
    expect([2, 3].map(wanted)).toEqual([0, 5]);
    ahead.trim(0, 4);
    expect(wanted(9)).toBe(0);
    expect(ahead.look({ partition: 1, offset: 9 }, show.showId, SIGHT).wanted).toBe(0);
  });

  it("counts a message once, in its turn, whoever brings it first", () => {
    const ahead = new LineAhead(() => 7);
    const wants = [{ count: 4 }];
    ahead.note(at(2), { showId: show.showId, wants });
    ahead.receive(0, 0, encodeRequest(requestBook(show.showId, { count: 1 })));
    ahead.receive(0, 2, encodeRequest({ ...requestBook(show.showId, { count: 4 }), wants }));
    ahead.receive(0, 1, encodeRequest(requestBook(show.showId, { count: 2 })));
    const wanted = [0, 1, 2, 3].map((offset) => ahead.look(at(offset), show.showId, SIGHT).wanted);
    expect(wanted).toEqual([0, 1, 3, 7]);
    expect(ahead.find(at(2))).toEqual({ offset: 2, showId: show.showId, wants, seenAt: 7 });
    ahead.trim(0, 3);
    ahead.note(at(1), { showId: show.showId, wants });
    expect(ahead.find(at(1))).toBeNull();
  });

  it("forgets the first in a line where all together take too much memory", () => {
    const ahead = new LineAhead(() => 7, 10_000);
    const seats = Array.from({ length: 50 }, (_, index) => index + 1);
    for (let offset = 0; offset < 100; offset++) {
      ahead.receive(0, offset, encodeRequest(requestBook(show.showId, { seats })));
    }
    const known = Array.from({ length: 100 }, (_, offset) => ahead.find(at(offset)) !== null);
    expect(known.indexOf(true)).toBeGreaterThan(80);
    expect(known.slice(known.indexOf(true)).every(Boolean)).toBe(true);
    const { wanted } = ahead.look(at(100), show.showId, SIGHT);
    expect(wanted).toBe(50 * known.filter(Boolean).length);
    ahead.trim(0, 100);
    ahead.receive(1, 0, encodeRequest(requestBook(show.showId, { count: 1 })));
    ahead.receive(1, 1, encodeRequest(requestBook(show.showId, { count: 1 })));
    expect(ahead.find({ partition: 1, offset: 0 }), "what is decided takes none").not.toBeNull();
  });

  it("tells apart a bounded number of ways to narrow a want, and counts the others as anywhere", () => {
    const prices = Array.from({ length: 200 }, (_, priceMax) => priceMax);
    const ahead = buildAhead(
      ...prices.map((priceMax) => ({ count: 1, priceMax })),
      ...prices.map((priceMax) => ({ count: 1, priceMax, accessible: true as const })),
    );
    const { wanted, anywhere } = ahead.look(at(400), show.showId, SIGHT);
    expect([wanted, anywhere.length]).toEqual([400, 66]);
    expect(anywhere.slice(-2).map(({ filter }) => filter)).toEqual([{}, { accessible: true }]);
    expect(anywhere.slice(-2).map(({ places }) => places)).toEqual([136, 200]);
  });

  it("leaves out what is no book request", () => {
    const ahead = new LineAhead(() => 7);
    ahead.receive(0, 0, "{");
    ahead.receive(
      0,
      1,
      encodeRequest(requestConfirm(requestBook(show.showId, { count: 1 }).requestId)),
    );
    ahead.receive(0, 2, encodeRequest(requestShow()));
    expect([0, 1, 2].map((offset) => ahead.find(at(offset)))).toEqual([null, null, null]);
  });

  it("tells who names a seat, and whether they will get it", () => {
    const ahead = buildAhead({ seats: [1, 2] }, { seats: [2, 3] }, { seats: [3] });
    const namedBy = (offset: number, seat: number) =>
      ahead.look(at(offset), show.showId, SIGHT).namedBy([seat]);
    expect([namedBy(1, 1), namedBy(0, 1), namedBy(9, 4)]).toEqual(["winner", "nobody", "nobody"]);
    // The second loses seat 2 to the first, so seat 3 goes to the third.
    expect([namedBy(2, 3), namedBy(3, 3)]).toEqual(["loser", "winner"]);
    expect(ahead.look(at(9), show.showId, SIGHT).named).toEqual({ general: 3, accessible: 0 });
    ahead.trim(0, 1);
    // Who has these seats now, the seat map says.
    expect([namedBy(9, 1), namedBy(9, 2), namedBy(9, 3)]).toEqual(["nobody", "nobody", "winner"]);
  });

  it("is counted by what narrows the wants", () => {
    const balcony = { sections: ["Balcony"] };
    const accessible = { accessible: true } as const;
    const ahead = buildAhead(
      { count: 1 },
      { count: 2, ...balcony },
      { together: [3], ...balcony },
      { count: 4, ...balcony, ...accessible },
      { count: 6, ...accessible },
    );
    const found = ahead.look(at(9), show.showId, SIGHT).anywhere;
    expect(found.map(({ filter, places }) => [filter, places])).toMatchObject([
      [{}, 1],
      [balcony, 5],
      [{ ...balcony, ...accessible }, 4],
      [accessible, 6],
    ]);
  });

  it("leaves out who is certain to be refused, and looks at each request once", () => {
    const ahead = new LineAhead(() => 7);
    const asked: number[] = [];
    const sight: Sight = {
      choose: ({ offset, wants }) => {
        asked.push(offset);
        return wants.find((want) => "seats" in want && want.seats[0] !== 1) ?? null;
      },
      poolOf: (seat) => (seat > 5 ? "accessible" : "general"),
    };
    const look = () => ahead.look(at(9), show.showId, sight);
    const receive = (offset: number, ...wants: readonly Want[]) => {
      const request = { ...requestBook(show.showId, { count: 1 }), wants };
      ahead.receive(0, offset, encodeRequest(request));
    };
    receive(0, { seats: [1, 2] });
    receive(1, { seats: [1, 2] }, { seats: [4, 5, 6] });
    receive(2, { seats: [2, 7] });
    const named = { general: 3, accessible: 2 };
    expect(look()).toMatchObject({ wanted: 6, named });
    expect([2, 4, 9].map((seat) => look().namedBy([seat]))).toEqual(["winner", "winner", "nobody"]);
    receive(3, { seats: [8] });
    expect(look()).toMatchObject({ wanted: 7, named: { ...named, accessible: 3 } });
    expect(asked).toEqual([0, 1, 2, 3]);
    receive(4, { seats: [3] });
    receive(5, { seats: [9] });
    ahead.trim(0, 5);
    expect(look()).toMatchObject({ wanted: 1, named: { general: 0, accessible: 1 } });
    expect([2, 3, 4].map((seat) => look().namedBy([seat]))).toEqual(["nobody", "nobody", "nobody"]);
    expect(asked).toEqual([0, 1, 2, 3, 5]);
  });

  it("leaves a look that comes late 10,000 requests to look at, however many came", () => {
    const ahead = new LineAhead(() => 7);
    const asked: number[] = [];
    const choose: Sight["choose"] = ({ offset }) => {
      asked.push(offset);
      return null;
    };
    for (let offset = 0; offset < 20_002; offset++) {
      ahead.note(at(offset), { showId: show.showId, wants: [{ count: 1 }] });
    }
    const { wanted, anywhere } = ahead.look(at(20_002), show.showId, { ...SIGHT, choose });
    expect(asked.length).toBeLessThanOrEqual(10_000);
    expect(wanted).toBe(20_002);
    expect(anywhere.map(({ places }) => places)).toEqual([20_002 - asked.length]);
  });

  it("tells when a request was heard of first, whoever brought it", () => {
    let now = 1;
    const ahead = new LineAhead(() => now);
    const wants = [{ count: 4 }];
    ahead.note(at(0), { showId: show.showId, wants });
    now = 2;
    ahead.receive(0, 0, encodeRequest(requestBook(show.showId, { count: 4 })));
    ahead.receive(0, 1, encodeRequest(requestBook(show.showId, { count: 4 })));
    now = 3;
    const seenAt = [0, 1, 2].map((offset) => ahead.look(at(offset), show.showId, SIGHT).seenAt);
    expect(seenAt).toEqual([1, 2, 3]);
  });
});

const seed = seedOfRun();

it(`a series is what a plain list is (SEED=${seed})`, () => {
  const random = buildRandom(seed);
  for (let round = 0; round < 100; round++) {
    const series = new Series();
    const naive = new Map<number, number>();
    let next = 0;
    for (let step = 0; step < 60; step++) {
      const offset = next + random.int(0, 40);
      const isNew = !naive.has(offset) && random.chance(0.8);
      if (isNew) series.add(offset, (offset % 5) + 1);
      if (isNew) naive.set(offset, (offset % 5) + 1);
      if (random.chance(0.1)) next += random.int(0, 10);
      series.trim(next);
      const asked = next + random.int(0, 45);
      const sum = [...naive].reduce(
        (total, [it, figure]) => total + (it >= next && it < asked ? figure : 0),
        0,
      );
      expect({ seed, sum: series.sumBefore(asked) }).toEqual({ seed, sum });
    }
    expect(series.isEmpty).toBe([...naive.keys()].every((offset) => offset < next));
  }
});
