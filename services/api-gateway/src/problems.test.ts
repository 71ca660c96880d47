import { expect, test } from "vitest";

import { REFUSAL_REASONS } from "@seatline/shared/core/model.ts";

import { PROBLEMS, buildInvalid, buildProblem, describeRefusal } from "./problems.ts";

/** The contract's table, without `too-many-requests`: nothing counts requests yet. */
const STATUSES = {
  "show-not-found": 404,
  "booking-not-found": 404,
  "sale-not-open": 409,
  "sale-closed": 409,
  "booking-not-pending": 409,
  "customer-limit-reached": 409,
  "not-enough-together": 409,
  "hold-limit-reached": 409,
  "seats-taken": 409,
  "not-enough-seats": 409,
  "cancel-not-allowed": 409,
  "show-cancelled": 410,
  "hold-expired": 410,
  "key-reused": 422,
  "seat-unknown": 422,
  "too-many-seats": 422,
  internal: 500,
  "invalid-request": 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  "log-incomplete": 410,
  unavailable: 503,
};

test("every reason has the status that the contract gives it, a title, and a sentence", () => {
  const statuses = Object.entries(PROBLEMS).map(([reason, { status }]) => [reason, status]);
  expect(Object.fromEntries(statuses)).toEqual(STATUSES);
  for (const { title, about } of Object.values(PROBLEMS)) {
    expect(title).toMatch(/^[A-Z]/);
    expect(about).toMatch(/[.]$/);
  }
});

test("every refusal of the core is a problem of its own name", () => {
  for (const reason of REFUSAL_REASONS) {
    const problem = buildProblem(reason, { facts: null });
    expect(problem).toMatchObject({ type: `/problems/${reason}`, reason });
    expect(describeRefusal(reason, null, null).length).toBeGreaterThan(0);
  }
});

test.each([
  [1, 0, 0, "1 place was asked for; 0 are free."],
  [2, 1, 0, "2 places were asked for; 1 is free."],
  [2, 1, 1, "2 places were asked for; 1 is free and 1 is held by others and may come back."],
  [3, 2, 5, "3 places were asked for; 2 are free and 5 are held by others and may come back."],
])("%d wanted, %d free, %d held: in good English", (...[wanted, free, held, sentence]) => {
  expect(describeRefusal("not-enough-seats", { free, held }, wanted)).toBe(sentence);
});

test("the seats that stand in the way are named", () => {
  expect(describeRefusal("seats-taken", { seats: [3, 9] }, 2)).toBe("Not free: 3, 9.");
  expect(describeRefusal("seat-unknown", { seats: [31] }, 1)).toBe("Unknown: seat 31.");
  const facts = { seats: [31], sections: ["Balkony"] };
  expect(describeRefusal("seat-unknown", facts, 1)).toBe('Unknown: seat 31, section "Balkony".');
});

test("limits and times are told with their figures", () => {
  const limit = { limitOf: "seats-per-customer", limit: 4, used: 3 } as const;
  expect(describeRefusal("customer-limit-reached", limit, 2)).toBe(
    "One customer can have at most 4 places of this show, and this one has 3. A request that names no customer gets none.",
  );
  expect(describeRefusal("sale-not-open", { opensAt: 0 }, 2)).toBe(
    "The sale opens at 1970-01-01T00:00:00.000Z.",
  );
  expect(buildProblem("sale-not-open", { facts: { opensAt: 0 } })).toMatchObject({
    opensAt: "1970-01-01T00:00:00.000Z",
  });
});

test("several faults are one sentence, and each is there by itself", () => {
  const errors = [
    { path: "/count", message: "must be a whole number from 1 to 50" },
    { path: "/wants/0", message: "is missing" },
  ];
  expect(buildInvalid(errors)).toEqual({
    type: "/problems/invalid-request",
    title: "Invalid request",
    status: 400,
    reason: "invalid-request",
    detail: "count must be a whole number from 1 to 50; wants.0 is missing.",
    errors,
  });
  expect(buildInvalid(errors, 413)).toMatchObject({ status: 413, title: "Invalid request" });
});
