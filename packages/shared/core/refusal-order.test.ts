/**
 * Which of two reasons is told when both are true of a request. The order is part of the contract: the same
 * request in the same state always gets the same answer. Planted faults these catch: `too-many-seats` asked
 * before `seat-unknown`, a closed sale told before one that is not open yet, `cancel-not-allowed` asked before the
 * seats that are named.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MAX_MS,
  HOLD_MS,
  at,
  book,
  bookAs,
  cancel,
  changeShow,
  confirm,
  createShow,
  decideLast,
  extend,
  layoutOf,
  seated,
  standing,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { REFUSAL_REASONS } from "./model.ts";
import type { RefusalReason } from "./model.ts";
import type { Request } from "./requests.ts";

const SEAT_1 = { seats: [1] };
const CREATED = at(0, createShow());
const BOOKED = [CREATED, at(0, book("a", SEAT_1))];
const CONFIRMED = [...BOOKED, at(1, confirm("a"))];
const LIMITED = at(0, createShow({ rules: { seatsPerCustomerMax: 2 } }));
const eve = (id: string, seat: number) => bookAs({ customer: "eve" }, id, { seats: [seat] });

/** `internal` is told by the worker, for a request at which the core itself failed. */
type Decided = Exclude<RefusalReason, "internal">;

/** Which requests each reason is an answer to; no request meets two reasons that share none. */
const REFUSES: Record<Decided, readonly Request["kind"][]> = {
  "key-reused": ["book", "create-show"],
  "show-not-found": ["book", "change-show"],
  "show-cancelled": ["book", "change-show", "confirm", "extend"],
  "sale-not-open": ["book"],
  "sale-closed": ["book"],
  "booking-not-found": ["confirm", "extend", "cancel", "expire"],
  "hold-expired": ["confirm", "extend", "cancel"],
  "booking-not-pending": ["confirm", "extend", "cancel"],
  "seat-unknown": ["book", "change-show", "cancel"],
  "too-many-seats": ["book"],
  "customer-limit-reached": ["book"],
  "seats-taken": ["book"],
  "not-enough-together": ["book"],
  "not-enough-seats": ["book", "change-show"],
  "hold-limit-reached": ["extend"],
  "cancel-not-allowed": ["cancel"],
};

/** Seats 1 and 2 in a row, of which seat 2 is blocked, and a bar for one. */
const HOUSE = layoutOf([seated("Row", "A", { seatsPerRow: 2 }), standing("Bar", 1)], {
  blocked: "2",
});
/** A show in which everything is refused that can be: by whom, when, and what they want. */
const NARROW = { layout: HOUSE, rules: { seatsPerBookingMax: 2, seatsPerCustomerMax: 1 } };
const closed = at(1, changeShow({ sale: "closed" }));
const cancelled = at(1, changeShow({ sale: "cancelled" }));
const WANTS = {
  "seat-unknown": { seats: [9] },
  "too-many-seats": { together: [1, 2] },
  "customer-limit-reached": { count: 1 },
  "seats-taken": { seats: [2] },
  "not-enough-together": { together: [2] },
  "not-enough-seats": { count: 1, sections: [] },
} as const;
type Misfit = keyof typeof WANTS;
const MISFITS = Object.keys(WANTS) as Misfit[];

/** Both reasons are true of the last request; the first is told. */
type Pair = readonly [first: Decided, second: Decided, history: Timed[]];

const OF_SALES: readonly Pair[] = [
  [
    "sale-not-open",
    "sale-closed",
    [at(0, createShow({ opensAt: 9 })), closed, at(2, book("a", SEAT_1))],
  ],
  [
    "show-cancelled",
    "sale-not-open",
    [at(0, createShow({ opensAt: 9 })), cancelled, at(2, book("a", SEAT_1))],
  ],
  [
    "show-cancelled",
    "sale-closed",
    [at(0, createShow({ closesAt: 2 })), cancelled, at(2, book("a", SEAT_1))],
  ],
  [
    "show-cancelled",
    "hold-expired",
    [...BOOKED, at(HOLD_MS, changeShow({ sale: "cancelled" })), at(HOLD_MS, confirm("a"))],
  ],
  [
    "show-cancelled",
    "booking-not-pending",
    [...BOOKED, at(1, cancel("a")), cancelled, at(2, extend("a"))],
  ],
  ...MISFITS.flatMap((misfit): Pair[] => {
    const asked = at(2, book("a", WANTS[misfit]));
    const early = at(0, createShow({ ...NARROW, opensAt: 9 }));
    return [
      ["show-cancelled", misfit, [at(0, createShow(NARROW)), cancelled, asked]],
      ["sale-not-open", misfit, [early, asked]],
      ["sale-closed", misfit, [at(0, createShow(NARROW)), closed, asked]],
    ];
  }),
];

/** The booking `a` exists, and somebody uses its id for something else, which would be refused as well. */
const OF_KEYS: readonly Pair[] = [
  [
    "key-reused",
    "show-not-found",
    [...BOOKED, at(1, { ...book("a", { count: 1 }), showId: "elsewhere" })],
  ],
  ["key-reused", "show-cancelled", [...BOOKED, cancelled, at(2, book("a", { count: 1 }))]],
  [
    "key-reused",
    "sale-not-open",
    [at(0, createShow({ opensAt: 9 })), at(0, book("a", SEAT_1)), at(1, book("a", { count: 1 }))],
  ],
  ["key-reused", "sale-closed", [...BOOKED, closed, at(2, book("a", { count: 1 }))]],
  ...MISFITS.map((misfit): Pair => {
    const first = at(0, bookAs({ customer: "eve" }, "a", SEAT_1));
    return [
      "key-reused",
      misfit,
      [at(0, createShow(NARROW)), first, at(1, book("a", WANTS[misfit]))],
    ];
  }),
];

