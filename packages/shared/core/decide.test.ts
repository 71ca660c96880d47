/**
 * The rules of a booking's life as tables: given a booking's status, when a request of some kind arrives, then
 * this is the outcome and these are the writes. The types make the tables complete.
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
  play,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { BOOKING_STATUSES } from "./model.ts";
import type { BookingStatus } from "./model.ts";
import type { Request } from "./requests.ts";

const SEAT_1 = { seats: [1] };
const CREATED = at(0, createShow({ rules: { rescueMs: RESCUE_MS } }));
const BOOKED = [CREATED, at(0, book("a", SEAT_1))];
const TAKEN = [CREATED, at(0, bookAs({ confirmNow: true }, "first", SEAT_1))];
const WAITING = [...TAKEN, at(0, bookOrWait("a", SEAT_1, HOLD_MS))];
const LAPSED = [...BOOKED, at(HOLD_MS, expire("a"))];

/** A booking `a` of seat 1 in every status that it can have, and when the request comes. */
const HISTORIES = {
  "not known": { history: [CREATED], time: 2 },
  WAITING: { history: WAITING, time: 2 },
  PENDING: { history: BOOKED, time: 2 },
  CONFIRMED: { history: [...BOOKED, at(1, confirm("a", "paid"))], time: 2 },
  CANCELLED: { history: [...BOOKED, at(1, cancel("a"))], time: 2 },
  "CANCELLED with its show": {
    history: [...BOOKED, at(1, changeShow({ sale: "cancelled" }))],
    time: 2,
  },
  "FAILED by refusal": { history: [...TAKEN, at(0, book("a", SEAT_1))], time: 2 },
  "FAILED by its hold": { history: LAPSED, time: HOLD_MS + RESCUE_MS },
  "FAILED by its hold, too late": { history: LAPSED, time: HOLD_MS + RESCUE_MS + 1 },
  "FAILED by waiting in vain": { history: [...WAITING, at(HOLD_MS, expire("a"))], time: HOLD_MS },
  "PENDING past its hold": { history: BOOKED, time: HOLD_MS },
  "WAITING past its end": { history: WAITING, time: HOLD_MS },
} satisfies Record<string, { history: Timed[]; time: number }>;
type Given = keyof typeof HISTORIES;

const STATUS_OF: Record<Exclude<Given, "not known">, BookingStatus> = {
  WAITING: "WAITING",
  PENDING: "PENDING",
  CONFIRMED: "CONFIRMED",
  CANCELLED: "CANCELLED",
  "CANCELLED with its show": "CANCELLED",
  "FAILED by refusal": "FAILED",
  "FAILED by its hold": "FAILED",
  "FAILED by its hold, too late": "FAILED",
  "FAILED by waiting in vain": "FAILED",
  "PENDING past its hold": "PENDING",
  "WAITING past its end": "WAITING",
};

const LAPSE = "a: PENDING → FAILED (hold-expired)";
const IN_VAIN = "a: WAITING → FAILED (seats-taken)";
const TOLD = ["booking a"];
const NOT_FOUND = ["refused: booking-not-found"];
const LATE = ["refused: hold-expired, booking a"];
const NOT_PENDING = ["refused: booking-not-pending, booking a"];
const REFUSED = ["refused: seats-taken, booking a"];
const NO_SHOW = ["refused: show-cancelled, booking a"];
const RESCUED = ["booking a", "a: FAILED → CONFIRMED seats 1 rescued"];

type Rules = Record<Request["kind"], Record<Given, readonly string[]>>;

/** What a request about the show alone is told, whatever the booking is. */
const OF_SHOW = {
  "not known": ["show show"],
  WAITING: ["show show"],
  PENDING: ["show show"],
  CONFIRMED: ["show show"],
  CANCELLED: ["show show"],
  "CANCELLED with its show": ["show show"],
  "FAILED by refusal": ["show show"],
  "FAILED by its hold": ["show show"],
  "FAILED by its hold, too late": ["show show"],
  "FAILED by waiting in vain": ["show show"],
  "PENDING past its hold": ["show show", LAPSE],
  "WAITING past its end": ["show show", IN_VAIN],
};

