/** One key, one booking: however often, wherever and however late it is sent again. */
import { randomUUID } from "node:crypto";

import { expect, test } from "vitest";

import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { expectStatus, problemOf } from "./client.ts";
import type { BookingView } from "./client.ts";
import type { HttpAnswer } from "@seatline/shared/testing/http.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2 });
const TIMES = 50;

const keyed = (key: string = randomUUID()) => ({ "idempotency-key": key });

/** The same request at once, half of it at each gateway. */
function askTogether(body: unknown, headers: Record<string, string>): Promise<HttpAnswer[]> {
  return Promise.all(
    Array.from({ length: TIMES }, (_, index) =>
      stack()
        .clientOf(index % 2)
        .askAndWait(body, headers),
    ),
  );
}

/** Catches ids that are made anew at one gateway, and waiters that hear another request's outcome. */
test("a key sent 50 times at once to two gateways is one booking, and 50 equal answers", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 100 });
  const body = { showId, customer: "c-1", count: 2 };
  const answers = await askTogether(body, keyed());
  const [first] = answers;
  expect(first?.status).toBe(201);
  for (const { status, json } of answers) expect([status, json]).toEqual([201, first?.json]);
  expect(await client.show(showId)).toMatchObject({ free: 98, held: 2, confirmed: 0 });
  const rows = await stack().database.sql`select id from bookings where show_id = ${showId}`;
  expect(rows).toHaveLength(1);
});

test("50 times at once for seats of its own: nobody is told that its own seats are taken", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 5 });
  const answers = await askTogether({ showId, seats: [2, 4] }, keyed());
  for (const { status, json } of answers) {
    expect([status, (json as BookingView).seats]).toEqual([201, [2, 4]]);
  }
});

test("the same key gets the same seats after the show has sold out, held and confirmed", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 3 });
  const headers = keyed();
  const body = { showId, count: 2 };
  const booking = await client.book(body, headers);
  const rest = await client.book({ showId, count: 1 });
  for (const answer of await askTogether(body, headers)) expect(answer.json).toEqual(booking);
  await client.confirm(booking.id, { body: { payment: "pi_1" } });
  await client.confirm(rest.id);
  const again = await stack().clientOf(1).book(body, headers);
  expect(again).toMatchObject({ id: booking.id, seats: booking.seats, status: "CONFIRMED" });
  expect((await client.askAndWait({ showId, count: 1 })).status).toBe(409);
});

test("a refusal is kept too: the same key is not served later, when there would be room", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 1 });
  const booking = await client.book({ showId, count: 1 });
  const headers = keyed();
  const refused = await client.askAndWait({ showId, count: 1 }, headers);
  expect(refused.status).toBe(409);
  await client.cancel(booking.id);
  const again = await client.askAndWait({ showId, count: 1 }, headers);
  expect([again.status, again.json]).toEqual([409, refused.json]);
  expect((await client.askAndWait({ showId, count: 1 }, keyed())).status).toBe(201);
});

test("without waiting, too: every 202 of a key leads to the one booking", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const headers = keyed();
  const queued = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      stack()
        .clientOf(index % 2)
        .queue({ showId, count: 1 }, headers),
    ),
  );
  expect(new Set(queued.map(({ id }) => id)).size).toBe(1);
  expect(new Set(queued.map(({ place }) => place)).size).toBe(10);
  const bookings = await Promise.all(queued.map((it) => stack().clientOf(1).decided(it)));
  for (const booking of bookings) expect(booking).toMatchObject({ status: "PENDING", seats: [1] });
  expect(await client.show(showId)).toMatchObject({ held: 1 });
});

test.each<[string, object]>([
  ["another count", { count: 3 }],
  ["seats instead", { seats: [1, 2] }],
  ["another member of the same request", { count: 2, confirm: "now" }],
])("another request under a used key, %s, is key-reused and shows nothing", async (_, other) => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const headers = keyed();
  const first = await client.book({ showId, customer: "c-7", count: 2 }, headers);
  for (const gateway of [client, stack().clientOf(1)]) {
    const answer = await gateway.askAndWait({ showId, customer: "c-7", ...other }, headers);
    const problem = problemOf(answer);
    expect(problem).toMatchObject({ status: 422, reason: "key-reused" });
    expect(problem.booking).toBeUndefined();
    expect(answer.text).not.toContain(first.id);
    expect(answer.headers.location).toBeUndefined();
  }
  expect(await client.booking(first.id)).toEqual(first);
  expect(await client.show(showId)).toMatchObject({ held: 2 });
});

