/**
 * What people see when a part of the system dies: a longer line or a 503, never a lie. Nothing that
 * was accepted is lost, no seat is sold twice, and all is well again when the part is back.
 */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import { afterEach, expect, test } from "vitest";

import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { listSeats } from "@seatline/shared/testing/naive-show.ts";
import { expectStatus, problemOf } from "./client.ts";
import type { BookingView, Client } from "./client.ts";
import type { HttpAnswer } from "@seatline/shared/testing/http.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2, breakable: true });
/** Nobody waits longer than this for a 503, whatever the broker does. */
const UNAVAILABLE_MAX_MS = 2_000;
const LONG = { timeout: 30_000, interval: 50 };

function proxies() {
  const found = stack().proxies;
  if (found === null) throw new Error("this stack is breakable");
  return found;
}

afterEach(async () => {
  proxies().postgres.mend();
  proxies().kafka.mend();
  for (const gateway of stack().gateways) await gateway.untilReady();
  await stack().worker().untilReady();
});

const keyed = () => ({ "idempotency-key": randomUUID() });

/** Sends the same request until it is decided, as a good client does after a 503. */
async function insist(client: Client, body: unknown): Promise<BookingView> {
  const headers = keyed();
  return waitUntil("the request is decided", async () => {
    const answer = await client.askAndWait(body, headers).catch(() => null);
    if (answer === null || answer.status === 503) return null;
    if (answer.status === 202) return client.decided(answer.json as BookingView);
    return answer.json as BookingView;
  });
}

/** That all who look see the same sale: both gateways and the tables. */
async function expectOneTruth(showId: string): Promise<void> {
  const [client, other] = [stack().client, stack().clientOf(1)];
  const { sql } = stack().database;
  const rows = await sql<{ seat: number; status: string; bookingId: string }[]>`
    select s.seat_no as seat, b.status, b.id as "bookingId" from seats s join bookings b on b.id = s.booking_id
     where s.show_id = ${showId} order by s.seat_no`;
  const seatsOf = (status: string) =>
    rows.filter((it) => it.status === status).map((it) => it.seat);
  for (const gateway of [client, other]) {
    await expect
      .poll(async () => {
        const { held, confirmed } = await gateway.seats(showId);
        return { held: listSeats(held), confirmed: listSeats(confirmed) };
      }, LONG)
      .toEqual({ held: seatsOf("PENDING"), confirmed: seatsOf("CONFIRMED") });
    const { capacity, free, held, confirmed } = await gateway.show(showId);
    expect({ held, confirmed, free }).toEqual({
      held: seatsOf("PENDING").length,
      confirmed: seatsOf("CONFIRMED").length,
      free: capacity - rows.length,
    });
  }
  for (const { bookingId } of rows.slice(0, 10)) {
    // A gateway that was cut off may be a moment behind the other.
    await expect
      .poll(async () => [await client.booking(bookingId), await other.booking(bookingId)], LONG)
      .toSatisfy(([one, two]: BookingView[]) => isDeepStrictEqual(one, two));
  }
}

test("a worker killed under load: the line is longer, everything accepted is decided once", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 500 });
  let decided = 0;
  const asks = Array.from({ length: 300 }, async (_, index) => {
    const asked = stack().clientOf(index % 2);
    await waitUntil("its turn", () => decided >= index - 60);
    const queued = await asked.queue({ showId, count: 2 }, keyed());
    const booking = await asked.decided(queued);
    decided += 1;
    return booking;
  });
  await waitUntil("the sale runs", () => decided > 100);
  await stack().worker().kill();
  await stack().worker().start();
  const bookings = await Promise.all(asks);
  const seats = bookings.flatMap((booking) => booking.seats);
  expect(new Set(seats).size).toBe(seats.length);
  const statuses = bookings.map(({ status }) => status);
  expect(statuses.filter((status) => status === "PENDING")).toHaveLength(250);
  expect(statuses.filter((status) => status === "FAILED")).toHaveLength(50);
  await expectOneTruth(showId);
});

test("while no worker is there: QUEUED with an ahead that never grows, stalled, then decided in order", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  await client.book({ showId, count: 1 });
  expect(await stack().worker().stop()).toBe(0);
  const queued = [];
  for (let count = 0; count < 3; count++) queued.push(await client.queue({ showId, count: 1 }));
  expect(queued.map(({ ahead }) => ahead)).toEqual([0, 1, 2]);
  const [, , last] = queued;
  if (last === undefined) throw new Error("three are queued");
  const look = async (place: string | null) =>
    expectStatus(200, await client.look(last.id, place)) as { ahead: number; stalled: boolean };
  expect(await look(last.place)).toMatchObject({ status: "QUEUED", ahead: 2, place: last.place });
  expect(await look(null)).toMatchObject({ status: "QUEUED", ahead: 2, place: null });
  await expect.poll(async () => (await look(last.place)).stalled, LONG).toBe(true);
  await stack().gateway().untilLogged("the line stands: requests wait and none is decided");
  const line = expectStatus(200, await client.call("/v1/admin/line")) as { lag: number };
  expect(line.lag).toBe(3);
  await stack().worker().start();
  const bookings = await Promise.all(queued.map((it) => client.decided(it)));
  expect(bookings.map(({ seats }) => seats)).toEqual([[2], [3], [4]]);
  await expect
    .poll(async () => (await client.call("/v1/admin/line")).json, LONG)
    .toMatchObject({
      lag: 0,
    });
});

