/** The canonical API as its clients see it: shows, their pages and their seat maps. */
import { expect, test } from "vitest";

import { listSeats } from "@seatline/shared/testing/naive-show.ts";
import { UNKNOWN_SHOW_ID, expectStatus, problemOf } from "./client.ts";
import type { Page, ShowView } from "./client.ts";
import { useStack } from "./stack.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const stack = useStack({ gateways: 2 });

test("a new show is created with its address, its number and the defaults of a sale", async () => {
  const { client } = stack();
  const answer = await client.call("/v1/shows", {
    body: { name: "The Lion King", startsAt: "2027-12-25T19:00:00Z", capacity: 100 },
  });
  const show = expectStatus(201, answer) as ShowView;
  expect(answer.headers.location).toBe(`/v1/shows/${show.id}`);
  expect(show).toEqual({
    id: expect.stringMatching(UUID),
    number: expect.any(Number),
    name: "The Lion King",
    startsAt: "2027-12-25T19:00:00.000Z",
    status: "open",
    opensAt: null,
    closesAt: null,
    archived: false,
    currency: null,
    confirmation: "manual",
    holdSeconds: 120,
    holdMaxSeconds: 600,
    rescueSeconds: 900,
    cancelConfirmed: false,
    maxSeatsPerBooking: 50,
    maxSeatsPerCustomer: null,
    maxHoldsPerCustomer: null,
    capacity: 100,
    free: 100,
    held: 0,
    confirmed: 0,
    version: 1,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    createdAt: expect.stringMatching(ISO),
    updatedAt: expect.stringMatching(ISO),
  });
});

test("what a show was created with is what it has: hold, confirmation, cancellation, offset of its start", async () => {
  const { client } = stack();
  const show = await client.createShow({
    name: "Zauberflöte 🎟 ‹Wien›",
    startsAt: "2027-06-01T20:30:15.5+02:00",
    capacity: 1_000_000,
    holdSeconds: 1,
    confirmation: "automatic",
    cancelConfirmed: true,
  });
  expect(show).toMatchObject({
    name: "Zauberflöte 🎟 ‹Wien›",
    startsAt: "2027-06-01T18:30:15.500Z",
    capacity: 1_000_000,
    free: 1_000_000,
    holdSeconds: 1,
    confirmation: "automatic",
    cancelConfirmed: true,
  });
});

test("a show is found by id and by number, at every gateway, with the same body", async () => {
  const show = await stack().client.createShow();
  const other = stack().clientOf(1);
  expect(await other.show(show.id)).toEqual(show);
  expect(await other.show(show.number)).toEqual(show);
  expect(await other.show(show.id.toUpperCase())).toEqual(show);
});

test("whoever does not wait for a new show gets its id and finds it a moment later", async () => {
  const { client } = stack();
  const answer = await client.call("/v1/shows", {
    body: { name: "Quick", startsAt: "2027-12-25T19:00:00Z", capacity: 3 },
    headers: { prefer: "wait=0" },
  });
  const { id } = expectStatus(202, answer) as { id: string };
  expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  expect(answer.headers.location).toBe(`/v1/shows/${id}`);
  // A booking behind it in the line is decided after it.
  const booking = await client.book({ showId: id, count: 1 });
  expect(booking.seats).toEqual([1]);
  expect(await client.show(id)).toMatchObject({ name: "Quick", free: 2, held: 1, confirmed: 0 });
});

test("counters and version follow every change of a show, also where it was known before", async () => {
  const { client } = stack();
  const other = stack().clientOf(1);
  const { id } = await client.createShow({ cancelConfirmed: true });
  await other.show(id);
  const booking = await client.book({ showId: id, count: 4 });
  const counters = async () => {
    const seen = await client.show(id);
    const { free, held, confirmed, version } = seen;
    expect(free + held + confirmed).toBe(seen.capacity);
    return { free, held, confirmed, version };
  };
  expect(await counters()).toEqual({ free: 6, held: 4, confirmed: 0, version: 2 });
  await client.confirm(booking.id);
  expect(await counters()).toEqual({ free: 6, held: 0, confirmed: 4, version: 3 });
  await client.cancel(booking.id);
  expect(await counters()).toEqual({ free: 10, held: 0, confirmed: 0, version: 4 });
});