/** The outcome first, then what is written. */
const RULES = {
  "create-show": OF_SHOW,
  "change-show": OF_SHOW,
  book: {
    "not known": ["booking a", "a: new → PENDING seats 1"],
    WAITING: TOLD,
    PENDING: TOLD,
    CONFIRMED: TOLD,
    CANCELLED: TOLD,
    "CANCELLED with its show": TOLD,
    "FAILED by refusal": REFUSED,
    "FAILED by its hold": LATE,
    "FAILED by its hold, too late": LATE,
    "FAILED by waiting in vain": REFUSED,
    "PENDING past its hold": [...LATE, LAPSE],
    "WAITING past its end": [...REFUSED, IN_VAIN],
  },
  confirm: {
    "not known": NOT_FOUND,
    WAITING: NOT_PENDING,
    PENDING: ["booking a", "a: PENDING → CONFIRMED seats 1"],
    CONFIRMED: TOLD,
    CANCELLED: NOT_PENDING,
    "CANCELLED with its show": NO_SHOW,
    "FAILED by refusal": NOT_PENDING,
    "FAILED by its hold": RESCUED,
    "FAILED by its hold, too late": LATE,
    "FAILED by waiting in vain": NOT_PENDING,
    "PENDING past its hold": [TOLD[0] ?? "", LAPSE, RESCUED[1] ?? ""],
    "WAITING past its end": [...NOT_PENDING, IN_VAIN],
  },
  extend: {
    "not known": NOT_FOUND,
    WAITING: NOT_PENDING,
    PENDING: ["booking a", "a: PENDING → PENDING seats 1"],
    CONFIRMED: NOT_PENDING,
    CANCELLED: NOT_PENDING,
    "CANCELLED with its show": NO_SHOW,
    "FAILED by refusal": NOT_PENDING,
    "FAILED by its hold": LATE,
    "FAILED by its hold, too late": LATE,
    "FAILED by waiting in vain": NOT_PENDING,
    "PENDING past its hold": [...LATE, LAPSE],
    "WAITING past its end": [...NOT_PENDING, IN_VAIN],
  },
  cancel: {
    "not known": NOT_FOUND,
    WAITING: ["booking a", "a: WAITING → CANCELLED"],
    PENDING: ["booking a", "a: PENDING → CANCELLED"],
    CONFIRMED: ["refused: cancel-not-allowed, booking a"],
    CANCELLED: TOLD,
    "CANCELLED with its show": TOLD,
    "FAILED by refusal": NOT_PENDING,
    "FAILED by its hold": LATE,
    "FAILED by its hold, too late": LATE,
    "FAILED by waiting in vain": NOT_PENDING,
    "PENDING past its hold": [...LATE, LAPSE],
    "WAITING past its end": [...NOT_PENDING, IN_VAIN],
  },
  expire: {
    "not known": NOT_FOUND,
    WAITING: TOLD,
    PENDING: TOLD,
    CONFIRMED: TOLD,
    CANCELLED: TOLD,
    "CANCELLED with its show": TOLD,
    "FAILED by refusal": REFUSED,
    "FAILED by its hold": LATE,
    "FAILED by its hold, too late": LATE,
    "FAILED by waiting in vain": REFUSED,
    "PENDING past its hold": [...LATE, LAPSE],
    "WAITING past its end": [...REFUSED, IN_VAIN],
  },
} satisfies Rules;

const REQUESTS: Record<Request["kind"], Request> = {
  "create-show": createShow(),
  "change-show": changeShow({}),
  book: book("a", SEAT_1),
  confirm: confirm("a", "paid"),
  extend: extend("a"),
  cancel: cancel("a"),
  expire: expire("a"),
};

describe("the histories of these tables", () => {
  it.each(Object.entries(STATUS_OF))("%s leaves the booking %s", (given, status) => {
    const { state } = play(HISTORIES[given as Given].history);
    expect(state.bookings.get("a")?.status).toBe(status);
  });

  it("leave no status out", () => {
    expect(new Set(Object.values(STATUS_OF))).toEqual(new Set(BOOKING_STATUSES));
  });
});

describe.each(Object.entries(RULES))("a %s request", (kind, rules) => {
  const cases = Object.entries(rules).map(([given, tells]) => ({ given: given as Given, tells }));

  it.each(cases)("of a booking that is $given", ({ given, tells }) => {
    const { history, time } = HISTORIES[given];
    const last = at(time, REQUESTS[kind as Request["kind"]]);
    expect(tell(decideLast([...history, last]))).toEqual(tells);
  });

  it.each(cases)("of a booking that is $given, once more: the same answer", ({ given }) => {
    const { history, time } = HISTORIES[given];
    const last = at(time, REQUESTS[kind as Request["kind"]]);
    const [once, again] = play([...history, last, last]).decisions.slice(-2);
    expect(again).toEqual({ outcome: once?.outcome, writes: [] });
  });
});

describe("a booking confirmed at once", () => {
  const automatic = createShow({ rules: { confirmation: "automatic" } });
  const sooner = bookAs({ confirmNow: true }, "a", SEAT_1);

  it.each([
    { rule: "a show with automatic confirmation", show: automatic, asked: book("a", SEAT_1) },
    { rule: "a request that asks for it on any show", show: createShow(), asked: sooner },
    { rule: "both", show: automatic, asked: sooner },
    {
      rule: "a request for it that names a hold, too",
      show: automatic,
      asked: { ...sooner, holdMs: 5 },
    },
  ])("by $rule, has no hold that could lapse", ({ show, asked }) => {
    const { state, decisions } = play([at(0, show), at(5, asked)]);
    expect(decisions.slice(-1).map(tell)).toEqual([["booking a", "a: new → CONFIRMED seats 1"]]);
    const none = { expiresAt: null, holdLimit: null };
    expect(state.bookings.get("a")).toMatchObject({ confirmedAt: 5, ...none });
    const late = play([at(5 + HOLD_MS, expire("a"))], state);
    expect(late.decisions.map(tell)).toEqual([["booking a"]]);
  });
});

describe("creating a show", () => {
  it("writes it whole, open, with the time at which the request reached the line", () => {
    const request = createShow({ rules: { holdMs: 7 }, opensAt: 5 });
    const { kind: _kind, requestId: _requestId, showId: id, ...facts } = request;
    const place = { partition: 0, offset: 0 };
    const show = { id, ...facts, sale: "open", archived: false, place, createdAt: 42 };
    expect(decideLast([at(42, request, 99)]).writes).toEqual([{ kind: "show-created", show }]);
  });

  it("a second time keeps the first one as it is, and what was booked in it", () => {
    const other = createShow({ rules: { cancelConfirmed: true } });
    const { state, decisions } = play([...BOOKED, at(1, other)]);
    expect(decisions.slice(-1).map(tell)).toEqual([["show show"]]);
    const facts = { rules: { cancelConfirmed: false } };
    expect(state.shows.get("show")).toMatchObject({ facts, held: 1 });
  });
});
