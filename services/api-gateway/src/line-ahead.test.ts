/**
 * What a gateway knows of the lines ahead. Planted faults: what is decided is never forgotten, a message that
 * comes twice counts twice, one that is behind its turn goes to the end, a winner's seats stay named.
 */
import { describe, expect, it } from "vitest";

import { encodeRequest } from "@seatline/shared/contract/request.ts";
import type { Want } from "@seatline/shared/core/model.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { requestBook, requestConfirm, requestShow } from "@seatline/shared/testing/requests.ts";

import { LineAhead, filterOf } from "./line-ahead.ts";
import { Series } from "./series.ts";

const show = requestShow();
const other = requestShow();
const at = (offset: number) => ({ partition: 0, offset });

function buildAhead(...wants: readonly Want[]): LineAhead {
  const ahead = new LineAhead();
  for (const [offset, want] of wants.entries()) {
    ahead.receive(0, offset, encodeRequest(requestBook(show.showId, want)));
  }
  return ahead;
}

describe("what is asked for ahead of a place", () => {
  it("is what stands before it, of the same show, until it is decided", () => {
    const ahead = buildAhead({ count: 2 }, { together: [3, 1] }, { count: 5 });
    ahead.receive(0, 3, encodeRequest(requestBook(other.showId, { count: 7 })));
    const wanted = (offset: number) => ahead.look(at(offset), show.showId).wanted;
    expect([0, 1, 2, 3, 9].map(wanted)).toEqual([0, 2, 6, 11, 11]);
    expect(ahead.look(at(9), other.showId).wanted).toBe(7);
    ahead.trim(0, 2);
    expect([2, 3].map(wanted)).toEqual([0, 5]);
    ahead.trim(0, 4);
    expect(wanted(9)).toBe(0);
    expect(ahead.look({ partition: 1, offset: 9 }, show.showId).wanted).toBe(0);
  });

  it("counts a message once, in its turn, whoever brings it first", () => {
    const ahead = new LineAhead();
    const wants = [{ count: 4 }];
    ahead.note(at(2), { showId: show.showId, wants });
    ahead.receive(0, 0, encodeRequest(requestBook(show.showId, { count: 1 })));
    ahead.receive(0, 2, encodeRequest({ ...requestBook(show.showId, { count: 4 }), wants }));
    ahead.receive(0, 1, encodeRequest(requestBook(show.showId, { count: 2 })));
    const wanted = [0, 1, 2, 3].map((offset) => ahead.look(at(offset), show.showId).wanted);
    expect(wanted).toEqual([0, 1, 3, 7]);
    expect(ahead.find(at(2))).toEqual({ offset: 2, showId: show.showId, wants });
    ahead.trim(0, 3);
    ahead.note(at(1), { showId: show.showId, wants });
    expect(ahead.find(at(1))).toBeNull();
  });

  it("leaves out what is no book request", () => {
    const ahead = new LineAhead();
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
      ahead.look(at(offset), show.showId).namedBy([seat]);
    expect([namedBy(1, 1), namedBy(0, 1), namedBy(9, 4)]).toEqual(["winner", "nobody", "nobody"]);
    // The second loses seat 2 to the first, so seat 3 goes to the third.
    expect([namedBy(2, 3), namedBy(3, 3)]).toEqual(["loser", "winner"]);
    expect(ahead.look(at(9), show.showId).named).toBe(3);
    ahead.trim(0, 1);
    // Who has these seats now, the seat map says.
    expect([namedBy(9, 1), namedBy(9, 2), namedBy(9, 3)]).toEqual(["nobody", "nobody", "winner"]);
  });

  it("is counted by what narrows the wants", () => {
    const balcony = { sections: ["Balcony"] };
    const ahead = buildAhead({ count: 1 }, { count: 2, ...balcony }, { together: [3], ...balcony });
    expect([...ahead.look(at(9), show.showId).anywhere]).toEqual([
      ["", 1],
      [filterOf({ count: 1, ...balcony }), 5],
    ]);
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