/** Catches a look at a decided place that answers with whatever has the id. */
test("another request under a used key is key-reused at its own place as well", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const headers = keyed();
  const first = await client.book({ showId, customer: "c-7", count: 2 }, headers);
  const queued = await client.queue({ showId, customer: "c-7", count: 3 }, headers);
  expect(queued.place).not.toBe(first.place);
  await client.book({ showId, count: 1 });
  for (const gateway of [client, stack().clientOf(1)]) {
    const answer = await gateway.look(queued.id, queued.place, { prefer: "wait=10" });
    expect(problemOf(answer)).toMatchObject({ status: 422, reason: "key-reused" });
    expect(answer.text).not.toContain("c-7");
    expect(answer.text).not.toContain("seats");
  }
});

/** Catches a waiter that takes the first outcome under the id for its own. */
test("two different requests under one key at once: one is booked, the other key-reused", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 1_000 });
  for (let round = 0; round < 10; round++) {
    const headers = keyed();
    const answers = await Promise.all([
      client.askAndWait({ showId, count: 1 }, headers),
      client.askAndWait({ showId, count: 2 }, headers),
      stack().clientOf(1).askAndWait({ showId, count: 1 }, headers),
      stack().clientOf(1).askAndWait({ showId, count: 2 }, headers),
    ]);
    const statuses = answers.map(({ status }) => status);
    const [one = 0, two = 0] = statuses;
    expect(new Set([one, two])).toEqual(new Set([201, 422]));
    expect(statuses).toEqual([one, two, one, two]);
  }
});

test("the same key from another customer, or with another credential, is another booking", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 20 });
  const key = randomUUID();
  const bodies = [
    [{ showId, count: 1 }, keyed(key)],
    [{ showId, count: 1, customer: "c-1" }, keyed(key)],
    [{ showId, count: 1, customer: "c-2" }, keyed(key)],
    [
      { showId, count: 1 },
      { ...keyed(key), authorization: "Bearer shop-1" },
    ],
    [
      { showId, count: 1 },
      { ...keyed(key), authorization: "Bearer shop-2" },
    ],
  ] as const;
  const bookings: BookingView[] = [];
  for (const [body, headers] of bodies) bookings.push(await client.book(body, headers));
  expect(new Set(bookings.map(({ id }) => id)).size).toBe(bodies.length);
  expect(new Set(bookings.flatMap(({ seats }) => seats)).size).toBe(bodies.length);
  for (const [index, [body, headers]] of bodies.entries()) {
    expect(await stack().clientOf(1).book(body, headers)).toEqual(bookings[index]);
  }
});

test("the same key for another show is another booking", async () => {
  const { client } = stack();
  const [one, two] = [await client.createShow(), await client.createShow()];
  const headers = keyed();
  const first = await client.book({ showId: one.id, count: 1 }, headers);
  const second = await client.book({ showId: two.id, count: 1 }, headers);
  expect(second.id).not.toBe(first.id);
});

test("a short key is enough for whoever has a credential", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const headers = { ...keyed("order-1"), authorization: "Bearer shop-1" };
  const booking = await client.book({ showId, count: 1 }, headers);
  expect(await client.book({ showId, count: 1 }, headers)).toEqual(booking);
});

test("confirm and cancel need no key: 20 at once are one change and 20 equal answers", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ cancelConfirmed: true });
  const { id } = await client.book({ showId, count: 2 });
  for (const change of ["confirm", "cancel"] as const) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        change === "confirm"
          ? stack()
              .clientOf(index % 2)
              .confirm(id)
          : stack()
              .clientOf(index % 2)
              .cancel(id),
      ),
    );
    const settled = expectStatus(200, await client.look(id));
    for (const { status, json } of answers) expect([status, json]).toEqual([200, settled]);
  }
  expect(await client.show(showId)).toMatchObject({ free: 10, held: 0, confirmed: 0 });
});

/** Catches a waiter that takes the entry in which its hold lapsed, of an equal request, for its own. */
test("a key whose hold lapses while an equal request under another key is decided hears of its own", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 1, rescueSeconds: 0 });
  const body = { showId, count: 1 };
  const [mine, theirs] = [keyed(), keyed()];
  const held = await client.book(body, mine);
  await waitUntil("the hold is over", () => Date.now() > Date.parse(held.expiresAt ?? ""));
  stack().worker().freeze();
  // One gateway, so that both wait where the entry is read.
  const asked = [client.askAndWait(body, theirs)];
  const isInLine = (count: number) => async () =>
    ((await client.call("/v1/admin/line")).json as { lag: number }).lag >= count;
  await waitUntil("the other one stands in the line", isInLine(1));
  asked.push(client.askAndWait(body, mine));
  await waitUntil("both stand in the line", isInLine(2));
  stack().worker().wake();
  const [other, own] = await Promise.all(asked);
  expect(other).toMatchObject({ status: 201 });
  expect(own).toMatchObject({ status: 410, json: { reason: "hold-expired" } });
  expect(own?.text).not.toContain((other?.json as BookingView | undefined)?.id);
});
