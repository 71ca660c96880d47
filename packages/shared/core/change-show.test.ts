/**
 * Changing a show, and cancelling it with all that was booked. Planted faults these catch: a taken seat that is
 * blocked comes back for sale, a capacity that counts it on, standing room below what is confirmed or that is not
 * counted, a cancelled show that is changed, confirms, or leaves those who wait.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  bookAs,
  bookOrWait,
  cancel,
  changeShow,
  confirm,
  createShow,
  decideLast,
  extend,
  layoutOf,
  play,
  seated,
  standing,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { freePlaces } from "./show.ts";
import type { ShowChanges } from "./requests.ts";

const HOUSE = layoutOf(
  [seated("Box", "A", { seatsPerRow: 3, price: 500 }), standing("Floor", 2, 200)],
  {
    currency: "EUR",
  },
);
const CREATED = at(0, createShow({ layout: HOUSE }));
const CHANGED = ["show show", "show show changed"];
const SAME = ["show show"];

function tellLast(history: readonly Timed[]): string[] {
  return tell(decideLast(history));
}

const floor = (standing: number) => ({ sections: [{ name: "Floor", standing }] });

describe("a change", () => {
  const cases: readonly { changes: ShowChanges; facts: object }[] = [
    { changes: { name: "Another night" }, facts: { name: "Another night" } },
    { changes: { startsAt: 7 }, facts: { startsAt: 7 } },
    { changes: { opensAt: 5, closesAt: 6 }, facts: { opensAt: 5, closesAt: 6 } },
    { changes: { archived: true }, facts: { archived: true } },
    { changes: { sale: "closed" }, facts: { sale: "closed" } },
    { changes: { sale: "cancelled" }, facts: { sale: "cancelled" } },
    { changes: { block: "1,3" }, facts: { layout: { blocked: "1,3" } } },
    { changes: { block: "1-3", unblock: "2" }, facts: { layout: { blocked: "1,3" } } },
    {
      changes: { sections: [{ name: "Box", price: 7 }] },
      facts: { layout: { sections: [{ price: 7 }, { price: 200 }] } },
    },
    { changes: floor(9), facts: { layout: { sections: [{}, { capacity: 9, price: 200 }] } } },
  ];

  it.each(cases)("of $changes is made, and made once", ({ changes, facts }) => {
    const asked = at(1, changeShow(changes));
    const { state, decisions } = play([CREATED, asked, asked]);
    expect(decisions.slice(1).map(tell)).toEqual([CHANGED, SAME]);
    expect(state.shows.get("show")?.facts).toMatchObject(facts);
  });

  it("of nothing is none", () => {
    expect(tellLast([CREATED, at(1, changeShow({}))])).toEqual(SAME);
  });

  it("to what is already so is none", () => {
    const changes = { name: createShow().name, sale: "open", unblock: "1-3", ...floor(2) } as const;
    expect(tellLast([CREATED, at(1, changeShow(changes))])).toEqual(SAME);
  });

  it.each([
    { changes: { block: "3-4" }, facts: { seats: [4] } },
    { changes: { unblock: "9" }, facts: { seats: [9] } },
    { changes: { sections: [{ name: "Moon", price: 1 }] }, facts: { sections: ["Moon"] } },
    { changes: { sections: [{ name: "Box", standing: 1 }] }, facts: { sections: ["Box"] } },
  ])("of $changes is refused: there is no such place", ({ changes, facts }) => {
    const { state, decisions } = play([CREATED, at(1, changeShow({ name: "Other", ...changes }))]);
    expect(decisions[1]).toMatchObject({ outcome: { reason: "seat-unknown", facts }, writes: [] });
    expect(state.shows.get("show")?.facts.name).toBe(createShow().name);
  });

  it("of a show that is not there is refused", () => {
    expect(tellLast([at(0, changeShow({ name: "x" }))])).toEqual(["refused: show-not-found"]);
  });
});

describe("free + held + confirmed is the capacity,", () => {
  const booked = [
    CREATED,
    at(0, book("h", { seats: [1] })),
    at(0, bookAs({ confirmNow: true }, "c", { seats: [2] })),
  ];
  const cases: readonly { what: string; history: Timed[]; free: number; capacity: number }[] = [
    { what: "as it was created", history: [], free: 3, capacity: 5 },
    {
      what: "with a free seat blocked",
      history: [at(1, changeShow({ block: "3" }))],
      free: 2,
      capacity: 4,
    },
    {
      what: "with taken seats blocked",
      history: [at(1, changeShow({ block: "1-2" }))],
      free: 3,
      capacity: 5,
    },
    {
      what: "when a blocked seat comes back",
      history: [at(1, changeShow({ block: "1" })), at(2, cancel("h"))],
      free: 3,
      capacity: 4,
    },
    {
      what: "when it is unblocked then",
      history: [
        at(1, changeShow({ block: "1" })),
        at(2, cancel("h")),
        at(3, changeShow({ unblock: "1" })),
      ],
      free: 4,
      capacity: 5,
    },
    {
      what: "when the staff takes a blocked seat",
      history: [
        at(1, changeShow({ block: "3" })),
        at(2, bookAs({ byStaff: true }, "s", { seats: [3] })),
      ],
      free: 2,
      capacity: 5,
    },
    {
      what: "with more room to stand",
      history: [at(1, changeShow(floor(4)))],
      free: 5,
      capacity: 7,
    },
    {
      what: "with less room to stand",
      history: [at(1, changeShow(floor(0)))],
      free: 1,
      capacity: 3,
    },
  ];

  it.each(cases)("$what: $free of $capacity are free", ({ history, free, capacity }) => {
    const show = play([...booked, ...history]).state.shows.get("show");
    expect(show && freePlaces(show)).toBe(free);
    expect(show?.capacity).toBe(capacity);
  });
});

describe("a seat that is blocked", () => {
  it("while it is held stays with who holds it, and is not sold when it comes back", () => {
    const booked = [CREATED, at(0, book("a", { seats: [1] })), at(1, changeShow({ block: "1" }))];
    expect(tellLast([...booked, at(2, confirm("a"))])).toEqual([
      "booking a",
      "a: PENDING → CONFIRMED seats 1",
    ]);
    const back = [...booked, at(2, cancel("a"))];
    expect(tellLast([...back, at(3, book("b", { seats: [1] }))])[0]).toContain("seats-taken");
    expect(tellLast([...back, at(3, book("b", { count: 1 }))]).at(-1)).toContain("seats 2");
  });

  it("and unblocked is sold again", () => {
    const history = [
      CREATED,
      at(0, changeShow({ block: "1" })),
      at(1, changeShow({ unblock: "1" })),
    ];
    expect(tellLast([...history, at(2, book("a", { count: 1 }))]).at(-1)).toContain("seats 1");
  });
});

describe("standing room", () => {
  const crowd = { count: 1, sections: ["Floor"] };
  const booked = [
    CREATED,
    at(0, book("h", crowd)),
    at(0, bookAs({ confirmNow: true }, "c", crowd)),
  ];

  it("is not made less than is held and confirmed", () => {
    const { outcome, writes } = decideLast([...booked, at(1, changeShow(floor(1)))]);
    expect(outcome).toMatchObject({ reason: "not-enough-seats", facts: { free: 0, held: 1 } });
    expect(writes).toEqual([]);
  });

  it("may be made just so much, or less after some came back", () => {
    expect(tellLast([...booked, at(1, changeShow(floor(2)))])).toEqual(SAME);
    expect(tellLast([...booked, at(1, cancel("h")), at(2, changeShow(floor(1)))])).toEqual(CHANGED);
    expect(tellLast([...booked, at(HOLD_MS, changeShow(floor(1)))])).toEqual([
      "show show",
      "h: PENDING → FAILED (hold-expired)",
      "show show changed",
    ]);
  });

  it("that is more is given to who waits", () => {
    const waits = at(0, bookOrWait("w", { count: 2, sections: ["Floor"] }));
    expect(tellLast([...booked, waits, at(1, changeShow(floor(4)))])).toEqual([
      ...CHANGED,
      "w: WAITING → PENDING standing 1×2",
    ]);
  });
});

describe("a show that is cancelled", () => {
  const history = [
    CREATED,
    at(0, book("h", { seats: [2] })),
    at(0, bookAs({ confirmNow: true }, "c", { seats: [1] })),
    at(0, bookOrWait("w", { seats: [1] })),
    at(0, book("f", { seats: [1] })),
    at(1, changeShow({ sale: "cancelled" })),
  ];

  it("takes with it whoever has places or waits, in the order of their places in the line", () => {
    expect(tellLast(history)).toEqual([
      ...CHANGED,
      "h: PENDING → CANCELLED (show-cancelled)",
      "c: CONFIRMED → CANCELLED (show-cancelled)",
      "w: WAITING → CANCELLED (show-cancelled)",
    ]);
    const its = { held: 0, confirmed: 0, capacity: 5 };
    expect(play(history).state.shows.get("show")).toMatchObject(its);
  });

  it("and leaves them nothing that could lapse, and what they paid", () => {
    const { state } = play(history);
    const its = { reason: "show-cancelled", facts: null, expiresAt: null, holdLimit: null };
    for (const id of ["h", "c", "w"]) expect(state.bookings.get(id)).toMatchObject(its);
    expect(state.bookings.get("c")).toMatchObject({ confirmedAt: 0, price: 500, seats: [1] });
    expect(state.bookings.get("f")).toMatchObject({ status: "FAILED", reason: "seats-taken" });
  });

  it.each([
    { request: confirm("h"), told: "refused: show-cancelled, booking h" },
    { request: extend("h"), told: "refused: show-cancelled, booking h" },
    { request: confirm("f"), told: "refused: show-cancelled, booking f" },
    { request: cancel("h"), told: "booking h" },
    { request: cancel("f"), told: "refused: booking-not-pending, booking f" },
    { request: book("n", { count: 1 }), told: "refused: show-cancelled, booking n" },
    { request: book("h", { seats: [2] }), told: "booking h" },
    { request: createShow({ layout: HOUSE }), told: "show show" },
  ])("answers $request.kind with $told", ({ request, told }) => {
    expect(tellLast([...history, at(2, request)])[0]).toBe(told);
  });

  it.each([
    { changes: { sale: "open" }, told: ["refused: show-cancelled"] },
    { changes: { sale: "closed" }, told: ["refused: show-cancelled"] },
    { changes: { name: "x" }, told: ["refused: show-cancelled"] },
    { changes: { archived: true, block: "1" }, told: ["refused: show-cancelled"] },
    { changes: { block: "9" }, told: ["refused: show-cancelled"] },
    { changes: { sale: "cancelled", name: createShow().name }, told: SAME },
    { changes: { archived: true }, told: CHANGED },
    { changes: { archived: true, sale: "cancelled" }, told: CHANGED },
  ] as const)("is changed no more, but for the archive: $changes", ({ changes, told }) => {
    expect(tellLast([...history, at(2, changeShow(changes))])).toEqual(told);
  });

  it("together with another change answers the same when it is asked once more", () => {
    const asked = at(1, changeShow({ sale: "cancelled", name: "Called off" }));
    expect(play([CREATED, asked, asked]).decisions.slice(1).map(tell)).toEqual([CHANGED, SAME]);
  });
});
