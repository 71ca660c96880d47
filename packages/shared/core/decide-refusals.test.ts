/**
 * Every reason for which the core refuses, with all that it tells. Which of two is told: `refusal-order.test.ts`.
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
  extend,
  play,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import type { Outcome } from "./decision.ts";
import { buildPlainLayout } from "./seats/layout.ts";
import { REFUSAL_REASONS } from "./model.ts";
import type { RefusalReason } from "./model.ts";

const SEAT_1 = { seats: [1] };
const CREATED = at(0, createShow());
const BOOKED = [CREATED, at(0, book("a", SEAT_1))];
const CONFIRMED = [...BOOKED, at(1, confirm("a"))];
const CLOSED = [CREATED, at(0, changeShow({ sale: "closed" }))];
const CANCELLED = [CREATED, at(0, changeShow({ sale: "cancelled" }))];
const eve = (id: string, seat: number) => bookAs({ customer: "eve" }, id, { seats: [seat] });

type Refused = Extract<Outcome, { kind: "refused" }>;
/** `internal` is told by the worker, for a request at which the core itself failed. */
type Decided = Exclude<RefusalReason, "internal">;
type Case = { readonly history: Timed[]; readonly told: Omit<Refused, "kind" | "reason"> };
const bare = (bookingId: string | null) => ({ facts: null, bookingId });

const REFUSALS: Record<Decided, Case> = {
  "key-reused": { history: [...BOOKED, at(1, book("a", { seats: [2] }))], told: bare(null) },
  "show-not-found": { history: [at(0, book("a", SEAT_1))], told: bare("a") },
  "show-cancelled": { history: [...CANCELLED, at(1, book("a", SEAT_1))], told: bare("a") },
  "sale-not-open": {
    history: [at(0, createShow({ opensAt: 5 })), at(4, book("a", SEAT_1))],
    told: { facts: { opensAt: 5 }, bookingId: "a" },
  },
  "sale-closed": {
    history: [at(0, createShow({ closesAt: 5 })), at(5, book("a", SEAT_1))],
    told: { facts: { closesAt: 5 }, bookingId: "a" },
  },
  "booking-not-found": { history: [CREATED, at(0, confirm("nobody"))], told: bare(null) },
  "hold-expired": { history: [...BOOKED, at(HOLD_MS + 1, confirm("a"))], told: bare("a") },
  "booking-not-pending": {
    history: [...BOOKED, at(1, cancel("a")), at(2, confirm("a"))],
    told: bare("a"),
  },
  "seat-unknown": {
    history: [CREATED, at(0, book("a", { seats: [2, 3] }, { count: 1, sections: ["Moon"] }))],
    told: { facts: { seats: [3], sections: ["Moon"] }, bookingId: "a" },
  },
  "too-many-seats": {
    history: [
      at(0, createShow({ rules: { seatsPerBookingMax: 1 } })),
      at(0, book("a", { count: 1 }, { together: [1, 1] })),
    ],
    told: { facts: { limitOf: "seats-per-booking", limit: 1 }, bookingId: "a" },
  },
  "customer-limit-reached": {
    history: [
      at(0, createShow({ rules: { seatsPerCustomerMax: 1 } })),
      at(0, eve("a", 1)),
      at(0, eve("b", 2)),
    ],
    told: { facts: { limitOf: "seats-per-customer", limit: 1, used: 1 }, bookingId: "b" },
  },
  "seats-taken": {
    history: [...BOOKED, at(1, book("b", { seats: [2, 1] }))],
    told: { facts: { seats: [1] }, bookingId: "b" },
  },
  "not-enough-together": {
    history: [
      at(0, createShow({ layout: buildPlainLayout(3) })),
      at(0, book("a", { seats: [2] })),
      at(0, book("b", { together: [2] })),
    ],
    told: { facts: { free: 2, held: 1 }, bookingId: "b" },
  },
  "not-enough-seats": {
    history: [...BOOKED, at(1, book("b", { count: 2 }))],
    told: { facts: { free: 1, held: 1 }, bookingId: "b" },
  },
  "hold-limit-reached": {
    history: [...BOOKED, at(0, extend("a", HOLD_MAX_MS)), at(1, extend("a", HOLD_MAX_MS))],
    told: bare("a"),
  },
  "cancel-not-allowed": { history: [...CONFIRMED, at(2, cancel("a"))], told: bare("a") },
};

