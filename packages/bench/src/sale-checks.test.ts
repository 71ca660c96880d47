/** Each check finds the fault it is there for, and a sound sale passes all of them. */
import { describe, expect, test } from "vitest";

import type { BookingSeen } from "./answers.ts";
import { SALE_CHECKS, checkSale } from "./sale-checks.ts";
import type { Evidence, Facts, Told } from "./sale-checks.ts";

const CAPACITY = 3;
const DEMAND = 5;

/** Five people ask for three seats; the places are 7-100 to 7-104. */
function buildSale(): Facts {
  const listed = Array.from({ length: DEMAND }, (_, index): BookingSeen => {
    const isWinner = index < CAPACITY;
    return {
      id: `id-${index}`,
      showId: "show",
      status: isWinner ? "PENDING" : "FAILED",
      reason: isWinner ? null : "not-enough-seats",
      seats: isWinner ? [index + 1] : [],
      place: `7-${100 + index}`,
      customer: `customer-${index}`,
    };
  });
  return {
    capacity: CAPACITY,
    told: listed.map((outcome, index) => ({
      id: outcome.id,
      customer: `customer-${index}`,
      place: outcome.place,
      sends: 1,
      outcome,
      lack: null,
    })),
    unaccepted: [],
    turnedAway: [],
    listed,
    counters: { capacity: CAPACITY, free: 0, held: CAPACITY, confirmed: 0 },
    seatMap: { capacity: CAPACITY, held: [1, 2, 3], confirmed: [] },
    repeats: listed.map((first) => ({ first, again: first })),
    reuses: listed.map(({ id }) => ({ id, reason: "key-reused" })),
  };
}

/** The sale as everybody sees it, with some of the bookings another way. */
function withBookings(changes: Readonly<Record<string, Partial<BookingSeen>>>): Facts {
  const sale = buildSale();
  const change = (booking: BookingSeen): BookingSeen => ({ ...booking, ...changes[booking.id] });
  return {
    ...sale,
    listed: sale.listed.map(change),
    told: sale.told.map((told) => ({
      ...told,
      outcome: told.outcome === null ? null : change(told.outcome),
    })),
  };
}

function withTold(changes: Readonly<Record<string, Partial<Told>>>): Facts {
  const sale = buildSale();
  return { ...sale, told: sale.told.map((told) => ({ ...told, ...changes[told.id] })) };
}

function evidenceOf(facts: Facts): Evidence {
  return Object.fromEntries(
    Object.entries(facts).map(([name, known]) => [name, { known }]),
  ) as unknown as Evidence;
}

function failedChecks(facts: Facts): string[] {
  return checkSale(evidenceOf(facts))
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ name }) => name);
}

const lost = { status: "FAILED", reason: "not-enough-seats", seats: [] };