test("unknown shows are 404, whatever stands in the path", async () => {
  const { client } = stack();
  const paths = ["abc", "0", "-1", "1.5", "99999999999", "2147483647", UNKNOWN_SHOW_ID, "%00"];
  for (const path of paths) {
    for (const suffix of ["", "/seats"]) {
      const problem = problemOf(await client.call(`/v1/shows/${path}${suffix}`));
      expect({ path, ...problem }).toMatchObject({ path, status: 404, reason: "show-not-found" });
    }
  }
});

test("shows come in pages by number; the pages together are all shows, once", async () => {
  const { client } = stack();
  for (let count = 0; count < 5; count++) await client.createShow({ name: `Page ${count}` });
  const all = expectStatus(200, await client.call("/v1/shows?limit=200")) as Page<ShowView>;
  expect(all.next).toBeNull();
  const seen: ShowView[] = [];
  let after: string | null = "0";
  while (after !== null) {
    const answer = await client.call(`/v1/shows?limit=2&after=${after}`);
    const page: Page<ShowView> = expectStatus(200, answer) as Page<ShowView>;
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items);
    after = page.next;
  }
  expect(seen).toEqual(all.items);
  const numbers = seen.map(({ number }) => number);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  const [first] = seen;
  expect(first).toEqual(await client.show(first?.id ?? ""));
});

test("a page that ends with the last show has no next", async () => {
  const { client } = stack();
  await client.createShow();
  const { items } = expectStatus(200, await client.call("/v1/shows?limit=200")) as Page<ShowView>;
  const exact = await client.call(`/v1/shows?limit=${items.length}`);
  expect((expectStatus(200, exact) as Page<ShowView>).next).toBeNull();
});

test("the seat map lists held and confirmed seats as ranges; the rest is free", async () => {
  const { client } = stack();
  const { id } = await client.createShow({ capacity: 12 });
  const booked = await client.book({ showId: id, seats: [2, 1] });
  await client.book({ showId: id, seats: [9, 3, 4] });
  await client.confirm(booked.id);
  const answer = await client.call(`/v1/shows/${id}/seats`);
  expect(answer.json).toEqual({ version: 4, capacity: 12, held: "3-4,9", confirmed: "1-2" });
  expect(answer.headers.etag).toBe('"4"');
});

test("an unchanged seat map is 304 without a body, a changed one comes whole", async () => {
  const { client } = stack();
  const { id, number } = await client.createShow();
  const ask = (path: string | number, tag: string) =>
    client.call(`/v1/shows/${path}/seats`, { headers: { "if-none-match": tag } });
  for (const tag of ['"1"', 'W/"1"', '"7", "1"', "*"]) {
    const answer = await ask(number, tag);
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, "", '"1"']);
    // A length here would be that of the whole body (RFC 9110, 8.6), and clients would wait for it.
    expect(answer.headers).not.toHaveProperty("content-length");
  }
  await client.book({ showId: id, count: 1 });
  const answer = await ask(id, '"1"');
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ version: 2, capacity: 10, held: "1", confirmed: "" });
});

test("a show's time of change follows its requests, alone and in the list, at every gateway", async () => {
  const { client } = stack();
  const { id, number, createdAt } = await client.createShow();
  const other = stack().clientOf(1);
  await other.show(id);
  let before = createdAt;
  for (let seat = 1; seat <= 3; seat++) {
    const { decidedAt } = await client.book({ showId: id, seats: [seat] });
    const { updatedAt } = await client.show(id);
    expect(updatedAt).toBe(decidedAt);
    expect(updatedAt >= before).toBe(true);
    const list = await client.call(`/v1/shows?limit=1&after=${number - 1}`);
    expect((list.json as Page<ShowView>).items[0]).toMatchObject({ id, updatedAt });
    await expect.poll(async () => (await other.show(id)).updatedAt).toBe(updatedAt);
    before = updatedAt;
  }
});

