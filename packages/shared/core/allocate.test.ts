/**
 * Which places a booking gets: its wants in order, the first that fits, whole; a count is the first free places
 * in the layout's order, seats and standing places alike; a want may be narrowed by section, price and need.
 * Planted faults these catch: a highest price that excludes itself, accessible or blocked seats for everybody.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  bookAs,
  cancel,
  changeShow,
  confirm,
  createShow,
  decideLast,
  expire,
  layoutOf,
  play,
  seated,
  standing,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { allocate } from "./allocate.ts";
import { buildPlainLayout } from "./seats/layout.ts";
import type { Want } from "./model.ts";

const FOUR = at(0, createShow({ layout: buildPlainLayout(4) }));

/** Seats 1–2 at 900, three on the floor at 300, seats 3–6 in two rows at 500, two at the bar at 200. */
const HOUSE = layoutOf(
  [
    seated("Stalls", "A", { seatsPerRow: 2, price: 900 }),
    standing("Floor", 3, 300),
    seated("Gallery", "B-C", { seatsPerRow: 2, price: 500 }),
    standing("Bar", 2, 200),
  ],
  { currency: "EUR", accessible: "3-4" },
);
const MIXED = at(0, createShow({ layout: HOUSE }));

function gets(history: readonly Timed[]): string {
  return tell(decideLast(history)).at(-1) ?? "";
}

describe("wants are tried in order", () => {
  const seats12 = at(0, book("first", { seats: [1, 2] }));
  const cases: readonly { rule: string; wants: Want[]; gets: string }[] = [
    {
      rule: "the first that fits is taken",
      wants: [{ seats: [3] }, { seats: [4] }],
      gets: "seats 3",
    },
    {
      rule: "what is taken leads to the next",
      wants: [{ seats: [1] }, { seats: [4] }],
      gets: "seats 4",
    },
    {
      rule: "a want is whole or not at all",
      wants: [{ seats: [2, 3] }, { seats: [4] }],
      gets: "seats 4",
    },
    { rule: "too many leads to fewer", wants: [{ count: 3 }, { count: 2 }], gets: "seats 3 4" },
    { rule: "seats lead to a count", wants: [{ seats: [1, 2] }, { count: 1 }], gets: "seats 3" },
    { rule: "a count leads to seats", wants: [{ count: 4 }, { seats: [4, 3] }], gets: "seats 4 3" },
    {
      rule: "apart leads to together",
      wants: [{ count: 3 }, { together: [2] }],
      gets: "seats 3 4",
    },
  ];

  it.each(cases)("$rule: $gets", ({ wants, gets: told }) => {
    expect(gets([FOUR, seats12, at(0, book("a", ...wants))])).toBe(`a: new → PENDING ${told}`);
  });

  it("and the booking says which one it got", () => {
    const wants = [{ seats: [1] }, { count: 9 }, { count: 1 }];
    const { state } = play([FOUR, seats12, at(0, book("a", ...wants))]);
    expect(state.bookings.get("a")).toMatchObject({ want: 2, wants, seats: [3] });
  });

  it.each([
    { has: 1, wants: [{ count: 5 }, { seats: [1] }], isOwn: false, why: "nobody may have so many" },
    { has: 1, wants: [{ count: 4 }, { seats: [1] }], isOwn: true, why: "another could have" },
    { has: 0, wants: [{ count: 4 }, { seats: [1] }], isOwn: false, why: "there are not so many" },
  ])("and what has nothing tells whether another customer might: $why", ({ has, wants, isOwn }) => {
    const rules = { seatsPerCustomerMax: 4 };
    const show = at(0, createShow({ layout: buildPlainLayout(4), rules }));
    const first = at(0, bookAs({ customer: "other" }, "first", { seats: [1] }));
    const own = at(0, bookAs({ customer: "c" }, "own", { seats: [2] }));
    const { state } = play(has === 0 ? [show, first] : [show, first, own]);
    const ask = { wants, customer: "c", isHold: true, byStaff: false, vain: new Set<number>() };
    const known = state.shows.get("show");
    expect(known && allocate(known, ask)).toMatchObject({ reason: "seats-taken", isOwn });
    expect([...ask.vain]).toContain(1);
  });

  it("and nothing is looked for that is known to be in vain", () => {
    const show = play([FOUR]).state.shows.get("show");
    const wants = [{ count: 1 }, { count: 2 }];
    const ask = { wants, customer: null, isHold: true, byStaff: false, vain: new Set([0]) };
    expect(show && allocate(show, ask)).toMatchObject({ want: 1, seats: [1, 2] });
  });

  it("and a booking without a want is a mistake of ours", () => {
    const show = play([FOUR]).state.shows.get("show");
    const vain = new Set<number>();
    const ask = { wants: [], customer: null, isHold: true, byStaff: false, vain };
    expect(() => show && allocate(show, ask)).toThrow("at least one");
  });
});

