/**
 * Every reason for which the core refuses, and which of two reasons is told when both are true. The
 * order is part of the contract: the same request in the same state always gets the same answer.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  cancel,
  confirm,
  createShow,
  decideLast,
  expire,
  play,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { REFUSAL_REASONS } from "./model.ts";
import type { Outcome, RefusalReason } from "./model.ts";

const CREATED = at(0, createShow());
const SEAT_1 = { seats: [1] };
const BOOKED = [CREATED, at(0, book("a", SEAT_1))];
const SOLD_OUT = [...BOOKED, at(0, book("b", { seats: [2] })), at(0, confirm("b"))];

type Refused = Extract<Outcome, { kind: "refused" }>;
/** `internal` is told by the worker, for a request at which the core itself failed. */
type Decided = Exclude<RefusalReason, "internal">;
type Case = { readonly history: Timed[]; readonly told: Omit<Refused, "kind" | "reason"> };

const REFUSALS: Record<Decided, Case> = {
  "key-reused": {
    history: [...BOOKED, at(1, book("a", { seats: [2] }))],
    told: { facts: null, bookingId: null },
  },
  "show-not-found": {
    history: [at(0, book("a", SEAT_1))],
    told: { facts: null, bookingId: "a" },
  },
  "booking-not-found": {
    history: [CREATED, at(0, confirm("nobody"))],
    told: { facts: null, bookingId: null },
  },
  "hold-expired": {
    history: [...BOOKED, at(HOLD_MS, confirm("a"))],
    told: { facts: null, bookingId: "a" },
  },
  "booking-not-pending": {
    history: [...BOOKED, at(1, cancel("a")), at(2, confirm("a"))],
    told: { facts: null, bookingId: "a" },
  },
  "seat-unknown": {
    history: [CREATED, at(0, book("a", { seats: [2, 3] }, { seats: [9] }))],
    told: { facts: { seats: [3, 9] }, bookingId: "a" },
  },
  "seats-taken": {
    history: [...BOOKED, at(1, book("b", { seats: [2, 1] }))],
    told: { facts: { seats: [1] }, bookingId: "b" },
  },
  "not-enough-seats": {
    history: [...BOOKED, at(1, book("b", { count: 2 }))],
    told: { facts: { free: 1, held: 1 }, bookingId: "b" },
  },
  "cancel-not-allowed": {
    history: [...BOOKED, at(1, confirm("a")), at(2, cancel("a"))],
    told: { facts: null, bookingId: "a" },
  },
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

describe("a refused book", () => {
  it("leaves a failed booking with its reason, so that it can be asked for later", () => {
    const { state } = play([...BOOKED, at(1, book("b", SEAT_1))]);
    expect(state.bookings.get("b")).toMatchObject({
      status: "FAILED",
      reason: "seats-taken",
      facts: { seats: [1] },
      want: null,
      seats: [],
      standing: [],
      expiresAt: null,
    });
  });

  it("under a reused key leaves nothing, neither of the first nor of itself", () => {
    const { state, decisions } = play([...BOOKED, at(1, book("a", { seats: [2] }))]);
    expect(decisions.slice(-1).map(tell)).toEqual([["refused: key-reused"]]);
    expect(state.bookings.get("a")).toMatchObject({ status: "PENDING", seats: [1] });
    expect(state.shows.get("show")?.taken.has(2)).toBe(false);
  });
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

/** Both reasons are true of the last request; the first is told. */
const PRECEDENCE: readonly [first: Decided, second: Decided, history: Timed[]][] = [
  [
    "key-reused",
    "show-not-found",
    [...BOOKED, at(1, { ...book("a", { count: 1 }), showId: "elsewhere" })],
  ],
  ["key-reused", "hold-expired", [...BOOKED, at(HOLD_MS, book("a", { count: 1 }))]],
  [
    "key-reused",
    "booking-not-pending",
    [...BOOKED, at(1, cancel("a")), at(2, book("a", { count: 1 }))],
  ],
  ["key-reused", "seat-unknown", [...BOOKED, at(1, book("a", { seats: [3] }))]],
  ["key-reused", "seats-taken", [...SOLD_OUT, at(1, book("a", { seats: [2] }))]],
  ["key-reused", "not-enough-seats", [...SOLD_OUT, at(1, book("a", { count: 1 }))]],
  ["show-not-found", "seat-unknown", [at(0, book("a", { seats: [1_000_001] }))]],
  ["show-not-found", "seats-taken", [at(0, book("a", SEAT_1)), at(0, book("b", SEAT_1))]],
  ["show-not-found", "not-enough-seats", [at(0, book("a", { count: 1_000_001 }))]],
  // A booking whose hold has lapsed is not pending either; the more telling reason comes first.
  ["hold-expired", "booking-not-pending", [...BOOKED, at(HOLD_MS, cancel("a"))]],
  ["seat-unknown", "seats-taken", [...BOOKED, at(1, book("b", { seats: [1, 3] }))]],
  [
    "seat-unknown",
    "not-enough-seats",
    [...SOLD_OUT, at(1, book("c", { count: 1 }, { seats: [3] }))],
  ],
];

describe("of two reasons that are both true,", () => {
  it.each(PRECEDENCE)("%s is told before %s", (first, second, history) => {
    expect(decideLast(history).outcome).toMatchObject({ kind: "refused", reason: first });
    expect(REFUSAL_REASONS.indexOf(first)).toBeLessThan(REFUSAL_REASONS.indexOf(second));
  });

  it("an unknown seat in any want refuses the whole ladder, even where another want fits", () => {
    const history = [CREATED, at(0, book("a", { count: 1 }, { seats: [3] }))];
    expect(tell(decideLast(history))).toEqual([
      "refused: seat-unknown, booking a",
      "a: new → FAILED (seat-unknown)",
    ]);
  });

  it.each([
    { last: "seats-taken", wants: [{ count: 1 }, SEAT_1] },
    { last: "not-enough-seats", wants: [SEAT_1, { count: 1 }] },
  ])("a ladder of which nothing fits tells of its last want: $last", ({ last, wants }) => {
    const history = [...SOLD_OUT, at(1, book("c", ...wants))];
    expect(decideLast(history).outcome).toMatchObject({ reason: last });
  });
});

describe("what is decided stays decided:", () => {
  const refused = [...SOLD_OUT, at(1, book("c", { count: 1 }))];

  it("a refused book is refused with the same words after the seats came back", () => {
    const again = [...refused, at(2, cancel("a")), at(3, book("c", { count: 1 }))];
    expect(decideLast(again)).toEqual({ ...decideLast(refused), writes: [] });
  });

  it("a refused book for no show is refused with the same words after the show was created", () => {
    const history = [at(0, book("a", SEAT_1)), CREATED, at(1, book("a", SEAT_1))];
    expect(tell(decideLast(history))).toEqual(["refused: show-not-found, booking a"]);
  });

  it.each([
    { request: book("a", SEAT_1), histories: [BOOKED, SOLD_OUT] },
    { request: confirm("a", "paid"), histories: [BOOKED, SOLD_OUT] },
    { request: cancel("a"), histories: [BOOKED, SOLD_OUT] },
    { request: expire("a"), histories: [BOOKED, SOLD_OUT] },
    { request: createShow(), histories: [BOOKED, SOLD_OUT] },
  ])("a $request.kind twice has one effect and one answer", ({ request, histories }) => {
    for (const history of histories) {
      const once = [...history, at(2, request)];
      const twice = [...once, at(3, request), at(3 + HOLD_MS / 2, request)];
      const [first, ...later] = play(twice).decisions.slice(history.length);
      expect(later).toEqual(later.map(() => ({ outcome: first?.outcome, writes: [] })));
    }
  });
});
