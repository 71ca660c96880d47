/** What a booking keeps and tells: who asked for what, what it paid, when what happened. */
import { describe, expect, it } from "vitest";
import {
  HOLD_MAX_MS,
  HOLD_MS,
  at,
  book,
  bookOrWait,
  cancel,
  confirm,
  createShow,
  decideLast,
  play,
  tell,
} from "../testing/builders.ts";

const SEAT_1 = { seats: [1] };
const CREATED = at(0, createShow());
const BOOKED = [CREATED, at(0, book("a", SEAT_1))];

const NEW = {
  id: "a",
  showId: "show",
  place: { partition: 0, offset: 1 },
  requestHash: book("a", SEAT_1).requestHash,
  customer: "eve",
  wants: [SEAT_1],
  confirmNow: false,
  returned: [],
  price: null,
  prices: null,
  payment: null,
  rescued: false,
  createdAt: 3,
  decidedAt: 8,
  updatedAt: 8,
  confirmedAt: null,
};

describe("what a booking keeps", () => {
  it("is written whole when its hold begins", () => {
    const asked = { ...book("a", SEAT_1), customer: "eve" };
    const after = {
      ...NEW,
      status: "PENDING",
      reason: null,
      facts: null,
      want: 0,
      seats: [1],
      standing: [],
      expiresAt: 8 + HOLD_MS,
      holdLimit: 8 + HOLD_MAX_MS,
    };
    expect(decideLast([CREATED, at(3, asked, 8)]).writes).toEqual([
      { kind: "booking", before: null, after },
    ]);
  });

  it("is written whole when it waits", () => {
    const first = at(0, book("first", SEAT_1));
    const asked = { ...bookOrWait("a", SEAT_1, 77), customer: "eve" };
    const after = {
      ...NEW,
      place: { partition: 0, offset: 2 },
      status: "WAITING",
      reason: "seats-taken",
      facts: { seats: [1] },
      want: null,
      seats: [],
      standing: [],
      expiresAt: 77,
      holdLimit: null,
    };
    expect(decideLast([CREATED, first, at(3, asked, 8)]).writes).toEqual([
      { kind: "booking", before: null, after },
    ]);
  });

  it("of the payment is the first one told, whatever is told later", () => {
    const told = [at(1, confirm("a", "first")), at(2, confirm("a", "second"))];
    const { state } = play([...BOOKED, ...told]);
    expect(state.bookings.get("a")).toMatchObject({ payment: "first", confirmedAt: 1 });
  });

  it.each([
    { first: "a bare confirm", booked: BOOKED, after: [at(1, confirm("a"))] },
    {
      first: "a booking confirmed at once",
      booked: [CREATED, at(0, { ...book("a", SEAT_1), confirmNow: true })],
      after: [],
    },
  ])("of payment may come after $first, once", ({ booked, after }) => {
    const history = [
      ...booked,
      ...after,
      at(2, confirm("a", "paid"), 3),
      at(4, confirm("a", "not")),
    ];
    expect(play(history).state.bookings.get("a")).toMatchObject({
      status: "CONFIRMED",
      payment: "paid",
      updatedAt: 3,
      confirmedAt: after.length,
    });
  });

  it("of its confirmation is when the request reached the line, whenever that was decided", () => {
    const { state } = play([...BOOKED, at(4, confirm("a"), 9)]);
    const its = { confirmedAt: 4, updatedAt: 9, decidedAt: 0, expiresAt: null, holdLimit: null };
    expect(state.bookings.get("a")).toMatchObject(its);
  });

  it("of its places stays written down when they are given up", () => {
    const { state } = play([...BOOKED, at(1, cancel("a"))]);
    expect(state.bookings.get("a")).toMatchObject({ status: "CANCELLED", seats: [1], want: 0 });
    expect(state.shows.get("show")).toMatchObject({ held: 0, confirmed: 0 });
  });
});

describe("a show that takes confirmed bookings back", () => {
  const created = at(0, createShow({ rules: { cancelConfirmed: true } }));
  const confirmed = [created, at(0, book("a", SEAT_1)), at(1, confirm("a", "receipt 7"))];

  it("cancels a confirmed booking and frees its seats", () => {
    const history = [...confirmed, at(2, cancel("a")), at(3, book("b", SEAT_1))];
    expect(play(history).decisions.slice(-2).map(tell)).toEqual([
      ["booking a", "a: CONFIRMED → CANCELLED"],
      ["booking b", "b: new → PENDING seats 1"],
    ]);
  });

  it("still knows when it was confirmed and how it was paid", () => {
    const { state } = play([...confirmed, at(2, cancel("a"))]);
    const its = { status: "CANCELLED", payment: "receipt 7", confirmedAt: 1, updatedAt: 2 };
    expect(state.bookings.get("a")).toMatchObject(its);
  });
});

it("the staff takes a confirmed booking back on every show", () => {
  const byStaff = { ...cancel("a"), byStaff: true };
  const history = [...BOOKED, at(1, confirm("a")), at(2, cancel("a")), at(3, byStaff)];
  expect(play(history).decisions.slice(-2).map(tell)).toEqual([
    ["refused: cancel-not-allowed, booking a"],
    ["booking a", "a: CONFIRMED → CANCELLED"],
  ]);
});
