/**
 * What one customer may have of a show: so many places, held and confirmed together, and so many holds. Exact over
 * all of their bookings. Planted faults these catch: places that stay counted after a lapse, a confirmation that
 * stays a hold, a want that is refused where a later one of the ladder is allowed.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  bookAs,
  cancel,
  confirm,
  createShow,
  decideLast,
  play,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { buildPlainLayout } from "./seats/layout.ts";
import type { ShowRules, Want } from "./model.ts";

const show = (rules: Partial<ShowRules>) =>
  at(0, createShow({ layout: buildPlainLayout(9), rules: { cancelConfirmed: true, ...rules } }));
const SEATS = show({ seatsPerCustomerMax: 3 });
const HOLDS = show({ holdsPerCustomerMax: 1 });
const eve = (id: string, ...wants: Want[]) => bookAs({ customer: "eve" }, id, ...wants);
const eveNow = (id: string, want: Want) => bookAs({ customer: "eve", confirmNow: true }, id, want);
const OVER = "refused: customer-limit-reached, booking x";

function answer(history: readonly Timed[]): string {
  return tell(decideLast(history))[0] ?? "";
}

describe("of three places for each customer", () => {
  const two = at(0, eve("a", { count: 2 }));
  const cases: readonly {
    who: string;
    before: Timed[];
    want: Want;
    time?: number;
    told: string;
  }[] = [
    { who: "has two may have one", before: [two], want: { count: 1 }, told: "booking x" },
    { who: "has two may not have two", before: [two], want: { count: 2 }, told: OVER },
    {
      who: "has nothing may have three",
      before: [],
      want: { together: [1, 2] },
      told: "booking x",
    },
    { who: "has nothing may not have four", before: [], want: { seats: [1, 2, 3, 4] }, told: OVER },
    {
      who: "has two confirmed may not have two",
      before: [two, at(1, confirm("a"))],
      want: { count: 2 },
      told: OVER,
    },
    {
      who: "gave two back may have three",
      before: [two, at(1, cancel("a"))],
      want: { count: 3 },
      told: "booking x",
    },
    {
      who: "gave one of two back may have two",
      before: [two, at(1, cancel("a", { seats: [1], standing: [] }))],
      want: { count: 2 },
      told: "booking x",
    },
    {
      who: "gave one of two back may not have three",
      before: [two, at(1, cancel("a", { seats: [1], standing: [] }))],
      want: { count: 3 },
      told: OVER,
    },
    {
      who: "let two lapse may have three",
      before: [two],
      time: HOLD_MS,
      want: { count: 3 },
      told: "booking x",
    },
    {
      who: "gave confirmed ones back may have three",
      before: [two, at(1, confirm("a")), at(1, cancel("a"))],
      want: { count: 3 },
      told: "booking x",
    },
    {
      who: "is not the one who has two may have three",
      before: [at(0, { ...two.request, customer: "bob" } as typeof two.request)],
      want: { count: 3 },
      told: "booking x",
    },
  ];

  it.each(cases)("who $who", ({ before, want, time = 2, told }) => {
    expect(answer([SEATS, ...before, at(time, eve("x", want))])).toBe(told);
  });

  it("a ladder goes on below what is too much", () => {
    const { state } = play([SEATS, two, at(1, eve("x", { count: 2 }, { count: 1 }))]);
    expect(state.bookings.get("x")).toMatchObject({ want: 1, seats: [3] });
  });

  it("a ladder of which one want was tried tells of that one", () => {
    const taken = at(0, book("first", { seats: [9] }));
    const nobody = { ...taken.request, customer: "bob" } as typeof taken.request;
    const asked = eve("x", { seats: [9] }, { count: 2 });
    const { outcome } = decideLast([SEATS, two, at(0, nobody), at(1, asked)]);
    expect(outcome).toMatchObject({ reason: "seats-taken", facts: { seats: [9] } });
  });

  it("who says no name gets none, and nobody waits for what a limit forbids", () => {
    const asked = bookAs({ wait: { until: null } }, "x", { count: 1 });
    const decision = decideLast([SEATS, at(0, asked)]);
    expect(tell(decision)).toEqual([OVER, "x: new → FAILED (customer-limit-reached)"]);
    const facts = { limitOf: "seats-per-customer", limit: 3, used: 0 };
    expect(decision.outcome).toMatchObject({ facts });
  });

  it("a refusal says how much of the limit was used", () => {
    const { outcome } = decideLast([SEATS, two, at(1, eve("x", { count: 2 }))]);
    const facts = { limitOf: "seats-per-customer", limit: 3, used: 2 };
    expect(outcome).toMatchObject({ facts });
  });

  it("a show without limits counts nobody", () => {
    const { state } = play([show({}), two]);
    expect(state.shows.get("show")?.usage.size).toBe(0);
  });
});

describe("of one hold for each customer", () => {
  const held = at(0, eve("a", { count: 1 }));
  const cases: readonly { who: string; before: Timed[]; time?: number; told: string }[] = [
    { who: "holds nothing may hold", before: [], told: "booking x" },
    { who: "holds may not hold", before: [held], told: OVER },
    { who: "confirmed may hold", before: [held, at(1, confirm("a"))], told: "booking x" },
    { who: "gave back may hold", before: [held, at(1, cancel("a"))], told: "booking x" },
    { who: "let it lapse may hold", before: [held], time: HOLD_MS, told: "booking x" },
    {
      who: "was confirmed at once may hold",
      before: [at(0, eveNow("a", { count: 1 }))],
      told: "booking x",
    },
  ];

  it.each(cases)("who $who", ({ before, time = 2, told }) => {
    expect(answer([HOLDS, ...before, at(time, eve("x", { count: 1 }))])).toBe(told);
  });

  it("who holds may still have what is confirmed at once: it is no hold", () => {
    expect(answer([HOLDS, held, at(1, eveNow("x", { count: 5 }))])).toBe("booking x");
  });

  it("and so everything on a show that confirms by itself, unless a hold is asked for", () => {
    const automatic = show({ holdsPerCustomerMax: 1, confirmation: "automatic" });
    const asked = { ...eve("x", { count: 1 }), holdMs: 5 };
    const holding = { ...eve("a", { count: 1 }), holdMs: 5 };
    expect(answer([automatic, at(0, holding), at(0, eve("x", { count: 1 }))])).toBe("booking x");
    expect(answer([automatic, at(0, holding), at(0, asked)])).toBe(OVER);
  });

  it("a refusal says so", () => {
    const { outcome } = decideLast([HOLDS, held, at(1, eve("x", { count: 1 }, { count: 2 }))]);
    const facts = { limitOf: "holds-per-customer", limit: 1, used: 1 };
    expect(outcome).toMatchObject({ reason: "customer-limit-reached", facts });
  });
});

describe("who waits", () => {
  const rules = { layout: buildPlainLayout(2), rules: { holdsPerCustomerMax: 1 } };
  const waits = bookAs({ customer: "eve", wait: { until: null } }, "w", { seats: [1] });
  /** Seat 1 is bob's, eve waits for it and holds seat 2. */
  const history = [
    at(0, createShow(rules)),
    at(0, bookAs({ customer: "bob" }, "b", { seats: [1] })),
    at(0, waits),
    at(0, eve("h", { seats: [2] })),
  ];

  it("is passed over while a limit forbids it, and the place goes to the next", () => {
    const next = bookAs({ customer: "ann", wait: { until: null } }, "n", { seats: [1] });
    expect(tell(decideLast([...history, at(0, next), at(1, cancel("b"))]))).toEqual([
      "booking b",
      "b: PENDING → CANCELLED",
      "n: WAITING → PENDING seats 1",
    ]);
  });

  it("is served as soon as the limit allows it, though no place came back then", () => {
    expect(tell(decideLast([...history, at(1, cancel("b")), at(2, confirm("h"))]))).toEqual([
      "booking h",
      "h: PENDING → CONFIRMED seats 2",
      "w: WAITING → PENDING seats 1",
    ]);
  });
});
