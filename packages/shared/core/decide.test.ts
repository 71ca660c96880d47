/**
 * The rules of a booking's life as tables: given a booking's status, when a request of some kind
 * arrives, then this is the outcome and these are the writes. The types make the tables complete.
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
import { BOOKING_STATUSES } from "./model.ts";
import type { BookingStatus, Request } from "./model.ts";

const SEAT_1 = { seats: [1] };
const CREATED = at(0, createShow());
const BOOKED = [CREATED, at(0, book("a", SEAT_1))];

/** A booking `a` of seat 1 in every status that it can have; each ends before its hold does. */
const HISTORIES = {
  "not known": [CREATED],
  PENDING: BOOKED,
  CONFIRMED: [...BOOKED, at(1, confirm("a", "paid"))],
  CANCELLED: [...BOOKED, at(1, cancel("a"))],
  "FAILED by refusal": [CREATED, at(0, book("first", SEAT_1)), at(0, book("a", SEAT_1))],
  "FAILED by its hold": [...BOOKED, at(HOLD_MS, expire("a"))],
  "PENDING past its hold": BOOKED,
} satisfies Record<string, Timed[]>;
type Given = keyof typeof HISTORIES;

/** Early enough for a hold to be alive, except where the status says otherwise. */
function timeOf(given: Given): number {
  return given === "PENDING past its hold" || given === "FAILED by its hold" ? HOLD_MS : 2;
}

const LAPSE = "a: PENDING → FAILED (hold-expired)";
const LATE = "refused: hold-expired, booking a";
const NOT_PENDING = "refused: booking-not-pending, booking a";
const REFUSED = "refused: seats-taken, booking a";

type Told = readonly string[];
type Rules = Record<Request["kind"], Record<Given, Told>>;

/** The outcome first, then what is written. */
const RULES = {
  "create-show": {
    "not known": ["show show"],
    PENDING: ["show show"],
    CONFIRMED: ["show show"],
    CANCELLED: ["show show"],
    "FAILED by refusal": ["show show"],
    "FAILED by its hold": ["show show"],
    "PENDING past its hold": ["show show", LAPSE],
  },
  book: {
    "not known": ["booking a", "a: new → PENDING seats 1"],
    PENDING: ["booking a"],
    CONFIRMED: ["booking a"],
    CANCELLED: ["booking a"],
    "FAILED by refusal": [REFUSED],
    "FAILED by its hold": [LATE],
    "PENDING past its hold": [LATE, LAPSE],
  },
  confirm: {
    "not known": ["refused: booking-not-found"],
    PENDING: ["booking a", "a: PENDING → CONFIRMED seats 1"],
    CONFIRMED: ["booking a"],
    CANCELLED: [NOT_PENDING],
    "FAILED by refusal": [NOT_PENDING],
    "FAILED by its hold": [LATE],
    "PENDING past its hold": [LATE, LAPSE],
  },
  cancel: {
    "not known": ["refused: booking-not-found"],
    PENDING: ["booking a", "a: PENDING → CANCELLED"],
    CONFIRMED: ["refused: cancel-not-allowed, booking a"],
    CANCELLED: ["booking a"],
    "FAILED by refusal": [NOT_PENDING],
    "FAILED by its hold": [LATE],
    "PENDING past its hold": [LATE, LAPSE],
  },
  expire: {
    "not known": ["refused: booking-not-found"],
    PENDING: ["booking a"],
    CONFIRMED: ["booking a"],
    CANCELLED: ["booking a"],
    "FAILED by refusal": [REFUSED],
    "FAILED by its hold": [LATE],
    "PENDING past its hold": [LATE, LAPSE],
  },
} satisfies Rules;

const REQUESTS: Record<Request["kind"], Request> = {
  "create-show": createShow(),
  book: book("a", SEAT_1),
  confirm: confirm("a", "paid"),
  cancel: cancel("a"),
  expire: expire("a"),
};

const STATUS_OF: Record<Exclude<Given, "not known">, BookingStatus> = {
  PENDING: "PENDING",
  CONFIRMED: "CONFIRMED",
  CANCELLED: "CANCELLED",
  "FAILED by refusal": "FAILED",
  "FAILED by its hold": "FAILED",
  "PENDING past its hold": "PENDING",
};

function casesOf(rules: Record<Given, Told>) {
  return Object.entries(rules).map(([given, tells]) => ({ given: given as Given, tells }));
}