describe("seats that are asked for", () => {
  it("are given in the order in which they were asked for", () => {
    expect(gets([FOUR, at(0, book("a", { seats: [4, 1] }))])).toBe("a: new → PENDING seats 4 1");
  });

  it("are refused with the names of those that are taken, and of no other", () => {
    const taken = at(0, book("a", { seats: [2, 4] }));
    const history = [FOUR, taken, at(0, book("b", { seats: [4, 3, 2] }))];
    expect(decideLast(history).outcome).toMatchObject({ facts: { seats: [4, 2] } });
  });

  it.each([
    { by: "everybody", byStaff: false, told: "a: new → FAILED (seats-taken)" },
    { by: "the staff", byStaff: true, told: "a: new → PENDING seats 2 3" },
  ])("and blocked are taken for $by: $told", ({ byStaff, told }) => {
    const blocked = at(0, changeShow({ block: "2" }));
    expect(gets([FOUR, blocked, at(0, bookAs({ byStaff }, "a", { seats: [2, 3] }))])).toBe(told);
  });

  it("and free, but not where they were wanted, are too few, and none of them is held", () => {
    const want = { seats: [2, 5], sections: ["Gallery"] };
    const { outcome } = decideLast([MIXED, at(0, book("a", want))]);
    expect(outcome).toMatchObject({ reason: "not-enough-seats", facts: { free: 1, held: 0 } });
  });
});

describe("a count anywhere", () => {
  it("takes the first free seats, around those that are taken", () => {
    const history = [FOUR, at(0, book("a", { seats: [2] })), at(0, book("b", { count: 2 }))];
    expect(gets(history)).toBe("b: new → PENDING seats 1 3");
  });

  it("takes the very last seat, and then there is none", () => {
    const history = [FOUR, at(0, book("a", { count: 3 })), at(0, book("b", { count: 1 }))];
    expect(gets(history)).toBe("b: new → PENDING seats 4");
    const { outcome } = decideLast([...history, at(0, book("c", { count: 1 }))]);
    expect(outcome).toMatchObject({ reason: "not-enough-seats", facts: { free: 0, held: 4 } });
  });

  it("takes first what was given back, as that comes first in the layout", () => {
    const given = [FOUR, at(0, book("a", { count: 2 })), at(0, book("b", { count: 1 }))];
    const history = [...given, at(1, cancel("a")), at(2, book("c", { count: 3 }))];
    expect(gets(history)).toBe("c: new → PENDING seats 1 2 4");
  });

  it.each([
    { count: 2, places: "seats 1 2" },
    { count: 4, places: "seats 1 2 standing 1×2" },
    { count: 7, places: "seats 1 2 5 6 standing 1×3" },
    { count: 9, places: "seats 1 2 5 6 standing 1×3 standing 3×2" },
  ])("goes section by section, past the accessible seats: $count get $places", (row) => {
    const history = [MIXED, at(0, book("a", { count: row.count }))];
    expect(gets(history)).toBe(`a: new → PENDING ${row.places}`);
  });

  it("never takes accessible or blocked seats, however few others there are", () => {
    const { outcome } = decideLast([
      MIXED,
      at(0, changeShow({ block: "1" })),
      at(0, book("held", { seats: [3] })),
      at(0, book("a", { count: 9 })),
    ]);
    expect(outcome).toMatchObject({ reason: "not-enough-seats", facts: { free: 8, held: 0 } });
  });

  it.each([
    { how: "a cancel", request: at(1, cancel("a")) },
    { how: "a lapse", request: at(HOLD_MS, expire("a")) },
  ])("gets standing places again that came back by $how", ({ request }) => {
    const history = [MIXED, at(0, book("a", { count: 9 })), request];
    expect(gets([...history, at(HOLD_MS, book("b", { count: 9 }))])).toContain("1×3 standing 3×2");
  });
});