test("a gateway killed after the ack: any other gateway has the result, with the place or without", async () => {
  const other = stack().clientOf(1);
  const { id: showId } = await other.createShow();
  stack().worker().freeze();
  const queued = await stack().client.queue({ showId, count: 2 });
  await stack().gateway().kill();
  const answer = await other.look(queued.id, queued.place);
  stack().worker().wake();
  expect(answer.json).toMatchObject({ id: queued.id, status: "QUEUED", place: queued.place });
  const booking = await other.decided(queued);
  expect(booking).toMatchObject({ id: queued.id, status: "PENDING", seats: [1, 2] });
  expect(await other.booking(queued.id)).toEqual(booking);
  await stack().gateway().start();
  expect(await stack().client.booking(queued.id)).toEqual(booking);
});

test("a gateway killed before it could answer: the same key at another gateway gets one booking", async () => {
  const other = stack().clientOf(1);
  const { id: showId } = await other.createShow();
  stack().worker().freeze();
  const headers = keyed();
  const lost = stack().client.askAndWait({ showId, count: 2 }, headers);
  const gone = lost.then(
    (answer) => answer.status,
    () => "connection error",
  );
  await waitUntil("the request is in the line", async () => {
    const line = (await other.call("/v1/admin/line")).json as { lag: number };
    return line.lag > 0;
  });
  await stack().gateway().kill();
  stack().worker().wake();
  expect(await gone).toBe("connection error");
  const booking = await other.book({ showId, count: 2 }, headers);
  expect(booking.seats).toEqual([1, 2]);
  expect(await other.show(showId)).toMatchObject({ free: 8, held: 2 });
  await stack().gateway().start();
  await expectOneTruth(showId);
});

/** Catches a gateway that says 202 before the broker has said yes. */
test.each(["cut", "freeze"] as const)(
  "the broker away (%s): 503 with Retry-After, soon, never 202; then the same key gets its booking",
  async (fault) => {
    const { client } = stack();
    const { id: showId } = await client.createShow();
    const booking = await client.book({ showId, count: 1 });
    proxies().kafka[fault]();
    const headers = keyed();
    const answers: HttpAnswer[] = [];
    for (let count = 0; count < 3; count++) {
      answers.push(
        ...(await Promise.all([
          client.ask({ showId, count: 2 }, headers),
          client.askAndWait({ showId, count: 2 }, headers),
          client.confirm(booking.id),
          client.call("/v1/shows", {
            body: { name: "A", startsAt: "2027-12-25T19:00:00Z", capacity: 1 },
          }),
        ])),
      );
    }
    for (const answer of answers) {
      expect(problemOf(answer)).toMatchObject({ status: 503, reason: "unavailable" });
      expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
      expect(answer.headers.location).toBeUndefined();
      expect(answer.text).not.toContain(booking.id);
    }
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(UNAVAILABLE_MAX_MS);
    // What needs no broker goes on.
    expect((await client.look(booking.id, booking.place)).json).toEqual(booking);
    expect((await client.call("/health/live")).status).toBe(200);
    await stack().gateway().untilNotReady();
    expect((await client.call("/health/ready")).json).toMatchObject({ checks: { kafka: "down" } });
    proxies().kafka.mend();
    await stack().gateway().untilReady();
    const again = await waitUntil("the key gets its booking", async () => {
      const answer = await client.askAndWait({ showId, count: 2 }, headers);
      return answer.status === 201 ? (answer.json as BookingView) : null;
    });
    expect(again.seats).toHaveLength(2);
    // The confirms may or may not have reached the broker: 503 said just that. One more makes it sure.
    await waitUntil("the confirm is decided", async () => {
      return (await client.confirm(booking.id)).status === 200;
    });
    expect(await client.show(showId)).toMatchObject({ free: 7, held: 2, confirmed: 1 });
    await expectOneTruth(showId);
  },
);

test.each(["cut", "freeze"] as const)(
  "Postgres away (%s): requests queue, reads that need it are 503, then all is decided",
  async (fault) => {
    const { client } = stack();
    const { id: showId, number } = await client.createShow();
    const unread = await stack().clientOf(1).createShow();
    const booking = await client.book({ showId, count: 1 });
    proxies().postgres[fault]();
    const queued = await client.queue({ showId, count: 2 });
    expect(queued.status).toBe("QUEUED");
    const look = await client.look(queued.id, queued.place);
    expect(look.json).toMatchObject({ status: "QUEUED", ahead: 0 });
    // Known here: answered from memory. Not known here: an honest 503.
    expect((await client.look(booking.id, booking.place)).json).toEqual(booking);
    expect((await client.show(number)).id).toBe(showId);
    const reads = await Promise.all([
      client.call(`/v1/shows/${unread.id}`),
      client.call("/v1/shows"),
      client.call("/v1/bookings"),
      client.call("/v1/admin/expiry-runs", { method: "POST" }),
    ]);
    for (const answer of reads) {
      // Word for word: whatever a driver says stays inside.
      expect(problemOf(answer)).toEqual({
        type: "/problems/unavailable",
        title: "Unavailable",
        status: 503,
        reason: "unavailable",
        detail:
          "This answer needs a part of the system that is away for the moment. Ask again soon.",
      });
      expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
    }
    await expect
      .poll(async () => (await client.call("/health/ready")).json, LONG)
      .toEqual({ status: "ready", checks: { kafka: "ok", outcomes: "ok", postgres: "down" } });
    const waited = await client.look(queued.id, queued.place, { prefer: "wait=1" });
    expect(waited.json).toMatchObject({ status: "QUEUED" });
    proxies().postgres.mend();
    expect(await client.decided(queued)).toMatchObject({ status: "PENDING", seats: [2, 3] });
    expect((await insist(client, { showId, count: 1 })).seats).toEqual([4]);
    await expect
      .poll(async () => (await client.call("/health/ready")).json, LONG)
      .toMatchObject({
        checks: { postgres: "ok" },
      });
    await expectOneTruth(showId);
  },
);
