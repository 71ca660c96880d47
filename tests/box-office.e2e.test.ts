/** Selling sections, prices and groups; changing a show while it sells. Through two gateways and a worker. */
import { expect, test } from "vitest";

import { expectStatus, problemOf } from "./client.ts";
import type { BookingView } from "./client.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2, workers: 1 });

const SECTIONS = [
  {
    name: "Stalls",
    rows: "A-T",
    seatsPerRow: 30,
    aislesAfter: [10, 20],
    blocked: ["A1", "A30"],
    price: 8900,
  },
  { name: "Balcony", rows: "A-F", seatsPerRow: 40, accessible: ["A1", "A40"], price: 4500 },
  { name: "Floor", standing: 500, price: 6900 },
];

function createHall(facts: Readonly<Record<string, unknown>> = {}) {
  const { client } = stack();
  return client.createShow({ capacity: undefined, currency: "EUR", sections: SECTIONS, ...facts });
}

test("a show with sections, prices and blocked seats is what was asked for, with a layout that is cached by its tag", async () => {
  const { client } = stack();
  const show = await createHall();
  expect(show).toMatchObject({
    currency: "EUR",
    capacity: 20 * 30 - 2 + 240 + 500,
    status: "open",
  });
  const layout = await client.call(`/v1/shows/${show.number}/layout`);
  expect(layout.json).toMatchObject({
    currency: "EUR",
    sections: [
      { ...SECTIONS[0], firstSeat: 1 },
      { ...SECTIONS[1], firstSeat: 601 },
      { name: "Floor", standing: 500, price: 6900 },
    ],
  });
  const etag = String(layout.headers["etag"]);
  const again = await stack()
    .clientOf(1)
    .call(`/v1/shows/${show.id}/layout`, { headers: { "if-none-match": etag } });
  expect([again.status, again.text]).toEqual([304, ""]);
  const seats = await client.seats(show.id);
  expect(seats).toMatchObject({ held: "", confirmed: "" });
  expect(seats.sections).toEqual([
    { name: "Stalls", free: 598, held: 0, confirmed: 0 },
    { name: "Balcony", free: 240, held: 0, confirmed: 0 },
    { name: "Floor", free: 500, held: 0, confirmed: 0 },
  ]);
});

test("a ladder is climbed in one step, and the booking says which rung was taken and what it costs", async () => {
  const { client } = stack();
  const { id: showId } = await createHall();
  const four = await client.book({ showId, together: [4], sections: ["Stalls"] });
  expect(four).toMatchObject({ status: "PENDING", want: 0, price: 4 * 8900 });
  // In the middle block of the best row, as near to its middle as it can be.
  expect(four.labels).toEqual(["Stalls A14", "Stalls A15", "Stalls A16", "Stalls A17"]);
  const wants = [
    { together: [31], sections: ["Stalls"] },
    { together: [2, 2], priceMax: 5000 },
    { count: 3 },
  ];
  const ladder = await client.book({ showId, wants });
  expect(ladder).toMatchObject({ want: 1, price: 4 * 4500 });
  for (const label of ladder.labels) expect(label).toMatch(/^Balcony A\d+$/);
  const standing = await client.book({ showId, count: 2, sections: ["Floor"] });
  expect(standing).toMatchObject({ seats: [], standing: [{ section: "Floor", count: 2 }] });
  expect(standing.price).toBe(2 * 6900);
  const special = await client.book({ showId, count: 2, accessible: true });
  expect(special.labels).toEqual(["Balcony A1", "Balcony A40"]);
  const none = problemOf(await client.askAndWait({ showId, count: 1, accessible: true }));
  expect(none).toMatchObject({ status: 409, reason: "not-enough-seats", free: 0, held: 2 });
  const unknown = problemOf(await client.askAndWait({ showId, count: 1, sections: ["Box"] }));
  expect(unknown).toMatchObject({ status: 422, reason: "seat-unknown", sections: ["Box"] });
});

test("blocked seats are for the staff alone, who may also cancel what the show keeps", async () => {
  const { client } = stack();
  const { id: showId } = await createHall();
  const taken = problemOf(await client.askAndWait({ showId, seats: [1] }));
  expect(taken).toMatchObject({ status: 409, reason: "seats-taken", seats: [1] });
  const sold = await client.book({ showId, seats: [1], as: "staff", confirm: "now" });
  expect(sold).toMatchObject({ status: "CONFIRMED", labels: ["Stalls A1"] });
  expect((await client.show(showId)).capacity).toBe(1339);
  expect(problemOf(await client.cancel(sold.id)).reason).toBe("cancel-not-allowed");
  const cancelled = await client.cancel(sold.id, { body: { as: "staff" } });
  expect(expectStatus(200, cancelled)).toMatchObject({ status: "CANCELLED", seats: [] });
  expect(await client.show(showId)).toMatchObject({ capacity: 1338, free: 1338 });
});

