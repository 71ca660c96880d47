/** The canonical API as its clients see it: asking, waiting, looking, confirming, cancelling. */
import { expect, test } from "vitest";

import { UNKNOWN_BOOKING_ID, UNKNOWN_SHOW_ID, expectStatus, problemOf } from "./client.ts";
import type { BookingView, QueuedView } from "./client.ts";
import { useStack } from "./stack.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const PLACE = /^\d+-\d+$/;

const stack = useStack({ gateways: 2 });

test("a request is accepted with its place in the line, and where and when to look", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const answer = await client.ask({ showId, customer: "c-1042", count: 2 });
  const queued = expectStatus(202, answer) as QueuedView;
  expect(queued).toEqual({
    id: expect.any(String),
    showId,
    status: "QUEUED",
    place: expect.stringMatching(PLACE),
    ahead: expect.any(Number),
    etaSeconds: expect.any(Number),
    stalled: false,
    pollAfterMs: expect.any(Number),
    free: expect.any(Number),
    wantedAhead: 0,
    verdict: "likely",
  });
  expect(queued.ahead).toBeGreaterThanOrEqual(0);
  expect(queued.pollAfterMs).toBeGreaterThan(0);
  expect(answer.headers.location).toBe(`/v1/bookings/${queued.id}?place=${queued.place}`);
  expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  expect(answer.headers["preference-applied"]).toBeUndefined();
  const booking = await client.decided(queued);
  expect(booking).toMatchObject({ id: queued.id, place: queued.place, status: "PENDING" });
});

test("whoever waits gets the booking: seats, labels, times, place", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 90 });
  const answer = await client.askAndWait({ showId, customer: "c-1042", seats: [7, 3] });
  const booking = expectStatus(201, answer) as BookingView;
  expect(answer.headers["preference-applied"]).toBe("wait");
  expect(answer.headers.location).toBe(`/v1/bookings/${booking.id}`);
  expect(booking).toEqual({
    id: expect.any(String),
    showId,
    status: "PENDING",
    // In the order in which they were asked for.
    seats: [7, 3],
    labels: ["7", "3"],
    want: 0,
    price: null,
    rescued: false,
    customer: "c-1042",
    place: expect.stringMatching(PLACE),
    expiresAt: expect.stringMatching(ISO),
    createdAt: expect.stringMatching(ISO),
    decidedAt: expect.stringMatching(ISO),
    confirmedAt: null,
    payment: null,
  });
  const heldMs = Date.parse(booking.expiresAt ?? "") - Date.parse(booking.decidedAt);
  expect(heldMs).toBe(90_000);
});

test("a count takes the first free seats; wants say the same in the long form", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  await client.book({ showId, seats: [2] });
  expect((await client.book({ showId, count: 3 })).seats).toEqual([1, 3, 4]);
  expect((await client.book({ showId, wants: [{ count: 1 }] })).seats).toEqual([5]);
  expect((await client.book({ showId, wants: [{ seats: [9] }] })).seats).toEqual([9]);
});

test("a refusal is a problem with the figures of the moment and the booking inside", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 6 });
  const held = await client.book({ showId, count: 5 });
  const answer = await client.askAndWait({ showId, count: 2 });
  const problem = problemOf(answer);
  expect(problem).toMatchObject({
    type: "/problems/not-enough-seats",
    title: "Not enough seats",
    status: 409,
    reason: "not-enough-seats",
    detail: "2 places were asked for; 1 is free and 5 are held by others and may come back.",
    free: 1,
    held: 5,
    booking: { showId, status: "FAILED", reason: "not-enough-seats", seats: [], labels: [] },
  });
  expect(answer.headers["preference-applied"]).toBe("wait");
  // The same booking, looked at, is no error: it is there, and it failed.
  const { id } = problem.booking as BookingView;
  expect(await client.booking(id)).toEqual(problem.booking);
  const taken = problemOf(await client.askAndWait({ showId, seats: [6, held.seats[0]] }));
  expect(taken).toMatchObject({ status: 409, reason: "seats-taken", seats: [1] });
});

test("a show that is sold for good refuses at the door, and still says what is wrong", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 2, confirmation: "automatic" });
  await client.book({ showId, count: 2 });
  const problem = problemOf(await client.ask({ showId, count: 1 }));
  expect(problem).toMatchObject({ status: 409, reason: "not-enough-seats", free: 0, held: 0 });
  // Which of the seats are taken is for the line to say: the same answer, with a key and without.
  for (const headers of [{}, { "idempotency-key": crypto.randomUUID() }]) {
    const exact = problemOf(await client.askAndWait({ showId, seats: [1] }, headers));
    expect(exact).toMatchObject({ status: 409, reason: "seats-taken", seats: [1] });
  }
});

