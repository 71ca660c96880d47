/**
 * Time in the line: a lapse is judged by the log's clock alone, a hold starts by the later of the two
 * clocks, and what has lapsed is released before anything else is decided. Planted faults these
 * catch: a lapse judged by `now`, and `<` in the place of `<=`.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  bookOrWait,
  cancel,
  confirm,
  createShow,
  decideLast,
  expire,
  play,
  tell,
} from "../testing/builders.ts";
import { buildPlainLayout } from "./seats/layout.ts";

const SEAT_1 = { seats: [1] };
const CREATED = at(0, createShow());
const BOOKED = [CREATED, at(0, book("a", SEAT_1))];
const LAPSE = "a: PENDING → FAILED (hold-expired)";
const LATE = ["refused: hold-expired, booking a", LAPSE];
const CONFIRMED = ["booking a", "a: PENDING → CONFIRMED seats 1"];

describe("a hold that ends at 1000", () => {
  it.each([
    { appendedAt: 999, now: 999, tells: CONFIRMED },
    { appendedAt: 999, now: 1000, tells: CONFIRMED },
    { appendedAt: 999, now: 1_000_000, tells: CONFIRMED },
    { appendedAt: 1000, now: 1000, tells: LATE },
    { appendedAt: 1000, now: 999, tells: LATE },
    { appendedAt: 1000, now: 0, tells: LATE },
    { appendedAt: 1001, now: 0, tells: LATE },
    { appendedAt: 1001, now: 1_000_000, tells: LATE },
  ])("meets a confirm appended at $appendedAt, decided at $now: $tells.0", (moment) => {
    const { appendedAt, now, tells } = moment;
    expect(tell(decideLast([...BOOKED, at(appendedAt, confirm("a"), now)]))).toEqual(tells);
  });

  it.each([
    { appendedAt: 999, now: 1_000_000, tells: ["booking a"] },
    { appendedAt: 1000, now: 0, tells: LATE },
  ])("meets an expire appended at $appendedAt, decided at $now", ({ appendedAt, now, tells }) => {
    expect(tell(decideLast([...BOOKED, at(appendedAt, expire("a"), now)]))).toEqual(tells);
  });

  it.each([
    {
      appendedAt: 999,
      now: 1_000_000,
      tells: ["refused: seats-taken, booking b", "b: new → FAILED (seats-taken)"],
    },
    { appendedAt: 1000, now: 0, tells: ["booking b", LAPSE, "b: new → PENDING seats 1"] },
  ])("meets a book of its seat appended at $appendedAt, decided at $now", (moment) => {
    const { appendedAt, now, tells } = moment;
    expect(tell(decideLast([...BOOKED, at(appendedAt, book("b", SEAT_1), now)]))).toEqual(tells);
  });
});

describe("a hold starts", () => {
  it.each([
    { appendedAt: 500, now: 500, startsAt: 500, why: "when it is decided" },
    { appendedAt: 500, now: 700, startsAt: 700, why: "not before it is decided" },
    { appendedAt: 500, now: 300, startsAt: 500, why: "not before its request reached the line" },
  ])("$why: appended at $appendedAt, decided at $now", ({ appendedAt, now, startsAt }) => {
    const { state } = play([CREATED, at(appendedAt, book("a", SEAT_1), now)]);
    expect(state.bookings.get("a")).toMatchObject({
      createdAt: appendedAt,
      decidedAt: startsAt,
      updatedAt: startsAt,
      expiresAt: startsAt + HOLD_MS,
    });
  });

  it("and ends by the show's own rule", () => {
    const { state } = play([at(0, createShow({ rules: { holdMs: 7 } })), at(1, book("a", SEAT_1))]);
    expect(state.bookings.get("a")?.expiresAt).toBe(8);
  });

  it("and a hold that started late in a slow line lapses late, too", () => {
    const history = [CREATED, at(0, book("a", SEAT_1), 5_000)];
    expect(tell(decideLast([...history, at(5_000, confirm("a"))]))).toEqual(CONFIRMED);
    expect(tell(decideLast([...history, at(5_000 + HOLD_MS, confirm("a"))]))).toEqual(LATE);
  });
});

const sixSeats = at(0, createShow({ layout: buildPlainLayout(6) }));

describe("before a request is decided,", () => {
  it("what lapsed is released, the oldest first, and of the same age by place", () => {
    const history = [
      sixSeats,
      at(0, book("late", { count: 1 }), 30),
      at(0, book("tie-1", { count: 1 }), 20),
      at(0, book("tie-2", { count: 1 }), 20),
      at(0, book("early", { count: 1 }), 10),
      at(0, book("alive", { count: 1 }), 31),
      at(30 + HOLD_MS, book("new", { count: 5 })),
    ];
    expect(tell(decideLast(history))).toEqual([
      "booking new",
      "early: PENDING → FAILED (hold-expired)",
      "tie-1: PENDING → FAILED (hold-expired)",
      "tie-2: PENDING → FAILED (hold-expired)",
      "late: PENDING → FAILED (hold-expired)",
      "new: new → PENDING seats 1 2 3 4 6",
    ]);
  });

  it("what was confirmed or cancelled in time is not released", () => {
    const history = [
      sixSeats,
      at(0, book("a", SEAT_1)),
      at(0, book("b", { count: 1 })),
      at(1, confirm("a")),
      at(1, cancel("b")),
      at(9 * HOLD_MS, expire("a")),
    ];
    expect(tell(decideLast(history))).toEqual(["booking a"]);
  });

  it("holds of other shows are left alone: nobody asked for them", () => {
    const elsewhere = { ...book("b", SEAT_1), showId: "elsewhere" };
    const history = [...BOOKED, at(0, createShow({ id: "elsewhere" })), at(HOLD_MS, elsewhere)];
    expect(tell(decideLast(history))).toEqual(["booking b", "b: new → PENDING seats 1"]);
  });

  it("a request of an unknown booking releases nothing: it names no show", () => {
    expect(tell(decideLast([...BOOKED, at(HOLD_MS, confirm("nobody"))]))).toEqual([
      "refused: booking-not-found",
    ]);
  });

  it("a request of one booking releases every lapsed hold of its show, its own first", () => {
    const history = [...BOOKED, at(0, book("b", { seats: [2] })), at(HOLD_MS, expire("b"))];
    expect(tell(decideLast(history))).toEqual([
      "refused: hold-expired, booking b",
      "b: PENDING → FAILED (hold-expired)",
      LAPSE,
    ]);
  });
});

describe("a request under the id of another show's booking", () => {
  it("is one of that booking's show: there time passes, and in the other it does not", () => {
    const elsewhere = { ...book("b", SEAT_1), showId: "other" };
    const { state } = play([...BOOKED, at(0, createShow({ id: "other" })), at(0, elsewhere)]);
    const stray = { ...book("a", SEAT_1), showId: "other" };
    const [decision] = play([at(HOLD_MS, stray)], state).decisions;
    expect(decision && tell(decision)).toEqual(LATE);
    expect(state.bookings.get("b")?.status).toBe("PENDING");
  });
});

describe("in one step", () => {
  it("first what lapsed ends, then who waits is served, then the request, then who waits again", () => {
    const history = [
      sixSeats,
      at(0, book("a", { count: 3 })),
      at(1, book("b", { count: 3 })),
      at(2, bookOrWait("w1", { count: 2 })),
      at(2, bookOrWait("w2", { count: 3 })),
      at(2, bookOrWait("short", { count: 6 }, HOLD_MS)),
      at(HOLD_MS, cancel("b")),
    ];
    expect(tell(decideLast(history))).toEqual([
      "booking b",
      LAPSE,
      "short: WAITING → FAILED (not-enough-seats)",
      "w1: WAITING → PENDING seats 1 2",
      "b: PENDING → CANCELLED",
      "w2: WAITING → PENDING seats 3 4 5",
    ]);
  });

  it("one that waits can be served and cancelled, and its places go to the next", () => {
    const history = [
      ...BOOKED,
      at(1, bookOrWait("w1", SEAT_1)),
      at(1, bookOrWait("w2", SEAT_1)),
      at(HOLD_MS, cancel("w1")),
    ];
    expect(tell(decideLast(history))).toEqual([
      "booking w1",
      LAPSE,
      "w1: WAITING → PENDING seats 1",
      "w1: PENDING → CANCELLED",
      "w2: WAITING → PENDING seats 1",
    ]);
  });
});