test("a show is created once under a key, however often and wherever it is asked for", async () => {
  const key = { "idempotency-key": crypto.randomUUID() };
  const body = { name: "Once", startsAt: "2027-12-25T19:00:00Z", capacity: 3 };
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      stack()
        .clientOf(index % 2)
        .call("/v1/shows", { body, headers: key }),
    ),
  );
  const shows = answers.map((answer) => expectStatus(201, answer) as ShowView);
  expect(new Set(shows.map(({ id }) => id)).size).toBe(1);
  expect(new Set(shows.map(({ number }) => number)).size).toBe(1);
  const other = await stack().client.call("/v1/shows", {
    body: { ...body, capacity: 4 },
    headers: key,
  });
  expect(problemOf(other)).toMatchObject({ status: 422, reason: "key-reused" });
  expect(other.text).not.toContain(shows[0]?.id);
  const guessable = await stack().client.call("/v1/shows", {
    body,
    headers: { "idempotency-key": "short" },
  });
  expect(problemOf(guessable)).toMatchObject({ errors: [{ path: "/Idempotency-Key" }] });
});

/** Catches a map that is loaded once and then left alone, or that forgets one kind of change. */
test("the seat map of every gateway follows holds, confirmations, cancellations and lapses", async () => {
  const { client } = stack();
  const other = stack().clientOf(1);
  const { id } = await client.createShow({ capacity: 20, cancelConfirmed: true });
  const agree = async (held: number[], confirmed: number[]) => {
    const wanted = await client.seats(id);
    expect(listSeats(wanted.held)).toEqual(held);
    expect(listSeats(wanted.confirmed)).toEqual(confirmed);
    // The other hears of it through the topic, so it may be a moment behind, and never further.
    await expect.poll(() => other.seats(id), { timeout: 10_000, interval: 10 }).toEqual(wanted);
  };
  await agree([], []);
  const first = await client.book({ showId: id, seats: [5, 6] });
  const second = await client.book({ showId: id, seats: [1, 20] });
  await agree([1, 5, 6, 20], []);
  await client.confirm(first.id);
  await agree([1, 20], [5, 6]);
  await client.cancel(second.id);
  await agree([], [5, 6]);
  await client.cancel(first.id);
  await agree([], []);
  const again = await client.book({ showId: id, seats: [5, 20] });
  await client.confirm(again.id);
  await agree([], [5, 20]);
});

test("a large seat map is answered from memory, and stays in step under many bookings at once", async () => {
  const { client } = stack();
  const { id } = await client.createShow({ capacity: 50_000 });
  await client.seats(id);
  await Promise.all(Array.from({ length: 100 }, () => client.book({ showId: id, count: 7 })));
  const { held } = await client.seats(id);
  expect(held).toBe("1-700");
});

test("a show grows up to a million places, and no further", async () => {
  const { client } = stack();
  const sections = [
    { name: "Floor", standing: 10 },
    { name: "Stalls", rows: "A-B", seatsPerRow: 10, blocked: ["A1..5"] },
  ];
  const { id } = await client.createShow({ capacity: undefined, sections });
  const grow = (places: number) =>
    client.call(`/v1/shows/${id}`, {
      method: "PATCH",
      body: { sections: [{ name: "Floor", standing: places }] },
    });
  expect(problemOf(await grow(999_981))).toMatchObject({
    reason: "too-many-seats",
    limitOf: "places-per-show",
    limit: 1_000_000,
  });
  expect(expectStatus(200, await grow(999_980))).toMatchObject({ capacity: 999_995 });
});
