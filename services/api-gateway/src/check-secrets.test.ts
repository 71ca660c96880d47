/** Secrets that were changed by mistake are noticed by the bookings that the right ones made. */
import { HOST } from "@seatline/shared/runtime/host.ts";
import { expect, test } from "vitest";

import { buildBookingId, buildKeyedBookingId } from "@seatline/shared/contract/booking-id.ts";

import { findSecretFault } from "./check-secrets.ts";

const [FIRST, SECOND, STRANGER] = ["the first secret", "the second secret", "some other secret"];
const scope = { showId: "01990000-0000-7000-8000-000000000000", client: "c" };
const keyed = (...secrets: [string, ...string[]]) =>
  [1, 2].map((key) => buildKeyedBookingId(secrets, 1, { ...scope, key: String(key) }));
const plain = (...secrets: [string, ...string[]]) =>
  [1, 2].map(() => buildBookingId(secrets, 1, HOST));

test("the secrets that were used all the time are right, alone and behind a new one", () => {
  const ids = [...keyed(FIRST), ...plain(FIRST)];
  expect(findSecretFault([FIRST], ids)).toBeNull();
  expect(findSecretFault([SECOND, FIRST], ids)).toBeNull();
  expect(findSecretFault([SECOND, FIRST], [...ids, ...plain(SECOND, FIRST)])).toBeNull();
});

test("a database without bookings knows of no secrets", () => {
  expect(findSecretFault([FIRST], [])).toBeNull();
});

test("a single booking of somebody else's does not count against those that are ours", () => {
  expect(findSecretFault([FIRST], [...plain(STRANGER), ...plain(FIRST)])).toBeNull();
});

test("other secrets are refused", () => {
  for (const ids of [plain(FIRST), keyed(FIRST), [...plain(FIRST), ...keyed(FIRST)]])
    expect(findSecretFault([STRANGER, SECOND], ids)).toContain("holds none of the secrets");
});

test("a new secret behind the old one is refused: keys would get other ids", () => {
  const ids = [...keyed(FIRST), ...plain(FIRST)];
  expect(findSecretFault([FIRST, SECOND], ids)).toContain("the last of ID_SECRETS");
  expect(findSecretFault([FIRST, SECOND], plain(FIRST))).toBeNull();
});
