/** The routes of the two older backends: every row of their tables works as their clients expect. */
import { randomUUID } from "node:crypto";

import { beforeAll, expect, test } from "vitest";

import { ClassicClient, errorOf } from "./classic-client.ts";
import type { ClassicBooking, ClassicShow } from "./classic-client.ts";
import { UNKNOWN_BOOKING_ID, expectStatus, problemOf } from "./client.ts";
import type { Client } from "./client.ts";
import { ADMIN_TOKEN, useStack } from "./stack.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LAPSED = { timeout: 15_000, interval: 50 };

const stack = useStack({ gateways: 2 });
let client: Client;
let classic: ClassicClient;
beforeAll(() => {
  client = stack().client;
  classic = new ClassicClient(client);
});

test("a: a show is created with 201 and both field sets", async () => {
  expect(await classic.createA(100)).toEqual({
    id: expect.stringMatching(UUID),
    number: expect.any(Number),
    name: "The Lion King",
    start_time: "2025-12-25T19:00:00.000Z",
    startTime: "2025-12-25T19:00:00.000Z",
    total_seats: 100,
    seats: 100,
    confirmed_seats_count: 0,
    available_seats: 100,
    createdAt: expect.stringMatching(ISO),
    updatedAt: expect.stringMatching(ISO),
  });
});

test("b: a show is created with 200, and a start without an offset is UTC", async () => {
  const show = await classic.createB();
  expect(show).toMatchObject({
    name: "Inception",
    startTime: "2025-12-10T10:00:00.000Z",
    seats: 30,
    total_seats: 30,
  });
  expect(Number.isInteger(show.number)).toBe(true);
});

test("all shows come as one array, ordered by their start", async () => {
  const show = await classic.createA(4);
  await classic.bookA(show.id, { seats: [1] });
  await classic.bookB(show.number, 2);
  const shows = expectStatus(200, await client.call("/shows")) as ClassicShow[];
  const starts = shows.map(({ start_time }) => start_time);
  expect(starts).toEqual([...starts].sort((a, b) => a.localeCompare(b)));
  expect(shows.find(({ id }) => id === show.id)).toMatchObject({
    confirmed_seats_count: 1,
    available_seats: 1,
    seats: 1,
    total_seats: 4,
  });
});

test("a: the seat map lists every seat, booked or available, by id and by number", async () => {
  const show = await classic.createA(5);
  await classic.bookA(show.id, { seats: [2, 5] });
  const map = { total: 5, booked: [2, 5], available: [1, 3, 4] };
  expect(await classic.readSeats(show.id)).toEqual(map);
  expect(await classic.readSeats(show.number)).toEqual(map);
  await classic.bookB(show.number, 1);
  expect(await classic.readSeats(show.id)).toEqual({
    total: 5,
    booked: [1, 2, 5],
    available: [3, 4],
  });
});

test("a: seats by number or by count are confirmed at once", async () => {
  const show = await classic.createA(6);
  const byNumber = await classic.bookA(show.id, { seats: [2, 3] });
  expect(byNumber).toMatchObject({
    id: expect.stringMatching(UUID),
    show_id: show.id,
    seats_requested: 2,
    seats_assigned: [2, 3],
    status: "CONFIRMED",
    createdAt: expect.stringMatching(ISO),
    updatedAt: expect.stringMatching(ISO),
  });
  expect(await classic.bookA(show.number, { seats_count: 2 })).toMatchObject({
    seats_requested: 2,
    seats_assigned: [1, 4],
    status: "CONFIRMED",
  });
});

test("a: a taken seat is 409 with the error, and nothing of the request is kept but that it failed", async () => {
  const show = await classic.createA(6);
  await classic.bookA(show.id, { seats: [2] });
  const answer = await classic.post(`/shows/${show.id}/book`, { seats: [1, 2] });
  expect(errorOf(answer)).toMatchObject({ status: 409, reason: "seats-taken" });
  expect(await classic.readSeats(show.id)).toMatchObject({ booked: [2] });
  const { booking } = answer.json as { booking: ClassicBooking };
  const found = await client.call(`/bookings/${booking.id}`);
  expect([found.status, found.json]).toEqual([200, booking]);
  expect(booking).toMatchObject({ status: "FAILED", seats_assigned: [] });
});

test("b: a count is held for two minutes", async () => {
  const show = await classic.createB();
  const booking = await classic.bookB(show.number, 3);
  expect(booking).toMatchObject({
    id: expect.stringMatching(UUID),
    movieName: "Inception",
    userName: "ann",
    seats: 3,
    showTime: "2025-12-10T10:00:00.000Z",
    status: "PENDING",
    expiresAt: expect.stringMatching(ISO),
    seats_assigned: [1, 2, 3],
  });
  const leftMs = Date.parse(booking.expiresAt ?? "") - Date.now();
  expect(leftMs).toBeGreaterThan(100_000);
  expect(leftMs).toBeLessThanOrEqual(120_000);
  expect((await classic.bookB(show.id)).status).toBe("PENDING");
});