test("seats are given back one by one, and asking twice is asking once", async () => {
  const { client } = stack();
  const { id: showId } = await createHall();
  const booking = await client.book({ showId, seats: [31, 32, 33] });
  for (let times = 0; times < 2; times++) {
    const answer = await client.cancel(booking.id, { body: { seats: [32] } });
    expect(expectStatus(200, answer)).toMatchObject({ seats: [31, 33], price: 2 * 8900 });
  }
  const foreign = problemOf(await client.cancel(booking.id, { body: { seats: [40] } }));
  expect(foreign).toMatchObject({ status: 422, reason: "seat-unknown", seats: [40] });
  const party = await client.book({ showId, count: 5, sections: ["Floor"] });
  const less = await client.cancel(party.id, {
    body: { standing: [{ section: "Floor", keep: 2 }] },
  });
  expect(expectStatus(200, less)).toMatchObject({ standing: [{ section: "Floor", count: 2 }] });
  expect(await client.seats(showId)).toMatchObject({ held: "31,33" });
});

test("a hold is extended up to the show's limit, and not beyond", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 60, holdMaxSeconds: 100 });
  const booking = await client.book({ showId, count: 1 });
  const lastsS = ({ expiresAt, decidedAt }: BookingView) =>
    (Date.parse(expiresAt ?? "") - Date.parse(decidedAt)) / 1_000;
  const longer = await client.extend(booking.id, { body: { seconds: 90 } });
  expect(lastsS(expectStatus(200, longer) as BookingView)).toBeGreaterThanOrEqual(90);
  const longest = await client.extend(booking.id, { body: { seconds: 3_600 } });
  expect(lastsS(expectStatus(200, longest) as BookingView)).toBe(100);
  const beyond = problemOf(await client.extend(booking.id, { body: { seconds: 3_600 } }));
  expect(beyond).toMatchObject({ status: 409, reason: "hold-limit-reached" });
});

test("a payment that comes late is rescued while nobody else has the seats, and marked", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 1, capacity: 2 });
  const kept = await client.book({ showId, seats: [1] });
  const lost = await client.book({ showId, seats: [2] });
  const sweep = async () => {
    await client.expiryRun();
    return (await client.booking(lost.id)).status;
  };
  await expect.poll(sweep, { timeout: 10_000 }).toBe("FAILED");
  await client.book({ showId, seats: [2] });
  const rescued = await client.confirm(kept.id, { body: { payment: "late" } });
  expect(expectStatus(200, rescued)).toMatchObject({
    status: "CONFIRMED",
    rescued: true,
    payment: "late",
  });
  expect(problemOf(await client.confirm(lost.id))).toMatchObject({
    status: 410,
    reason: "hold-expired",
  });
});

test("a sale opens and closes by the clock and by hand, and says so", async () => {
  const { client } = stack();
  const opensAt = "2099-01-01T00:00:00.000Z";
  const show = await client.createShow({ opensAt, startsAt: "2099-06-01T00:00:00Z" });
  expect(show).toMatchObject({ status: "scheduled", opensAt });
  const early = problemOf(await client.askAndWait({ showId: show.id, count: 1 }));
  expect(early).toMatchObject({ status: 409, reason: "sale-not-open", opensAt });
  expect(await client.change(show.id, { opensAt: null })).toMatchObject({ status: "open" });
  const held = await client.book({ showId: show.id, count: 1 });
  expect(await client.change(show.number, { status: "closed" })).toMatchObject({
    status: "closed",
  });
  expect((await stack().clientOf(1).show(show.id)).status).toBe("closed");
  const late = problemOf(await client.askAndWait({ showId: show.id, count: 1 }));
  expect(late).toMatchObject({ status: 409, reason: "sale-closed" });
  expectStatus(200, await client.confirm(held.id));
  expect(await client.change(show.id, { status: "open" })).toMatchObject({ status: "open" });
  await client.book({ showId: show.id, count: 1 });
});