describe("the core refuses with", () => {
  it.each(Object.entries(REFUSALS))("%s", (reason, { history, told }) => {
    expect(decideLast(history).outcome).toEqual({ kind: "refused", reason, ...told });
  });

  it("no other reason than these, and the worker's own", () => {
    const told = [...Object.keys(REFUSALS), "internal"];
    expect(told.sort()).toEqual([...REFUSAL_REASONS].sort());
  });
});

describe("a refusal:", () => {
  it("an unknown seat in any want refuses the whole ladder, even where another want fits", () => {
    const asked = book("a", { count: 1 }, { seats: [3] });
    expect(decideLast([CREATED, at(0, asked)]).outcome).toMatchObject({ reason: "seat-unknown" });
  });

  it("a want that is too large refuses the whole ladder, even where another want fits", () => {
    const history = [
      at(0, createShow({ rules: { seatsPerBookingMax: 2 } })),
      at(0, book("a", { count: 1 }, { count: 3 })),
    ];
    expect(decideLast(history).outcome).toMatchObject({ reason: "too-many-seats" });
  });

  const soldOut = [...BOOKED, at(0, book("b", { seats: [2] }))];

  it.each([
    { last: "seats-taken", wants: [{ count: 1 }, { together: [1] }, SEAT_1] },
    { last: "not-enough-seats", wants: [SEAT_1, { count: 1 }] },
    { last: "not-enough-together", wants: [SEAT_1, { count: 1 }, { together: [1] }] },
  ])("a ladder of which nothing fits tells of its last want: $last", ({ last, wants }) => {
    const history = [...soldOut, at(1, book("c", ...wants))];
    expect(decideLast(history).outcome).toMatchObject({ reason: last });
  });

  it("what is refused is refused with the same words after the seats came back", () => {
    const refused = [...soldOut, at(1, book("c", { count: 1 }))];
    const again = [...refused, at(2, cancel("a")), at(3, book("c", { count: 1 }))];
    expect(decideLast(again)).toEqual({ ...decideLast(refused), writes: [] });
  });

  it("what was refused for no show is refused so after the show was created", () => {
    const history = [at(0, bookOrWait("a", SEAT_1)), CREATED, at(1, bookOrWait("a", SEAT_1))];
    expect(decideLast(history).outcome).toMatchObject({ reason: "show-not-found" });
  });

  it("a reused key leaves nothing, neither of the first nor of itself", () => {
    const { state } = play([...BOOKED, at(1, book("a", { seats: [2] }))]);
    expect(state.bookings.get("a")).toMatchObject({ status: "PENDING", seats: [1] });
    expect(state.shows.get("show")?.taken.has(2)).toBe(false);
  });

  it("a show is not created again under a reused key, and stays as it is", () => {
    const other = { ...createShow(), name: "Another", requestHash: "asked otherwise" };
    const { state, decisions } = play([CREATED, at(1, other), at(2, createShow())]);
    expect(decisions.map(({ outcome }) => outcome)).toMatchObject([
      { kind: "show" },
      { kind: "refused", reason: "key-reused", bookingId: null },
      { kind: "show" },
    ]);
    expect(state.shows.get("show")?.facts).toMatchObject({ name: createShow().name });
  });

  it("a closed show says so without a time, if it was closed by word", () => {
    const { outcome } = decideLast([...CLOSED, at(1, book("a", SEAT_1))]);
    expect(outcome).toMatchObject({ reason: "sale-closed", facts: null });
  });
});