test("b: a booking is held for two minutes on any show, and a confirms on any", async () => {
  for (const rules of [{ holdSeconds: 1 }, { confirmation: "automatic" }]) {
    const { id } = await client.createShow(rules);
    const held = await classic.bookB(id);
    expect(held.status).toBe("PENDING");
    expect(Date.parse(held.expiresAt ?? "") - Date.now()).toBeGreaterThan(100_000);
    expect((await classic.bookA(id, { seats_count: 1 })).status).toBe("CONFIRMED");
  }
});

test("b: the same request again under its key is one booking", async () => {
  const show = await classic.createB(3);
  const key = { "idempotency-key": crypto.randomUUID() };
  const body = { showId: show.number, userName: "ann", numberOfSeats: 2 };
  const first = expectStatus(201, await classic.post("/bookings", body, key));
  expect(expectStatus(201, await classic.post("/bookings", body, key))).toEqual(first);
  expect(await classic.readSeats(show.id)).toMatchObject({ booked: [1, 2] });
});

test("members that the older backends did not know are ignored, and an empty body is 400", async () => {
  const show = await classic.createA();
  const booked = await classic.post(`/shows/${show.id}/book`, { seats_count: 1, colour: "red" });
  expect(booked.status).toBe(201);
  for (const body of [undefined, {}])
    expect(errorOf(await classic.post("/bookings", body))).toMatchObject({ status: 400 });
});

test("a call without a body is taken whatever it calls its content, as older clients send it", async () => {
  const show = await classic.createB();
  for (const contentType of ["application/x-www-form-urlencoded", "text/plain"]) {
    const booking = await classic.bookB(show.number);
    const ask = { method: "POST", body: "", contentType };
    const answer = await client.call(`/bookings/${booking.id}/confirm`, ask);
    expect(answer.json).toMatchObject({ status: "CONFIRMED" });
    expect((await client.call("/admin/run-expiry", ask)).status).toBe(200);
  }
  const form = { body: "a=b", contentType: "application/x-www-form-urlencoded" };
  expect(errorOf(await client.call("/bookings", form))).toMatchObject({ status: 415 });
});

test("more places than one booking takes are 400 while they are free", async () => {
  const show = await classic.createB(60);
  const answer = await classic.post(`/shows/${show.id}/book`, { seats_count: 51 });
  expect(errorOf(answer)).toMatchObject({ status: 400 });
});

test("b: confirm says CONFIRMED, and again when asked again", async () => {
  const show = await classic.createB();
  const booking = await classic.bookB(show.number, 2);
  for (let count = 0; count < 2; count++) {
    const answer = await classic.post(`/bookings/${booking.id}/confirm`);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ id: booking.id, status: "CONFIRMED", seats: 2 });
  }
  const labelled = await client.call(`/bookings/${booking.id}/confirm`, {
    body: "",
    contentType: "application/json",
  });
  expect(labelled.status).toBe(200);
});

test("b: what is failed or cancelled cannot be confirmed: 400, and unknown is 404", async () => {
  const show = await classic.createB(3);
  const cancelled = await classic.bookB(show.number, 1);
  expect((await client.cancel(cancelled.id)).status).toBe(200);
  expect(errorOf(await classic.post(`/bookings/${cancelled.id}/confirm`)).status).toBe(400);
  const refused = await classic.post("/bookings", {
    showId: show.number,
    userName: "bob",
    numberOfSeats: 4,
  });
  expect(errorOf(refused)).toMatchObject({ status: 409, reason: "not-enough-seats" });
  const { booking } = refused.json as { booking: ClassicBooking };
  expect(errorOf(await classic.post(`/bookings/${booking.id}/confirm`)).status).toBe(400);
  expect(errorOf(await classic.post(`/bookings/${UNKNOWN_BOOKING_ID}/confirm`)).status).toBe(404);
});

test("all bookings come as one array with the fields of both", async () => {
  const show = await classic.createA(5);
  const [one, two] = [
    await classic.bookA(show.id, { seats: [5] }),
    await classic.bookB(show.number, 2),
  ];
  const all = expectStatus(200, await client.call("/bookings")) as ClassicBooking[];
  for (const booking of [one, two]) expect(all).toContainEqual(booking);
  const members = ["id", "show_id", "movieName", "userName", "seats", "seats_requested"];
  for (const member of [...members, "seats_assigned", "showTime", "status", "expiresAt"]) {
    expect(all.every((booking) => Object.hasOwn(booking, member))).toBe(true);
  }
});

