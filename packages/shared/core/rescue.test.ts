/**
 * A payment that comes late: a booking whose hold has lapsed is still confirmed, for a while and if nobody else
 * has its places. Planted faults these catch: a rescue without an end, one that looks at no blocked seats, at no
 * standing places, at no limit of the customer, one in a show that is cancelled.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  RESCUE_MS,
  at,
  book,
  bookAs,
  bookOrWait,
  cancel,
  changeShow,
  confirm,
  createShow,
  decideLast,
  expire,
  extend,
  layoutOf,
  play,
  seated,
  standing,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";

const HOUSE = layoutOf([seated("Box", "A", { seatsPerRow: 2 }), standing("Floor", 2)]);
const CREATED = at(0, createShow({ layout: HOUSE, rules: { rescueMs: RESCUE_MS } }));
/** Both seats and a standing place; it lapses at 1000. */
const LAPSED = [CREATED, at(0, book("a", { count: 3 })), at(HOLD_MS, expire("a"))];
const LATE = ["refused: hold-expired, booking a"];
const RESCUED = ["booking a", "a: FAILED → CONFIRMED seats 1 2 standing 1×1 rescued"];

function tellLast(history: readonly Timed[]): string[] {
  return tell(decideLast(history));
}

describe("a late confirm", () => {
  const floor = { count: 1, sections: ["Floor"] };
  const cases: readonly { what: string; between: Timed[]; told: string[]; time?: number }[] = [
    { what: "at once", between: [], told: RESCUED },
    { what: "in the last moment", between: [], time: HOLD_MS + RESCUE_MS, told: RESCUED },
    { what: "a moment later", between: [], time: HOLD_MS + RESCUE_MS + 1, told: LATE },
    { what: "when a seat is taken", between: [at(1_001, book("b", { seats: [2] }))], told: LATE },
    {
      what: "when a seat was given back in time",
      between: [at(1_001, book("b", { seats: [2] })), at(1_002, cancel("b"))],
      told: RESCUED,
    },
    {
      what: "when a seat is blocked",
      between: [at(1_001, changeShow({ block: "2" }))],
      told: LATE,
    },
    {
      what: "when one standing place of two is left",
      between: [at(1_001, book("b", floor))],
      told: RESCUED,
    },
    {
      what: "when no standing place is left",
      between: [at(1_001, book("b", { ...floor, count: 2 }))],
      told: LATE,
    },
    {
      what: "in a closed sale",
      between: [at(1_001, changeShow({ sale: "closed" }))],
      told: RESCUED,
    },
    {
      what: "in a cancelled show",
      between: [at(1_001, changeShow({ sale: "cancelled" }))],
      told: ["refused: show-cancelled, booking a"],
    },
  ];

  it.each(cases)("$what: $told.0", ({ between, told, time = 1_010 }) => {
    expect(tellLast([...LAPSED, ...between, at(time, confirm("a"))])).toEqual(told);
  });

  it("that finds the hold still written down is lapsed and rescued in one step", () => {
    const history = [...LAPSED.slice(0, 2), at(1_200, confirm("a", "paid"))];
    expect(tellLast(history)).toEqual([
      "booking a",
      "a: PENDING → FAILED (hold-expired)",
      "a: FAILED → CONFIRMED seats 1 2 standing 1×1 rescued",
    ]);
  });

  it("is judged by the log's clock, whatever the worker's says", () => {
    const slow = at(HOLD_MS + RESCUE_MS, confirm("a"), 1_000_000);
    expect(tellLast([...LAPSED, slow])).toEqual(RESCUED);
  });

  it("comes after those who waited for its places", () => {
    const waits = at(1, bookOrWait("w", { seats: [2] }));
    const history = [...LAPSED.slice(0, 2), waits, at(1_200, confirm("a"))];
    expect(tellLast(history)).toEqual([
      ...LATE,
      "a: PENDING → FAILED (hold-expired)",
      "w: WAITING → PENDING seats 2",
    ]);
  });

  it("is the only way out: what lapsed is neither extended nor given back", () => {
    expect(tellLast([...LAPSED, at(1_100, extend("a"))])).toEqual(LATE);
    expect(tellLast([...LAPSED, at(1_100, cancel("a"))])).toEqual(LATE);
  });

  it("is no way out for who never had a hold", () => {
    const taken = [CREATED, at(0, book("first", { count: 4 })), at(0, book("a", { count: 1 }))];
    expect(tellLast([...taken, at(1, cancel("first")), at(2, confirm("a"))])).toEqual([
      "refused: booking-not-pending, booking a",
    ]);
  });
});

describe("a rescued booking", () => {
  it("says so, and when it was confirmed and what it paid", () => {
    const { state } = play([...LAPSED, at(1_100, confirm("a", "paid"), 1_300)]);
    expect(state.bookings.get("a")).toMatchObject({
      status: "CONFIRMED",
      rescued: true,
      reason: null,
      payment: "paid",
      confirmedAt: 1_100,
      updatedAt: 1_300,
      expiresAt: null,
      holdLimit: null,
    });
  });

  it("is told the same when it is confirmed again", () => {
    const history = [...LAPSED, at(1_100, confirm("a")), at(9_000, confirm("a"))];
    expect(tellLast(history)).toEqual(["booking a"]);
  });

  it("gets no more than it had kept", () => {
    const back = cancel("a", { seats: [1], standing: [] });
    const history = [...LAPSED.slice(0, 2), at(1, back), at(1_100, confirm("a"))];
    expect(tellLast(history).at(-1)).toBe("a: FAILED → CONFIRMED seats 2 standing 1×1 rescued");
  });
});

describe("the limit of a customer", () => {
  const rules = { rescueMs: RESCUE_MS, seatsPerCustomerMax: 2, holdsPerCustomerMax: 1 };
  const eve = (id: string, count: number) => bookAs({ customer: "eve" }, id, { count });
  const lapsed = (id: string) => [
    at(0, createShow({ layout: HOUSE, rules })),
    at(0, eve("a", 2)),
    at(HOLD_MS, expire(id)),
  ];

  it("stands against a rescue, if their seats are others by now", () => {
    const elsewhere = bookAs({ customer: "eve" }, "b", { count: 1, sections: ["Floor"] });
    const history = [...lapsed("a"), at(1_001, elsewhere), at(1_002, confirm("a"))];
    expect(tellLast(history)).toEqual(LATE);
    expect(tellLast([...history, at(1_003, cancel("b")), at(1_004, confirm("a"))])[0]).toBe(
      "booking a",
    );
  });

  it("does not count a rescued booking among the holds", () => {
    const one = [at(0, createShow({ layout: HOUSE, rules })), at(0, eve("a", 1))];
    const other = bookAs({ customer: "eve" }, "b", { seats: [2] });
    const history = [...one, at(1_001, other), at(1_002, confirm("a"))];
    expect(tellLast(history)[0]).toBe("booking a");
  });
});