test("a show is changed in the line: name, prices, blocked seats, standing places", async () => {
  const { client } = stack();
  const { id, version } = await createHall();
  const before = await client.book({ showId: id, seats: [31] });
  const changed = await client.change(id, {
    name: "The Lion Queen",
    startsAt: "2027-12-26T19:00:00Z",
    block: "32-40",
    unblock: "1",
    sections: [
      { name: "Stalls", price: 9900 },
      { name: "Floor", standing: 600 },
    ],
  });
  expect(changed).toMatchObject({
    name: "The Lion Queen",
    startsAt: "2027-12-26T19:00:00.000Z",
    version: version + 2,
    capacity: 1338 - 9 + 1 + 100,
  });
  const other = stack().clientOf(1);
  expect((await other.call(`/v1/shows/${id}/layout`)).json).toMatchObject({
    sections: [{ price: 9900, blocked: ["A30", "B2..10"] }, {}, { standing: 600 }],
  });
  expect((await client.booking(before.id)).price).toBe(8900);
  expect((await client.book({ showId: id, seats: [41] })).price).toBe(9900);
  const shrunk = await client.call(`/v1/shows/${id}`, {
    method: "PATCH",
    body: { sections: [{ name: "Stalls", standing: 5 }], block: "5000" },
  });
  expect(problemOf(shrunk)).toMatchObject({ status: 422, sections: ["Stalls"], seats: [5000] });
});

test("a cancelled show ends every booking in bounded steps, and takes no more", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 2_500 });
  const held = await client.book({ showId, count: 1 });
  const confirmed = await client.book({ showId, count: 1, confirm: "now" });
  await Promise.all(Array.from({ length: 2_100 }, () => client.queue({ showId, count: 1 })));
  await client.change(showId, { status: "cancelled" });
  expect(problemOf(await client.confirm(held.id))).toMatchObject({
    status: 410,
    reason: "show-cancelled",
  });
  expect(problemOf(await client.askAndWait({ showId, count: 1 })).reason).toBe("show-cancelled");
  await expect
    .poll(async () => await client.show(showId), { timeout: 30_000 })
    .toMatchObject({
      status: "cancelled",
      free: 2_500,
      held: 0,
      confirmed: 0,
    });
  expect(await client.booking(confirmed.id)).toMatchObject({
    status: "CANCELLED",
    reason: "show-cancelled",
  });
  const reopened = await client.call(`/v1/shows/${showId}`, {
    method: "PATCH",
    body: { status: "open" },
  });
  expect(problemOf(reopened)).toMatchObject({ status: 410, reason: "show-cancelled" });
  await client.change(showId, { archived: true });
  const { items } = expectStatus(200, await client.call("/v1/shows?limit=200")) as {
    items: { id: string }[];
  };
  expect(items.map(({ id }) => id)).not.toContain(showId);
});

test.each([
  { limits: "of places", rules: { maxSeatsPerCustomer: 8 } },
  { limits: "of both", rules: { maxSeatsPerCustomer: 8, maxHoldsPerCustomer: 3 } },
])("200 requests of one customer at once never exceed limits $limits", async ({ rules }) => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 1_000, ...rules });
  const other = stack().clientOf(1);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      (index % 2 === 0 ? client : other).askAndWait({
        showId,
        customer: "c-1",
        count: (index % 3) + 1,
      }),
    ),
  );
  const got = answers.filter(({ status }) => status === 201).map(({ json }) => json as BookingView);
  const refused = answers.filter(({ status }) => status !== 201).map(problemOf);
  const seats = got.flatMap((booking) => booking.seats);
  expect(seats.length).toBeLessThanOrEqual(8);
  // Holds end it, or places: one by one, or by two, whatever is left of these is given.
  const end = "maxHoldsPerCustomer" in rules ? [got.length, 3] : [seats.length, 8];
  expect(end[0]).toBe(end[1]);
  expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(["customer-limit-reached"]));
  for (const { id } of got) await client.confirm(id);
  const rest = 8 - seats.length;
  if (rest > 0) await client.book({ showId, customer: "c-1", count: rest });
  const full = problemOf(await client.askAndWait({ showId, customer: "c-1", count: 1 }));
  expect(full).toMatchObject({ limitOf: "seats-per-customer", limit: 8, used: 8 });
  const nobody = problemOf(await client.askAndWait({ showId, count: 1 }));
  expect(nobody.detail).toContain("names no customer gets none");
  await client.cancel(got[0]?.id ?? "", { body: { as: "staff" } });
  await client.book({ showId, customer: "c-1", count: 1 });
});