test("a: one booking is found by its id, in whatever case, and at every gateway", async () => {
  const show = await classic.createA();
  const booking = await classic.bookA(show.id, { seats_count: 1 });
  for (const id of [booking.id, booking.id.toUpperCase()]) {
    const answer = await client.call(`/bookings/${id}`);
    expect([answer.status, answer.json]).toEqual([200, booking]);
  }
  const other = stack().clientOf(1);
  await other.decided({ id: booking.id, place: null });
  expect((await other.call(`/bookings/${booking.id}`)).json).toEqual(booking);
});

test("a: the sweep by hand answers with a message and a count", async () => {
  const answer = await classic.post("/admin/run-expiry");
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ message: expect.any(String), expired_count: 0 });
});

test("a: health is ok, and pages of other origins may ask", async () => {
  const answer = await client.call("/health", { headers: { origin: "https://a.example" } });
  expect([answer.status, answer.json]).toEqual([200, { status: "ok" }]);
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
});

test("b's stress script: 40 requests at 30 seats at once, 30 of them held, 10 refused", async () => {
  const show = await classic.createB(30);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      classic.post("/bookings", {
        showId: show.number,
        userName: `user ${index}`,
        numberOfSeats: 1,
      }),
    ),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(30);
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expect(errorOf(answer)).toMatchObject({ status: 409, reason: "not-enough-seats" });
  }
  expect(await classic.readSeats(show.number)).toMatchObject({ available: [] });
});

test("the same request again after a lost answer is one booking, with an Idempotency-Key", async () => {
  const show = await classic.createA();
  const headers = { "idempotency-key": randomUUID() };
  const again = async () => {
    const a = await classic.post(`/shows/${show.id}/book`, { seats_count: 2 }, headers);
    return expectStatus(201, a) as ClassicBooking;
  };
  const first = await again();
  expect(await again()).toEqual(first);
  expect(await classic.readSeats(show.id)).toMatchObject({ booked: [1, 2] });
  const guessed = { "idempotency-key": "1" };
  const short = await classic.post(`/shows/${show.id}/book`, { seats_count: 2 }, guessed);
  expect(errorOf(short)).toMatchObject({ status: 400 });
});

test("a confirm after the hold has lapsed is 400 and hold-expired, and the seats are free", async () => {
  const { id: showId } = await client.createShow({
    holdSeconds: 1,
    rescueSeconds: 0,
    capacity: 2,
  });
  const booking = await client.book({ showId, count: 2 });
  await expect
    .poll(async () => {
      const { expired_count: count } = (await classic.post("/admin/run-expiry")).json as {
        expired_count: number;
      };
      return count;
    }, LAPSED)
    .toBe(1);
  const answer = await classic.post(`/bookings/${booking.id}/confirm`);
  expect(errorOf(answer)).toMatchObject({ status: 400, reason: "hold-expired" });
  expect((await client.call(`/bookings/${booking.id}`)).json).toMatchObject({ status: "FAILED" });
  expect(await classic.readSeats(showId)).toEqual({ total: 2, booked: [], available: [1, 2] });
});

test("the two kinds meet on one show, and never in one seat", async () => {
  const show = await classic.createB(20);
  const asks = Array.from({ length: 30 }, (_, index) =>
    index % 2 === 0
      ? classic.post(`/shows/${show.id}/book`, { seats_count: 1 })
      : classic.post("/bookings", { showId: show.number, userName: "ann", numberOfSeats: 1 }),
  );
  const won = (await Promise.all(asks)).filter(({ status }) => status === 201);
  const seats = won.flatMap(({ json }) => (json as ClassicBooking).seats_assigned);
  expect(seats.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

test("what changes a sale or shows everybody's bookings is for admins where there is a token", async () => {
  const gateway = await stack().addGateway({ ADMIN_ACCESS: "token", ADMIN_TOKEN });
  await gateway.start();
  const guarded = stack().clientOf(2);
  const show = { name: "A", start_time: "2025-12-25T19:00:00Z", total_seats: 5 };
  const asks = [
    { method: "POST", path: "/admin/shows", body: show },
    { method: "POST", path: "/shows", body: { name: "A", startTime: "2025-12-25", seats: 5 } },
    { method: "POST", path: "/admin/run-expiry" },
    { method: "GET", path: "/bookings" },
  ];
  for (const { path, ...ask } of asks) {
    expect(errorOf(await guarded.call(path, ask)).status).toBe(401);
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect([200, 201]).toContain((await guarded.call(path, { ...ask, headers })).status);
  }
  expect((await guarded.call("/shows")).status).toBe(200);
});

test("one switch turns the classic routes off, and leaves the others", async () => {
  const gateway = await stack().addGateway({ CLASSIC_ROUTES: "off" });
  await gateway.start();
  const plain = stack().clientOf(3);
  for (const path of ["/shows", "/bookings", "/health"]) {
    expect(problemOf(await plain.call(path))).toMatchObject({ status: 404, reason: "not-found" });
  }
  expect((await plain.call("/v1/shows")).status).toBe(200);
});