/** What is planted, and the check that must find it; others may find it too. */
const PLANTED: readonly (readonly [fault: string, check: string, facts: () => Facts])[] = [
  [
    "a request that was never accepted",
    "every booking was accepted in the end",
    () => ({ ...buildSale(), unaccepted: ["customer-9"] }),
  ],
  [
    "a request that was turned away for good",
    "every booking was accepted in the end",
    () => ({ ...buildSale(), turnedAway: ["customer-9 was turned away: 500 internal"] }),
  ],
  [
    "an outcome that is missing",
    "every accepted request has exactly one outcome",
    () => withTold({ "id-4": { outcome: null, lack: "not decided" } }),
  ],
  [
    "an accepted request that the listing does not have",
    "every accepted request has exactly one outcome",
    () => ({ ...buildSale(), listed: buildSale().listed.slice(0, -1) }),
  ],
  [
    "a booking that is listed twice",
    "every accepted request has exactly one outcome",
    () => ({ ...buildSale(), listed: [...buildSale().listed, ...buildSale().listed.slice(4)] }),
  ],
  [
    "one id for two requests",
    "every accepted request has exactly one outcome",
    () => withTold({ "id-4": { id: "id-3" } }),
  ],
  [
    "an outcome of somebody else",
    "every accepted request has exactly one outcome",
    () => withTold({ "id-4": { outcome: buildSale().listed[3] ?? null } }),
  ],
  [
    "a booking that nobody asked for",
    "nothing was decided that nobody asked for",
    () => ({ ...buildSale(), told: buildSale().told.slice(0, -1) }),
  ],
  [
    "a client that was told another seat",
    "clients and the listing agree, booking for booking",
    () => withTold({ "id-0": { outcome: { ...booking(0), seats: [2] } } }),
  ],
  [
    "a client that was told no, though the seat is sold to it",
    "clients and the listing agree, booking for booking",
    () => withTold({ "id-2": { outcome: { ...booking(2), ...lost } } }),
  ],
  [
    "a booking in another customer's name",
    "clients and the listing agree, booking for booking",
    () => withTold({ "id-2": { customer: "customer-3" } }),
  ],
  [
    "one seat too few sold",
    "sold = min(capacity, demand)",
    () => withBookings({ "id-2": { ...lost } }),
  ],
  [
    "one seat too many sold",
    "sold = min(capacity, demand)",
    () => withBookings({ "id-3": { status: "PENDING", reason: null, seats: [4] } }),
  ],
  [
    "two seats for one who asked for one",
    "sold = min(capacity, demand)",
    () => withBookings({ "id-1": { seats: [2, 3] }, "id-2": { ...lost } }),
  ],
  ["a seat sold twice", "no seat twice", () => withBookings({ "id-1": { seats: [1] } })],
  [
    "a seat that two clients were told, though the listing is sound",
    "no seat twice",
    () => withTold({ "id-1": { outcome: { ...booking(1), seats: [1] } } }),
  ],
  ["a seat that does not exist", "no seat twice", () => withBookings({ "id-2": { seats: [4] } })],
  [
    "a later place that won over an earlier one",
    "the lowest places won, in their order",
    () =>
      withBookings({
        "id-2": { ...lost },
        "id-3": { status: "PENDING", reason: null, seats: [3] },
      }),
  ],
  [
    "seats that do not ascend with the places",
    "the lowest places won, in their order",
    () => withBookings({ "id-0": { seats: [2] }, "id-1": { seats: [1] } }),
  ],
  [
    "a booking in another partition",
    "the lowest places won, in their order",
    () => withBookings({ "id-1": { place: "8-101" } }),
  ],
  [
    "two bookings at one place",
    "the lowest places won, in their order",
    () => withBookings({ "id-4": { place: "7-103" } }),
  ],
  [
    "a request that was decided elsewhere than it was told",
    "the lowest places won, in their order",
    () => withTold({ "id-1": { place: "7-105" } }),
  ],
  [
    "a request sent twice that was decided later than it was told",
    "the lowest places won, in their order",
    () => withTold({ "id-1": { place: "7-99", sends: 2 } }),
  ],
  [
    "a loser with another reason",
    "who got nothing was told not-enough-seats",
    () => withBookings({ "id-4": { reason: "internal" } }),
  ],
  [
    "counters that do not add up",
    "free + held + confirmed = capacity",
    () => ({ ...buildSale(), counters: { capacity: 3, free: 1, held: 3, confirmed: 0 } }),
  ],
  [
    "counters that add up and disagree with the bookings",
    "free + held + confirmed = capacity",
    () => ({ ...buildSale(), counters: { capacity: 3, free: 0, held: 2, confirmed: 1 } }),
  ],
  [
    "a seat map that lacks a seat",
    "the seat map agrees",
    () => ({ ...buildSale(), seatMap: { capacity: 3, held: [1, 2], confirmed: [] } }),
  ],
  [
    "a seat map that shows a held seat as sold",
    "the seat map agrees",
    () => ({ ...buildSale(), seatMap: { capacity: 3, held: [1, 2], confirmed: [3] } }),
  ],
  [
    "a key that gives another booking the second time",
    "the same key again gives the same booking",
    () => ({ ...buildSale(), repeats: [{ first: booking(0), again: booking(1) }] }),
  ],
  [
    "a key that gives another seat the second time",
    "the same key again gives the same booking",
    () => ({
      ...buildSale(),
      repeats: [{ first: booking(0), again: { ...booking(0), seats: [2] } }],
    }),
  ],
  [
    "a key that is not answered the second time",
    "the same key again gives the same booking",
    () => ({ ...buildSale(), repeats: [{ first: booking(0), again: null }] }),
  ],
  [
    "another body under a used key that was served",
    "another body under a used key is key-reused",
    () => ({ ...buildSale(), reuses: [{ id: "id-0", reason: "booking" }] }),
  ],
];

function booking(index: number): BookingSeen {
  const found = buildSale().listed[index];
  if (found === undefined) throw new Error(`the sale has no booking ${index}`);
  return found;
}

describe("a sound sale", () => {
  test("passes every check", () => {
    expect(failedChecks(buildSale())).toEqual([]);
  });

  test("passes when there are more seats than people", () => {
    const sale = buildSale();
    const counters = { capacity: 9, free: 6, held: 3, confirmed: 0 };
    const few = {
      listed: sale.listed.slice(0, 3),
      told: sale.told.slice(0, 3),
      seatMap: { ...sale.seatMap, capacity: 9 },
    };
    expect(failedChecks({ ...sale, ...few, capacity: 9, counters })).toEqual([]);
  });

  test("passes when a copy that was sent before the one acked was decided", () => {
    expect(failedChecks(withTold({ "id-1": { place: "7-200", sends: 2 } }))).toEqual([]);
  });

  test("passes when a request without an ack was decided, but not without saying so", () => {
    const sale = buildSale();
    const unknown = { ...sale, told: sale.told.slice(0, -1), unaccepted: ["customer-4"] };
    expect(failedChecks(unknown)).toEqual(["every booking was accepted in the end"]);
  });
});

describe("a planted fault is found", () => {
  test.each(PLANTED)("%s: %s", (_, check, buildFacts) => {
    expect(failedChecks(buildFacts())).toContain(check);
  });

  test("for every check there is one", () => {
    const names = SALE_CHECKS.map((check) => check(evidenceOf(buildSale())).name);
    expect(new Set(PLANTED.map(([, check]) => check))).toEqual(new Set(names));
  });
});

describe("what could not be looked at", () => {
  test("is no success: a check without its evidence says so", () => {
    const missing = { missing: "the listing answered 503" };
    const findings = checkSale({ ...evidenceOf(buildSale()), listed: missing });
    const open = findings.filter(({ verdict }) => verdict === "not-checked");
    expect(open.map(({ name }) => name)).toContain("sold = min(capacity, demand)");
    expect(open.every(({ details }) => details.includes(missing.missing))).toBe(true);
  });

  test("is no success for any of the evidence", () => {
    for (const name of Object.keys(buildSale())) {
      const findings = checkSale({ ...evidenceOf(buildSale()), [name]: { missing: "gone" } });
      expect(findings.some(({ verdict }) => verdict === "not-checked")).toBe(true);
    }
  });
});
