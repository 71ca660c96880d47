/**
 * For how long a booking is held: as its show says, unless it asks for a length of its own; and how much longer
 * it may be. Planted faults these catch: an extension counted from the hold's end, one without a limit, the show's
 * longest hold taken for a bound on the first one.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MAX_MS,
  HOLD_MS,
  at,
  book,
  changeShow,
  createShow,
  expire,
  extend,
  play,
  tell,
} from "../testing/builders.ts";

const SEAT_1 = { seats: [1] };
const CREATED = at(0, createShow());
const LIMIT = "refused: hold-limit-reached, booking a";
const LONGER = "a: PENDING → PENDING seats 1";

describe("a hold", () => {
  const cases = [
    { asks: null, rules: {}, ends: HOLD_MS, limit: HOLD_MAX_MS },
    { asks: 7, rules: {}, ends: 7, limit: HOLD_MAX_MS },
    { asks: HOLD_MAX_MS + 1, rules: {}, ends: HOLD_MAX_MS + 1, limit: HOLD_MAX_MS + 1 },
    { asks: null, rules: { holdMaxMs: 5 }, ends: HOLD_MS, limit: HOLD_MS },
    { asks: 7, rules: { confirmation: "automatic" as const }, ends: 7, limit: HOLD_MAX_MS },
  ];

  it.each(cases)("for $asks under $rules ends at $ends, at the latest at $limit", (row) => {
    const asked = { ...book("a", SEAT_1), holdMs: row.asks };
    const { state } = play([at(0, createShow({ rules: row.rules })), at(0, asked)]);
    const its = { status: "PENDING", expiresAt: row.ends, holdLimit: row.limit };
    expect(state.bookings.get("a")).toMatchObject(its);
  });

  it("and its limit are counted from the later of the two clocks", () => {
    const { state } = play([CREATED, at(5, book("a", SEAT_1), 9)]);
    const its = { expiresAt: 9 + HOLD_MS, holdLimit: 9 + HOLD_MAX_MS };
    expect(state.bookings.get("a")).toMatchObject(its);
  });
});

describe("extending a hold that ends at 1000, at the latest at 3000,", () => {
  const BOOKED = [CREATED, at(0, book("a", SEAT_1))];
  const SAME = ["booking a"];
  const MOVED = ["booking a", LONGER];
  const cases = [
    { time: 500, by: null, told: MOVED, ends: 1_500, why: "by the show's length, from now on" },
    { time: 0, by: null, told: SAME, ends: 1_000, why: "at once changes nothing" },
    { time: 100, by: 900, told: SAME, ends: 1_000, why: "to where it ends changes nothing" },
    { time: 100, by: 901, told: MOVED, ends: 1_001, why: "a little" },
    { time: 500, by: 1, told: SAME, ends: 1_000, why: "by less than is left changes nothing" },
    { time: 500, by: 2_500, told: MOVED, ends: 3_000, why: "to its limit" },
    { time: 500, by: 2_501, told: MOVED, ends: 3_000, why: "beyond its limit: up to it" },
    { time: 999, by: 9_999, told: MOVED, ends: 3_000, why: "in the last moment" },
  ];

  it.each(cases)("at $time by $by: $why", ({ time, by, told, ends }) => {
    const { state, decisions } = play([...BOOKED, at(time, extend("a", by))]);
    expect(decisions.slice(-1).map(tell)).toEqual([told]);
    expect(state.bookings.get("a")).toMatchObject({ expiresAt: ends, holdLimit: 3_000 });
  });

  it.each([
    { by: 2_500, told: [MOVED, SAME], why: "is the same answer: as long as it was asked for" },
    { by: 2_501, told: [MOVED, [LIMIT]], why: "is refused: it has not got what it asks for" },
  ])("twice to its limit, by $by, $why", ({ by, told }) => {
    const twice = [at(500, extend("a", by)), at(500, extend("a", by))];
    expect(
      play([...BOOKED, ...twice])
        .decisions.slice(-2)
        .map(tell),
    ).toEqual(told);
  });

  it("step by step ends at its limit, and there is no way beyond", () => {
    const times = [900, 1_800, 2_700, 2_999];
    const steps = times.map((time) => at(time, extend("a")));
    const { state, decisions } = play([...BOOKED, ...steps]);
    expect(decisions.slice(-4).map(tell)).toEqual([MOVED, MOVED, MOVED, [LIMIT]]);
    expect(state.bookings.get("a")).toMatchObject({ status: "PENDING", expiresAt: 3_000 });
    const [last] = play([at(3_000, expire("a"))], state).decisions;
    expect(last && tell(last)).toEqual([
      "refused: hold-expired, booking a",
      "a: PENDING → FAILED (hold-expired)",
    ]);
  });

  it("is counted from the decision, by the later of the two clocks", () => {
    const { state } = play([...BOOKED, at(500, extend("a"), 800)]);
    expect(state.bookings.get("a")).toMatchObject({ expiresAt: 1_800, updatedAt: 800 });
  });

  it("goes on in a sale that is closed", () => {
    const history = [...BOOKED, at(1, changeShow({ sale: "closed" })), at(500, extend("a"))];
    expect(play(history).decisions.slice(-1).map(tell)).toEqual([MOVED]);
  });
});