test("an unknown show is refused by the line: 202 first, then a failed booking that says so", async () => {
  const { client } = stack();
  const ask = { showId: UNKNOWN_SHOW_ID, count: 1 };
  expect(problemOf(await client.askAndWait(ask))).toMatchObject({
    status: 404,
    reason: "show-not-found",
  });
  const booking = await client.decided(await client.queue(ask));
  expect(booking).toMatchObject({ status: "FAILED", reason: "show-not-found", seats: [] });
});

test("a booking is the same at every gateway, with its place and without", async () => {
  const { client } = stack();
  const other = stack().clientOf(1);
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 1 });
  // What one gateway has told may still be on its way to the other: there it is QUEUED until then.
  expect(await other.decided(booking)).toEqual(booking);
  for (const place of [booking.place, null]) {
    for (const asked of [client, other]) {
      const answer = await asked.look(booking.id, place);
      expect({ url: asked.url, place, json: answer.json }).toEqual({
        url: asked.url,
        place,
        json: booking,
      });
      expect(answer.headers["cache-control"]).toBe("no-store");
    }
  }
});

test("a decision can be waited for at another gateway than the one that accepted the request", async () => {
  const { client } = stack();
  const other = stack().clientOf(1);
  const { id: showId } = await client.createShow({ capacity: 1_000 });
  const queued = await Promise.all(
    Array.from({ length: 50 }, () => client.queue({ showId, count: 1 })),
  );
  const bookings = await Promise.all(queued.map((it) => other.decided(it)));
  expect(bookings.map(({ status }) => status)).toEqual(queued.map(() => "PENDING"));
  const seats = bookings.flatMap((booking) => booking.seats);
  expect(new Set(seats).size).toBe(50);
});

test("waiting with If-None-Match ends with the next change, and with 304 when there is none", async () => {
  const { client } = stack();
  const other = stack().clientOf(1);
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 1 });
  await other.decided(booking);
  const { etag = "" } = (await other.look(booking.id, booking.place)).headers;
  expect(etag).toMatch(/^"[\w-]+"$/);
  const still = await other.look(booking.id, null, { "if-none-match": etag });
  expect([still.status, still.text]).toEqual([304, ""]);
  const waited = await other.look(booking.id, null, { "if-none-match": etag, prefer: "wait=1" });
  expect([waited.status, waited.headers["preference-applied"]]).toEqual([304, "wait"]);
  expect(waited.ms).toBeGreaterThan(900);
  const waiting = other.look(booking.id, booking.place, {
    "if-none-match": etag,
    prefer: "wait=20",
  });
  const confirmed = await client.confirm(booking.id);
  const changed = await waiting;
  expect(changed.status).toBe(200);
  expect(changed.json).toEqual(confirmed.json);
  expect(changed.headers.etag).not.toBe(etag);
});

test("a settled booking is answered at once, however long somebody would wait", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 1 });
  const answer = await client.look(booking.id, booking.place, { prefer: "wait=30" });
  expect(answer.json).toEqual(booking);
  expect(answer.headers["preference-applied"]).toBe("wait");
});

test("confirm keeps the seats and the payment, and says the same again when asked again", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 2 });
  const answer = await client.confirm(booking.id, { body: { payment: "pi_3N" } });
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({
    ...booking,
    status: "CONFIRMED",
    payment: "pi_3N",
    expiresAt: null,
    confirmedAt: expect.stringMatching(ISO),
  });
  const again = await client.confirm(booking.id, { body: { payment: "another" } });
  expect([again.status, again.json]).toEqual([200, answer.json]);
  expect(await client.booking(booking.id)).toEqual(answer.json);
});

test.each([
  ["no body", {}],
  ["an empty body that is called JSON", { body: "", contentType: "application/json" }],
  ["an empty object", { body: {} }],
])("confirm and cancel take %s", async (_, ask) => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 1 });
  expect((await client.confirm(booking.id, ask)).status).toBe(200);
  const other = await client.book({ showId, count: 1 });
  expect((await client.cancel(other.id, ask)).status).toBe(200);
});

test("cancel gives the seats back, and says the same again when asked again", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 2 });
  const booking = await client.book({ showId, count: 2 });
  const answer = await client.cancel(booking.id);
  expect(answer.json).toMatchObject({ id: booking.id, status: "CANCELLED", seats: [], labels: [] });
  const again = await client.cancel(booking.id);
  expect([again.status, again.json]).toEqual([200, answer.json]);
  expect((await client.book({ showId, count: 2 })).seats).toEqual([1, 2]);
});

