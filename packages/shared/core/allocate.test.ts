/**
 * Which places a booking gets: its wants in order, the first that fits, whole; a count anywhere is
 * the first free places in the layout's order, seated and standing alike.
 */
import { describe, expect, it } from "vitest";
import {
  at,
  book,
  cancel,
  createShow,
  decideLast,
  expire,
  play,
  tell,
} from "../testing/builders.ts";
import { HOLD_MS } from "../testing/builders.ts";
import { allocate } from "./allocate.ts";
import { buildPlainLayout } from "./layout.ts";
import type { Layout } from "./layout.ts";
import type { Want } from "./model.ts";

const FOUR = at(0, createShow({ layout: buildPlainLayout(4) }));

/** Seats 1–2 in the stalls, three places on the floor, seats 3–4 in the gallery, two in the bar. */
const HOUSE: Layout = {
  sections: [
    { kind: "seated", name: "Stalls", rows: [{ name: "A", seats: 2 }] },
    { kind: "standing", name: "Floor", capacity: 3 },
    {
      kind: "seated",
      name: "Gallery",
      rows: [
        { name: "B", seats: 1 },
        { name: "C", seats: 1 },
      ],
    },
    { kind: "standing", name: "Bar", capacity: 2 },
  ],
};
const MIXED = at(0, createShow({ layout: HOUSE }));

describe("wants are tried in order", () => {
  const seats12 = at(0, book("first", { seats: [1, 2] }));
  const cases: readonly { rule: string; wants: Want[]; gets: string }[] = [
    {
      rule: "the first that fits is taken",
      wants: [{ seats: [3] }, { seats: [4] }],
      gets: "PENDING seats 3",
    },
    {
      rule: "what is taken leads to the next",
      wants: [{ seats: [1] }, { seats: [4] }],
      gets: "PENDING seats 4",
    },
    {
      rule: "a want is taken whole or not at all",
      wants: [{ seats: [2, 3] }, { seats: [4] }],
      gets: "PENDING seats 4",
    },
    {
      rule: "too many leads to fewer",
      wants: [{ count: 3 }, { count: 2 }],
      gets: "PENDING seats 3 4",
    },
    {
      rule: "seats lead to a count",
      wants: [{ seats: [1, 2] }, { count: 1 }],
      gets: "PENDING seats 3",
    },
    {
      rule: "a count leads to seats",
      wants: [{ count: 4 }, { seats: [4, 3] }],
      gets: "PENDING seats 4 3",
    },
  ];

  it.each(cases)("$rule: $gets", ({ wants, gets }) => {
    const history = [FOUR, seats12, at(0, book("a", ...wants))];
    expect(tell(decideLast(history))).toEqual(["booking a", `a: new → ${gets}`]);
  });

  it("and the booking says which one it got", () => {
    const wants = [{ seats: [1] }, { count: 9 }, { count: 1 }];
    const { state } = play([FOUR, seats12, at(0, book("a", ...wants))]);
    expect(state.bookings.get("a")).toMatchObject({ want: 2, wants, seats: [3] });
  });

  it("and a booking without a want is a mistake of ours", () => {
    const show = play([FOUR]).state.shows.get("show");
    expect(() => show && allocate(show, [])).toThrow("at least one");
  });
});

describe("seats that are asked for", () => {
  it("are given in the order in which they were asked for", () => {
    expect(tell(decideLast([FOUR, at(0, book("a", { seats: [4, 1] }))])).at(-1)).toBe(
      "a: new → PENDING seats 4 1",
    );
  });

  it("are refused with the names of those that are taken, and of no other", () => {
    const history = [
      FOUR,
      at(0, book("a", { seats: [2, 4] })),
      at(0, book("b", { seats: [4, 3, 2] })),
    ];
    expect(decideLast(history).outcome).toMatchObject({ facts: { seats: [4, 2] } });
  });
});

describe("a count anywhere", () => {
  it("takes the first free seats, around those that are taken", () => {
    const history = [FOUR, at(0, book("a", { seats: [2] })), at(0, book("b", { count: 2 }))];
    expect(tell(decideLast(history)).at(-1)).toBe("b: new → PENDING seats 1 3");
  });

  it("takes the very last seat, and then there is none", () => {
    const history = [FOUR, at(0, book("a", { count: 3 })), at(0, book("b", { count: 1 }))];
    expect(tell(decideLast(history)).at(-1)).toBe("b: new → PENDING seats 4");
    expect(decideLast([...history, at(0, book("c", { count: 1 }))]).outcome).toMatchObject({
      reason: "not-enough-seats",
      facts: { free: 0, held: 4 },
    });
  });

  it("takes first what was given back, as that comes first in the layout", () => {
    const given = [FOUR, at(0, book("a", { count: 2 })), at(0, book("b", { count: 1 }))];
    const history = [...given, at(1, cancel("a")), at(2, book("c", { count: 3 }))];
    expect(tell(decideLast(history)).at(-1)).toBe("c: new → PENDING seats 1 2 4");
  });
});

describe("standing places", () => {
  it.each([
    { count: 2, gets: "seats 1 2" },
    { count: 4, gets: "seats 1 2 standing 1×2" },
    { count: 6, gets: "seats 1 2 3 standing 1×3" },
    { count: 9, gets: "seats 1 2 3 4 standing 1×3 standing 3×2" },
  ])("are counted section by section, in the layout's order: $count get $gets", (row) => {
    const history = [MIXED, at(0, book("a", { count: row.count }))];
    expect(tell(decideLast(history)).at(-1)).toBe(`a: new → PENDING ${row.gets}`);
  });

  it("are used up before the next section is", () => {
    const history = [MIXED, at(0, book("a", { count: 3 })), at(0, book("b", { count: 4 }))];
    expect(tell(decideLast(history)).at(-1)).toBe("b: new → PENDING seats 3 4 standing 1×2");
  });

  it("are refused when places of every kind together are too few", () => {
    const history = [MIXED, at(0, book("a", { count: 4 })), at(0, book("b", { count: 6 }))];
    expect(decideLast(history).outcome).toMatchObject({
      reason: "not-enough-seats",
      facts: { free: 5, held: 4 },
    });
  });

  it.each([
    { how: "a cancel", request: at(1, cancel("a")) },
    { how: "a lapse", request: at(HOLD_MS, expire("a")) },
  ])("come back by $how", ({ request }) => {
    const history = [MIXED, at(0, book("a", { count: 9 })), request];
    const again = [...history, at(HOLD_MS, book("b", { count: 9 }))];
    expect(tell(decideLast(again)).at(-1)).toContain("standing 1×3 standing 3×2");
  });

  it("are all there is in a show without seats", () => {
    const layout: Layout = { sections: [{ kind: "standing", name: "Field", capacity: 2 }] };
    const history = [at(0, createShow({ layout })), at(0, book("a", { count: 2 }))];
    expect(tell(decideLast(history)).at(-1)).toBe("a: new → PENDING standing 0×2");
    expect(tell(decideLast([...history, at(0, book("b", { seats: [1] }))]))[0]).toBe(
      "refused: seat-unknown, booking b",
    );
  });
});