describe("the histories of these tables", () => {
  it.each(Object.entries(STATUS_OF))("%s leaves the booking %s", (given, status) => {
    const { state } = play(HISTORIES[given as Given]);
    expect(state.bookings.get("a")?.status).toBe(status);
  });

  it("leave no status out", () => {
    expect(new Set(Object.values(STATUS_OF))).toEqual(new Set(BOOKING_STATUSES));
  });
});

describe.each(Object.entries(RULES))("a %s request", (kind, rules) => {
  it.each(casesOf(rules))("of a booking that is $given", ({ given, tells }) => {
    const last = at(timeOf(given), REQUESTS[kind as Request["kind"]]);
    expect(tell(decideLast([...HISTORIES[given], last]))).toEqual(tells);
  });
});

describe("a show that takes confirmed bookings back", () => {
  const created = at(0, createShow({ rules: { cancelConfirmed: true } }));
  const confirmed = [created, at(0, book("a", SEAT_1)), at(1, confirm("a"))];

  it("cancels a confirmed booking and frees its seats", () => {
    const history = [...confirmed, at(2, cancel("a")), at(3, book("b", SEAT_1))];
    expect(play(history).decisions.slice(-2).map(tell)).toEqual([
      ["booking a", "a: CONFIRMED → CANCELLED"],
      ["booking b", "b: new → PENDING seats 1"],
    ]);
  });

  it("still knows when it was confirmed and how it was paid", () => {
    const { state } = play([
      created,
      at(0, book("a", SEAT_1)),
      at(1, confirm("a", "receipt 7")),
      at(2, cancel("a")),
    ]);
    expect(state.bookings.get("a")).toMatchObject({
      status: "CANCELLED",
      payment: "receipt 7",
      confirmedAt: 1,
      updatedAt: 2,
      seats: [],
    });
  });
});

describe("a booking confirmed at once", () => {
  const automatic = createShow({ rules: { confirmation: "automatic" } });
  const sooner = { ...book("a", SEAT_1), confirmNow: true };

  it.each([
    {
      rule: "a show with automatic confirmation",
      history: [at(0, automatic), at(5, book("a", SEAT_1))],
    },
    { rule: "a request that asks for it on any show", history: [CREATED, at(5, sooner)] },
    { rule: "both", history: [at(0, automatic), at(5, sooner)] },
  ])("by $rule, has no hold that could lapse", ({ history }) => {
    const { state, decisions } = play(history);
    expect(decisions.slice(-1).map(tell)).toEqual([["booking a", "a: new → CONFIRMED seats 1"]]);
    expect(state.bookings.get("a")).toMatchObject({ confirmedAt: 5, expiresAt: null });
    const late = play([at(5 + HOLD_MS, expire("a"))], state);
    expect(late.decisions.map(tell)).toEqual([["booking a"]]);
  });
});

describe("creating a show", () => {
  it("writes it whole, with the time at which the request reached the line", () => {
    const request = createShow({ rules: { holdMs: 7 } });
    const { kind: _kind, requestId: _requestId, showId: id, ...facts } = request;
    expect(decideLast([at(42, request, 99)]).writes).toEqual([
      { kind: "show-created", show: { id, ...facts, createdAt: 42 } },
    ]);
  });

  it("a second time keeps the first one as it is, and what was booked in it", () => {
    const { state, decisions } = play([
      ...BOOKED,
      at(1, createShow({ rules: { cancelConfirmed: true } })),
    ]);
    expect(decisions.slice(-1).map(tell)).toEqual([["show show"]]);
    expect(state.shows.get("show")).toMatchObject({
      facts: { rules: { cancelConfirmed: false } },
      held: 1,
    });
  });
});

describe("what a booking keeps", () => {
  it("is written whole when its hold begins", () => {
    const { writes } = decideLast([CREATED, at(3, { ...book("a", SEAT_1), customer: "eve" }, 8)]);
    expect(writes).toEqual([
      {
        kind: "booking",
        before: null,
        after: {
          id: "a",
          showId: "show",
          place: { partition: 0, offset: 1 },
          requestHash: book("a", SEAT_1).requestHash,
          customer: "eve",
          wants: [SEAT_1],
          status: "PENDING",
          reason: null,
          facts: null,
          want: 0,
          seats: [1],
          standing: [],
          payment: null,
          createdAt: 3,
          decidedAt: 8,
          updatedAt: 8,
          expiresAt: 8 + HOLD_MS,
          confirmedAt: null,
        },
      },
    ]);
  });

  it("of the payment is the first one told, whatever is told later", () => {
    const { state } = play([
      ...BOOKED,
      at(1, confirm("a", "first")),
      at(2, confirm("a", "second")),
    ]);
    expect(state.bookings.get("a")).toMatchObject({ payment: "first", confirmedAt: 1 });
  });
});