test("what cannot be confirmed or cancelled says why, with the booking as it is", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 3 });
  const cancelled = await client.book({ showId, count: 1 });
  await client.cancel(cancelled.id);
  const confirmed = await client.book({ showId, count: 3 });
  await client.confirm(confirmed.id);
  // With a key it goes through the line, where a sold-out show refuses for good.
  const key = { "idempotency-key": crypto.randomUUID() };
  const refused = problemOf(await client.askAndWait({ showId, count: 1 }, key));
  const failed = refused.booking as BookingView;
  const cases = [
    { answer: await client.confirm(cancelled.id), status: 409, reason: "booking-not-pending" },
    { answer: await client.confirm(failed.id), status: 409, reason: "booking-not-pending" },
    { answer: await client.cancel(failed.id), status: 409, reason: "booking-not-pending" },
    { answer: await client.cancel(confirmed.id), status: 409, reason: "cancel-not-allowed" },
    { answer: await client.confirm(UNKNOWN_BOOKING_ID), status: 404, reason: "booking-not-found" },
    { answer: await client.cancel(UNKNOWN_BOOKING_ID), status: 404, reason: "booking-not-found" },
  ];
  for (const { answer, status, reason } of cases) {
    expect(problemOf(answer)).toMatchObject({ status, reason, type: `/problems/${reason}` });
  }
  expect(problemOf(await client.cancel(confirmed.id)).booking).toMatchObject({
    id: confirmed.id,
    status: "CONFIRMED",
  });
});

test("a confirmed booking can be cancelled where the show allows it", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ cancelConfirmed: true });
  const booking = await client.book({ showId, count: 2 });
  await client.confirm(booking.id);
  expect((await client.cancel(booking.id)).json).toMatchObject({ status: "CANCELLED", seats: [] });
});

test("a show may confirm by itself", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ confirmation: "automatic" });
  const booking = await client.book({ showId, count: 2 });
  expect(booking).toMatchObject({ status: "CONFIRMED", expiresAt: null, seats: [1, 2] });
  expect(booking.confirmedAt).toMatch(ISO);
});

/** Catches a look at a place that shows the booking as it was before what stands there is decided. */
test("whoever will not wait for a confirm gets 202 with a place, and finds it done", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 1 });
  stack().worker().freeze();
  const answer = await client.confirm(booking.id, { headers: { prefer: "wait=0" } });
  const queued = expectStatus(202, answer) as QueuedView;
  expect(queued).toMatchObject({ id: booking.id, status: "QUEUED" });
  expect(queued.place).not.toBe(booking.place);
  expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  const before = await client.look(booking.id, queued.place);
  const waiting = client.decided(queued);
  stack().worker().wake();
  expect(before.json).toMatchObject({ id: booking.id, showId, status: "QUEUED", ahead: 0 });
  expect(await waiting).toMatchObject({ id: booking.id, status: "CONFIRMED" });
});

test("a request can be cancelled before it is decided: the cancel stands behind it", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const queued = await client.queue({ showId, count: 4 });
  expect((await client.cancel(queued.id)).json).toMatchObject({ status: "CANCELLED" });
  expect(await client.show(showId)).toMatchObject({ free: 10, held: 0 });
});

test("Prefer is read among other preferences, and bounded", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  for (const prefer of ["respond-async, wait=10", "wait=999999999", "WAIT=10; x=y"]) {
    const { status } = await client.ask({ showId, count: 1 }, { prefer });
    expect({ prefer, status }).toEqual({ prefer, status: 201 });
  }
  for (const prefer of ["wait=0", "wait=-1", "wait=1.5", "await=10", "wait=abc", ""]) {
    const { status } = await client.ask({ showId, count: 1 }, { prefer });
    expect({ prefer, status }).toEqual({ prefer, status: 202 });
  }
});

/** Catches a place at which the booking is shown though the request that stands there was refused. */
test("a cancel that is refused says so at its own place, and the booking's place is as it was", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 1 });
  expectStatus(200, await client.confirm(booking.id));
  const answer = await client.cancel(booking.id, { headers: { prefer: "wait=0" } });
  const { place } = expectStatus(202, answer) as QueuedView;
  const refused = await client.look(booking.id, place, { prefer: "wait=20" });
  expect(problemOf(refused)).toMatchObject({ status: 409, reason: "cancel-not-allowed" });
  const own = await client.look(booking.id, booking.place);
  expect(own.json).toMatchObject({ status: "CONFIRMED", seats: [1] });
});

/** Catches a made-up place that is QUEUED for ever. */
test("a place that the line does not reach is no place of any booking", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const { id, place } = await client.book({ showId, count: 1 });
  const beyond = `${place.split("-")[0]}-999999999999`;
  expect(problemOf(await client.look(id, beyond)).reason).toBe("booking-not-found");
});
