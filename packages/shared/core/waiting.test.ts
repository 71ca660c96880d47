/**
 * Who waits for places, until when, and who gets what comes back. Planted faults these catch: the last who came
 * is served first, one that does not fit holds up all behind it, newcomers go before who waits, a wait that ends
 * a moment late.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MAX_MS,
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
  expire,
  extend,
  play,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { buildPlainLayout } from "./seats/layout.ts";
import type { Want } from "./model.ts";

const SEAT_1 = { seats: [1] };
const STARTS_AT = createShow().startsAt;
const TAKEN = [at(0, createShow()), at(0, bookAs({ confirmNow: true }, "all", { count: 2 }))];
const byStaff = (id: string) => ({ ...cancel(id), byStaff: true });

function tellLast(history: readonly Timed[]): string[] {
  return tell(decideLast(history));
}

describe("whoever asks to wait", () => {
  const cases: readonly { want: Want; told: string }[] = [
    { want: SEAT_1, told: "WAITING (seats-taken)" },
    { want: { count: 1 }, told: "WAITING (not-enough-seats)" },
    { want: { together: [2] }, told: "WAITING (not-enough-together)" },
    { want: { seats: [3] }, told: "FAILED (seat-unknown)" },
    { want: { count: 51 }, told: "FAILED (too-many-seats)" },
  ];

  it.each(cases)("for $want is $told", ({ want, told }) => {
    expect(tellLast([...TAKEN, at(1, bookOrWait("w", want))]).at(-1)).toBe(`w: new → ${told}`);
  });

  it("for what is free gets it", () => {
    const history = [at(0, createShow()), at(0, bookOrWait("w", SEAT_1))];
    expect(tellLast(history)).toEqual(["booking w", "w: new → PENDING seats 1"]);
  });

  it.each([
    { until: null, time: 1, ends: STARTS_AT, told: "WAITING" },
    { until: null, time: STARTS_AT, ends: null, told: "FAILED" },
    { until: 50, time: 49, ends: 50, told: "WAITING" },
    { until: 50, time: 50, ends: null, told: "FAILED" },
    { until: STARTS_AT + 9, time: STARTS_AT, ends: STARTS_AT + 9, told: "WAITING" },
  ])("at $time until $until is $told until $ends", ({ until, time, ends, told }) => {
    const { state } = play([...TAKEN, at(time, bookOrWait("w", SEAT_1, until))]);
    const its = { status: told, expiresAt: ends, reason: "seats-taken", facts: { seats: [1] } };
    expect(state.bookings.get("w")).toMatchObject(its);
  });

  it("has nothing yet that could be confirmed or extended, and may leave", () => {
    const waits = [...TAKEN, at(1, bookOrWait("w", SEAT_1))];
    const not = ["refused: booking-not-pending, booking w"];
    expect(tellLast([...waits, at(2, confirm("w"))])).toEqual(not);
    expect(tellLast([...waits, at(2, extend("w"))])).toEqual(not);
    const left = [...waits, at(2, cancel("w"))];
    expect(tellLast(left)).toEqual(["booking w", "w: WAITING → CANCELLED"]);
    expect(tellLast([...left, at(3, byStaff("all"))])).toHaveLength(2);
  });
});

describe("who waits until 500", () => {
  const waits = [...TAKEN, at(1, bookOrWait("w", { count: 1 }, 500))];
  const inVain = "w: WAITING → FAILED (not-enough-seats)";

  it.each([
    { time: 499, now: 900, told: "w: WAITING → PENDING seats 1" },
    { time: 500, now: 0, told: inVain },
  ])("and gets what comes back at $time: $told", ({ time, now, told }) => {
    expect(tellLast([...waits, at(time, byStaff("all"), now)])).toContain(told);
  });

  it("fails for what it waited for, and tells that ever after", () => {
    const over = [...waits, at(500, expire("w"))];
    const refused = "refused: not-enough-seats, booking w";
    expect(tellLast(over)).toEqual([refused, inVain]);
    const again = [...over, at(501, byStaff("all")), at(502, bookOrWait("w", { count: 1 }, 500))];
    expect(tellLast(again)).toEqual([refused]);
  });
});

describe("what comes back", () => {
  const sold = (seats: number) => [
    at(0, createShow({ layout: buildPlainLayout(seats), rules: { cancelConfirmed: true } })),
    at(0, book("b1", { seats: [1] })),
    at(0, book("b", { count: seats - 1 })),
  ];
  const waits = (...wants: readonly Want[]) =>
    wants.map((want, index) => at(1, bookOrWait(`w${index + 1}`, want)));

  it("goes to who came first, in the order of their places in the line", () => {
    const history = [...sold(3), ...waits({ count: 1 }, SEAT_1, { count: 1 }), at(2, cancel("b"))];
    expect(tellLast(history)).toEqual([
      "booking b",
      "b: PENDING → CANCELLED",
      "w1: WAITING → PENDING seats 2",
      "w3: WAITING → PENDING seats 3",
    ]);
  });

  it("goes to who came first though only the later one wanted just this", () => {
    const history = [...sold(3), ...waits({ count: 1 }, { seats: [1] }), at(2, cancel("b1"))];
    expect(tellLast(history).slice(2)).toEqual(["w1: WAITING → PENDING seats 1"]);
  });

  it("skips who does not fit: whole wants only", () => {
    const history = [...sold(3), ...waits({ count: 2 }, { count: 1 }), at(2, cancel("b1"))];
    expect(tellLast(history).slice(2)).toEqual(["w2: WAITING → PENDING seats 1"]);
  });

  it("goes to the first want of each that fits", () => {
    const ladder = { ...bookOrWait("w", { count: 2 }), wants: [{ count: 2 }, { seats: [1] }] };
    const { state } = play([...sold(3), at(1, ladder), at(2, cancel("b1"))]);
    expect(state.bookings.get("w")).toMatchObject({ status: "PENDING", want: 1, seats: [1] });
  });

  it("goes to nobody who came later, before or after it is decided", () => {
    const back = [...sold(2), ...waits({ count: 2 }), at(2, cancel("b1"))];
    expect(tellLast([...back, at(3, book("n", { count: 1 }))])[0]).toBe("booking n");
    const all = [...sold(2), ...waits({ count: 2 })];
    expect(tellLast([...all, at(HOLD_MS, book("n", { count: 1 }))])).toEqual([
      "refused: not-enough-seats, booking n",
      "b1: PENDING → FAILED (hold-expired)",
      "b: PENDING → FAILED (hold-expired)",
      "w1: WAITING → PENDING seats 1 2",
      "n: new → FAILED (not-enough-seats)",
    ]);
  });

  it("is blocked for who waits, too, even if the staff asked", () => {
    const staff = { ...bookOrWait("w", SEAT_1), byStaff: true };
    const history = [
      ...sold(2),
      at(1, staff),
      at(1, changeShow({ block: "1" })),
      at(2, cancel("b1")),
    ];
    expect(tellLast(history)).toEqual(["booking b1", "b1: PENDING → CANCELLED"]);
    expect(tellLast([...history, at(3, changeShow({ unblock: "1" }))]).at(-1)).toBe(
      "w: WAITING → PENDING seats 1",
    );
  });

  it("by more standing room or a lower price is served as well", () => {
    const dear = { sections: [{ name: "", price: 7 }] };
    const want = { count: 1, priceMax: 6 };
    const history = [at(0, createShow()), at(0, changeShow(dear)), at(1, bookOrWait("w", want))];
    const cheap = changeShow({ sections: [{ name: "", price: 6 }] });
    expect(tellLast([...history, at(2, cheap)]).at(-1)).toBe("w: WAITING → PENDING seats 1");
  });
});

describe("who is served", () => {
  const back = at(10, byStaff("all"), 20);

  it("holds from then on, and has no reason any more", () => {
    const { state } = play([...TAKEN, at(1, bookOrWait("w", SEAT_1, 50)), back]);
    expect(state.bookings.get("w")).toMatchObject({
      status: "PENDING",
      reason: null,
      facts: null,
      decidedAt: 1,
      updatedAt: 20,
      expiresAt: 20 + HOLD_MS,
      holdLimit: 20 + HOLD_MAX_MS,
    });
  });

  it.each([
    { how: "asked for confirmed places", rules: {}, confirmNow: true },
    {
      how: "is in a show that confirms",
      rules: { confirmation: "automatic" as const },
      confirmNow: false,
    },
  ])("is confirmed where it $how", ({ rules, confirmNow }) => {
    const sold = bookAs({ confirmNow: true }, "all", { count: 2 });
    const asked = bookAs({ confirmNow, wait: { until: null } }, "w", SEAT_1);
    const { state } = play([at(0, createShow({ rules })), at(0, sold), at(1, asked), back]);
    const its = { status: "CONFIRMED", confirmedAt: 10, expiresAt: null, holdLimit: null };
    expect(state.bookings.get("w")).toMatchObject(its);
  });

  it("pays what places cost then", () => {
    const layout = { ...buildPlainLayout(2), currency: "EUR" };
    const sold = bookAs({ confirmNow: true }, "all", { count: 2 });
    const dear = changeShow({ sections: [{ name: "", price: 7 }] });
    const history = [at(0, createShow({ layout })), at(0, sold), at(1, bookOrWait("w", SEAT_1))];
    const { state } = play([...history, at(2, dear), back]);
    expect(state.bookings.get("w")).toMatchObject({ price: 7 });
  });
});