test("who waits is served in order, whole groups only, before any newcomer", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 4 });
  const all = await client.book({ showId, seats: [1, 2, 3, 4] });
  const wait = { showId, ifUnavailable: "wait" };
  const four = await client.book({ ...wait, count: 4 });
  const two = await client.book({ ...wait, together: [2] });
  const one = await client.book({ ...wait, count: 1 });
  expect([four, two, one].map(({ status, rank }) => [status, rank])).toEqual([
    ["WAITING", 1],
    ["WAITING", 2],
    ["WAITING", 3],
  ]);
  const waiting = client.look(two.id, null, {
    prefer: "wait=20",
    "if-none-match": String((await client.look(two.id)).headers["etag"]),
  });
  await client.cancel(all.id, { body: { seats: [2, 3] } });
  expect((await waiting).json).toMatchObject({ status: "PENDING", seats: [2, 3] });
  expect(await client.booking(one.id)).toMatchObject({ status: "WAITING", rank: 2 });
  const { etag = "" } = (await client.look(one.id)).headers;
  expect(expectStatus(200, await client.cancel(four.id))).toMatchObject({ status: "CANCELLED" });
  expect(await stack().clientOf(1).booking(one.id)).toMatchObject({ rank: 1 });
  const moved = await client.look(one.id, null, { "if-none-match": etag });
  expect(expectStatus(200, moved), "a new rank is news").toMatchObject({ rank: 1 });
  await client.cancel(all.id);
  expect(await client.booking(one.id)).toMatchObject({ status: "PENDING", seats: [1] });
  expect((await client.book({ showId, count: 1 })).seats).toEqual([4]);
  const past = { ...wait, count: 4, waitUntil: "2026-01-01T00:00:00Z" };
  expect(problemOf(await client.askAndWait(past))).toMatchObject({ reason: "not-enough-seats" });
});

/** Fifty seats, one beside the other. */
const seatsFrom = (first: number) => Array.from({ length: 50 }, (_, index) => first + index);
const TOO_MANY_WORDS = Array.from({ length: 10 }, (_, it) => ({ seats: seatsFrom(1_000 + it) }));
const UNTIL = "2027-02-30T12:00:00Z";

test.each<[string, unknown, string, string]>([
  ["groups of too many", { together: [30, 30] }, "/together", "at most 50 people together"],
  ["a price in words", { count: 1, priceMax: "5" }, "/priceMax", "must be a whole number"],
  [
    "an end of waiting alone",
    { count: 1, waitUntil: "2027-12-24T12:00:00Z" },
    "/waitUntil",
    "needs",
  ],
  [
    "no such day",
    { count: 1, ifUnavailable: "wait", waitUntil: UNTIL },
    "/waitUntil",
    "must be a day",
  ],
  [
    "staff who would wait",
    { count: 1, as: "staff", ifUnavailable: "wait" },
    "/as",
    "must be left out",
  ],
  ["a filter beside a ladder", { wants: [{ count: 1 }], priceMax: 5 }, "", "exactly one of"],
  ["wants of too many words", { wants: TOO_MANY_WORDS }, "/wants", "at most 2048 bytes"],
])("a booking with %s is refused by name", async (...[, members, path, message]) => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const problem = problemOf(await client.askAndWait({ showId, ...(members as object) }));
  expect(problem).toMatchObject({
    status: 400,
    errors: [{ path, message: expect.stringContaining(message) }],
  });
});

test("what is wrong with a layout, or with a change, is told all at once", async () => {
  const { client } = stack();
  const body = {
    name: "A",
    startsAt: "2027-12-25T19:00:00Z",
    sections: [
      { name: "Stalls", rows: "A-C", seatsPerRow: [10, 10], blocked: ["D1"], price: 1 },
      { name: "Stalls", standing: 5 },
    ],
    opensAt: "2027-12-25T19:00:00Z",
    closesAt: "2027-12-24T19:00:00Z",
    holdSeconds: 600,
    holdMaxSeconds: 60,
  };
  const paths = (problem: { errors?: readonly { path: string }[] }) =>
    problem.errors?.map(({ path }) => path).sort();
  const layout = problemOf(await client.call("/v1/shows", { body }));
  expect(layout.status).toBe(400);
  expect(paths(layout)).toEqual([
    "/closesAt",
    "/holdMaxSeconds",
    "/sections/0/price",
    "/sections/0/seatsPerRow",
    "/sections/1/name",
  ]);
  const { id } = await client.createShow();
  const patch = (changes: unknown) =>
    client.call(`/v1/shows/${id}`, { method: "PATCH", body: changes });
  expect(paths(problemOf(await patch({})))).toEqual([""]);
  const change = { block: "3-1", unblock: "x", status: "gone", colour: "red" };
  expect(paths(problemOf(await patch(change)))).toEqual([
    "/block",
    "/colour",
    "/status",
    "/unblock",
  ]);
  expect(paths(problemOf(await patch({ block: "3-1", unblock: "x" })))).toEqual([
    "/block",
    "/unblock",
  ]);
  const times = { opensAt: "2027-12-25T19:00:00Z", closesAt: "2027-12-25T19:00:00Z" };
  expect(paths(problemOf(await patch(times)))).toEqual(["/closesAt"]);
  const unpriced = { sections: [{ name: "", price: 5_000 }] };
  expect(paths(problemOf(await patch(unpriced)))).toEqual(["/sections/0/price"]);
  expect(paths(problemOf(await patch({ sections: [{ name: "" }] })))).toEqual(["/sections/0"]);
  expect(await client.show(id)).toMatchObject({ version: 1 });
});