const LAPSED = [...BOOKED, at(HOLD_MS, cancel("a"))];
const foreign = cancel("a", { seats: [2], standing: [] });

const OF_WANTS: readonly Pair[] = [
  [
    "seat-unknown",
    "too-many-seats",
    [at(0, createShow(NARROW)), at(0, book("a", { seats: [1, 2, 3] }))],
  ],
  ["seat-unknown", "customer-limit-reached", [LIMITED, at(0, book("a", { seats: [3] }))]],
  ["seat-unknown", "seats-taken", [...BOOKED, at(1, book("b", { seats: [1, 3] }))]],
  [
    "seat-unknown",
    "not-enough-together",
    [CREATED, at(0, book("a", { together: [3] }, { seats: [3] }))],
  ],
  [
    "seat-unknown",
    "not-enough-seats",
    [CREATED, at(0, book("a", { count: 3, sections: ["Moon"] }))],
  ],
  ["seat-unknown", "cancel-not-allowed", [...CONFIRMED, at(2, foreign)]],
  [
    "too-many-seats",
    "customer-limit-reached",
    [at(0, createShow(NARROW)), at(0, book("a", { count: 3 }))],
  ],
  [
    "too-many-seats",
    "seats-taken",
    [
      at(0, createShow({ rules: { seatsPerBookingMax: 1 } })),
      at(0, book("a", SEAT_1)),
      at(0, book("b", { seats: [1, 2] })),
    ],
  ],
  [
    "too-many-seats",
    "not-enough-together",
    [at(0, createShow({ rules: { seatsPerBookingMax: 2 } })), at(0, book("a", { together: [3] }))],
  ],
  [
    "too-many-seats",
    "not-enough-seats",
    [at(0, createShow({ rules: { seatsPerBookingMax: 2 } })), at(0, book("a", { count: 3 }))],
  ],
  [
    "customer-limit-reached",
    "seats-taken",
    [LIMITED, at(0, eve("a", 1)), at(0, book("b", SEAT_1))],
  ],
  ["customer-limit-reached", "not-enough-together", [LIMITED, at(0, book("b", { together: [3] }))]],
  ["customer-limit-reached", "not-enough-seats", [LIMITED, at(0, book("b", { count: 3 }))]],
  [
    "seats-taken",
    "not-enough-seats",
    [...BOOKED, at(0, book("b", { seats: [1, 2], priceMax: -1 }))],
  ],
  // A booking whose hold has lapsed is not pending either; the more telling reason comes first.
  ["hold-expired", "booking-not-pending", LAPSED],
  ["hold-expired", "seat-unknown", [...BOOKED, at(HOLD_MS, foreign)]],
  ["hold-expired", "hold-limit-reached", [...BOOKED, at(HOLD_MS, extend("a", HOLD_MAX_MS))]],
  [
    "booking-not-pending",
    "seat-unknown",
    [...BOOKED, at(0, book("b", SEAT_1)), at(1, cancel("b", { seats: [9], standing: [] }))],
  ],
];

const TRUE_AT_ONCE = [...OF_SALES, ...OF_KEYS, ...OF_WANTS];

/** Pairs that one request could be told, but not at the same time. */
const NEVER_AT_ONCE = new Map<string, string>([
  ...(["show-cancelled", "sale-not-open", "sale-closed", ...MISFITS] as const).map(
    (second): [string, string] => [
      `show-not-found, ${second}`,
      "a show that there is not has no sale and no seats",
    ],
  ),
  ...(
    [
      "hold-expired",
      "booking-not-pending",
      "seat-unknown",
      "hold-limit-reached",
      "cancel-not-allowed",
    ] as const
  ).map((second): [string, string] => [
    `booking-not-found, ${second}`,
    "a booking that there is not has no status and no places",
  ]),
  ["show-cancelled, booking-not-found", "which show it is, only the booking would know"],
  ["show-cancelled, hold-limit-reached", "in a cancelled show nobody holds anything"],
  ["hold-expired, cancel-not-allowed", "what has lapsed is not confirmed"],
  [
    "booking-not-pending, cancel-not-allowed",
    "what is confirmed can be cancelled or not, and no more",
  ],
  ["booking-not-pending, hold-limit-reached", "who has no hold has no limit of one"],
  [
    "seats-taken, not-enough-together",
    "of a ladder the last want speaks, and a want is one or the other",
  ],
  ["not-enough-together, not-enough-seats", "the same: groups, or a count"],
]);

describe("of two reasons that are both true,", () => {
  it.each(TRUE_AT_ONCE)("%s is told before %s", (first, second, history) => {
    expect(decideLast(history).outcome).toMatchObject({ kind: "refused", reason: first });
    expect(REFUSAL_REASONS.indexOf(first)).toBeLessThan(REFUSAL_REASONS.indexOf(second));
  });

  const reasons = REFUSAL_REASONS.filter((reason) => reason !== "internal");
  const pairs = reasons.flatMap((first, index) =>
    reasons.slice(index + 1).map((second) => [first, second] as const),
  );

  it.each(pairs)("%s and %s are tried together, or never true together", (first, second) => {
    const places = [
      REFUSES[first].every((kind) => !REFUSES[second].includes(kind)),
      TRUE_AT_ONCE.some((pair) => pair[0] === first && pair[1] === second),
      NEVER_AT_ONCE.has(`${first}, ${second}`),
    ];
    expect(places.filter(Boolean)).toHaveLength(1);
  });
});