describe("a want is narrowed", () => {
  const cases: readonly { by: string; want: Want; told: string }[] = [
    { by: "by a section", want: { count: 2, sections: ["Bar"] }, told: "PENDING standing 3×2" },
    {
      by: "by sections in any order",
      want: { count: 6, sections: ["Bar", "Gallery", "Stalls"] },
      told: "PENDING seats 1 2 5 6 standing 3×2",
    },
    {
      by: "by its price",
      want: { count: 4, priceMax: 300 },
      told: "PENDING standing 1×3 standing 3×1",
    },
    {
      by: "by both",
      want: { count: 1, sections: ["Gallery", "Stalls"], priceMax: 500 },
      told: "PENDING seats 5",
    },
    { by: "to nothing", want: { count: 1, sections: [] }, told: "FAILED (not-enough-seats)" },
    {
      by: "to those for who needs them",
      want: { count: 2, accessible: true },
      told: "PENDING seats 3 4",
    },
    {
      by: "to no others, nor to standing places",
      want: { count: 3, accessible: true },
      told: "FAILED (not-enough-seats)",
    },
    {
      by: "to accessible seats side by side",
      want: { together: [2], accessible: true },
      told: "PENDING seats 3 4",
    },
    {
      by: "and an accessible seat is given to who asks for it",
      want: { seats: [3] },
      told: "PENDING seats 3",
    },
    {
      by: "and no other seat is accessible",
      want: { seats: [5], accessible: true },
      told: "FAILED (not-enough-seats)",
    },
    {
      by: "in a group, by a section",
      want: { together: [2], sections: ["Gallery"] },
      told: "PENDING seats 5 6",
    },
    {
      by: "in a group, by its price",
      want: { together: [2], priceMax: 300 },
      told: "PENDING standing 1×2",
    },
    {
      by: "in two groups, which do not fit",
      want: { together: [2, 2], priceMax: 299 },
      told: "FAILED (not-enough-together)",
    },
  ];

  it.each(cases)("$by: $told", ({ want, told }) => {
    expect(gets([MIXED, at(0, book("a", want))])).toBe(`a: new → ${told}`);
  });

  it("and its refusal counts what it could have had, free and held", () => {
    const held = at(0, book("b", { seats: [3, 5] }));
    const free = (want: Want) => decideLast([MIXED, held, at(0, book("a", want))]).outcome;
    expect(free({ count: 3, accessible: true })).toMatchObject({ facts: { free: 1, held: 1 } });
    expect(free({ count: 4, sections: ["Gallery"] })).toMatchObject({
      facts: { free: 1, held: 1 },
    });
    expect(free({ together: [3], sections: ["Bar"] })).toMatchObject({
      facts: { free: 2, held: 0 },
    });
  });
});

describe("what places cost", () => {
  it("is what their sections cost, together and each", () => {
    const { state } = play([MIXED, at(0, book("a", { count: 4 }))]);
    const prices = [
      { section: 0, price: 900 },
      { section: 1, price: 300 },
    ];
    expect(state.bookings.get("a")).toMatchObject({ price: 2 * 900 + 2 * 300, prices });
  });

  it("is fixed when they are given: a price that changes is for those who come later", () => {
    const dearer = changeShow({ sections: [{ name: "Stalls", price: 1_000 }] });
    const one = { seats: [1] };
    const { state } = play([
      MIXED,
      at(0, book("a", one)),
      at(1, dearer),
      at(2, confirm("a")),
      at(2, book("b", { seats: [2] })),
    ]);
    expect(state.bookings.get("a")).toMatchObject({ price: 900, status: "CONFIRMED" });
    expect(state.bookings.get("b")).toMatchObject({ price: 1_000 });
  });

  it("is nothing anybody says in a show without a currency", () => {
    const { state } = play([FOUR, at(0, book("a", { count: 1 }))]);
    expect(state.bookings.get("a")).toMatchObject({ price: null, prices: null });
  });
});
