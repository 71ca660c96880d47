/** How holds end: confirmed in time, lapsed by the sweep, by hand, or by the next request. Each once. */
import { setTimeout as pause } from "node:timers/promises";

import { expect, test } from "vitest";

import { listSeats } from "@seatline/shared/testing/naive-show.ts";
import { problemOf } from "./client.ts";
import type { BookingView, Client } from "./client.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2, expiryWorkers: 2, env: { SWEEP_SECONDS: "1" } });

/** A hold of one second and a sweep every second: lapsed after two, with room for a busy machine. */
const LAPSED = { timeout: 15_000, interval: 50 };

async function untilPast(booking: BookingView): Promise<void> {
  const { sql } = stack().database;
  await expect
    .poll(async () => {
      const [row] = await sql<{ past: boolean }[]>`
        select clock_timestamp() > ${booking.expiresAt}::text::timestamptz + interval '50 ms' as past`;
      return row?.past;
    }, LAPSED)
    .toBe(true);
}

/** How often each booking changed into each status, by the records: the whole truth of the line. */
async function countMoves(showId: string): Promise<Map<string, number>> {
  const rows = await stack().database.sql<{ body: string }[]>`select body from records`;
  const moves = new Map<string, number>();
  for (const { body } of rows) {
    const { entries } = JSON.parse(body) as { entries: { changed: BookingView[] }[] };
    for (const changed of entries.flatMap((entry) => entry.changed)) {
      if (changed.showId !== showId) continue;
      const move = `${changed.id} ${changed.status}`;
      moves.set(move, (moves.get(move) ?? 0) + 1);
    }
  }
  return moves;
}

const statusOf = async (client: Client, id: string) => (await client.booking(id)).status;

/** Catches a sweep that asks for nothing. */
test("a hold at which nobody asks lapses by the sweep: failed, and its seats are free again", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 1, capacity: 4 });
  const booking = await client.book({ showId, count: 3 });
  await expect.poll(() => statusOf(client, booking.id), LAPSED).toBe("FAILED");
  expect(await client.booking(booking.id)).toEqual({
    ...booking,
    status: "FAILED",
    reason: "hold-expired",
    seats: [],
    labels: [],
    expiresAt: null,
  });
  expect(await client.show(showId)).toMatchObject({ free: 4, held: 0, confirmed: 0 });
  expect((await client.seats(showId)).held).toBe("");
  expect((await client.book({ showId, count: 4 })).seats).toEqual([1, 2, 3, 4]);
});

/** Catches a sweep that does not look for opened sales. */
test("what came back before the sale opens goes to who waits when it opens, though nobody asks", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 1 });
  const first = await client.book({ showId, count: 1 });
  const waiting = await client.book({ showId, count: 1, ifUnavailable: "wait" });
  const opensAt = new Date(Date.now() + 3_000).toISOString();
  await client.call(`/v1/shows/${showId}`, { method: "PATCH", body: { opensAt } });
  await client.cancel(first.id);
  expect(await statusOf(client, waiting.id)).toBe("WAITING");
  await expect.poll(() => statusOf(client, waiting.id), LAPSED).toBe("PENDING");
  const { updatedAt, version } = await client.show(showId);
  expect(Date.parse(updatedAt)).toBeGreaterThanOrEqual(Date.parse(opensAt));
  await pause(2_500);
  expect(await client.show(showId), "it is asked for once").toMatchObject({ version });
});

test("somebody who waits for a change is told of the lapse, at every gateway", async () => {
  const { client } = stack();
  const other = stack().clientOf(1);
  const { id: showId } = await client.createShow({ holdSeconds: 1 });
  const booking = await client.book({ showId, count: 1 });
  await other.decided(booking);
  const { etag = "" } = (await other.look(booking.id)).headers;
  const answer = await other.look(booking.id, null, { "if-none-match": etag, prefer: "wait=20" });
  expect(answer.json).toMatchObject({ status: "FAILED", reason: "hold-expired" });
});

test("a late confirm is 410 hold-expired, whether or not the sweep was there before", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ rescueSeconds: 0, holdSeconds: 1 });
  const swept = await client.book({ showId, count: 1 });
  await expect.poll(() => statusOf(client, swept.id), LAPSED).toBe("FAILED");
  const answers = [await client.confirm(swept.id), await client.cancel(swept.id)];
  const late = await client.book({ showId, count: 1 });
  await untilPast(late);
  answers.push(await client.confirm(late.id), await client.confirm(late.id));
  for (const answer of answers) {
    expect(problemOf(answer)).toMatchObject({
      status: 410,
      reason: "hold-expired",
      booking: { status: "FAILED", reason: "hold-expired", seats: [] },
    });
  }
  expect(await client.show(showId)).toMatchObject({ free: 10, held: 0, confirmed: 0 });
});

test("a lapsed hold makes room for the next request, without waiting for any sweep", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 1, capacity: 2 });
  const first = await client.book({ showId, count: 2 });
  await untilPast(first);
  expect((await client.book({ showId, count: 2 })).seats).toEqual([1, 2]);
  expect(await statusOf(client, first.id)).toBe("FAILED");
});

test("a confirm in time wins against every sweep, and what it said stays true", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 2, capacity: 200 });
  const bookings = await Promise.all(
    Array.from({ length: 40 }, () => client.book({ showId, count: 1 })),
  );
  // Confirmed at moments all around the end of their holds, while two workers and we sweep.
  const answers = await Promise.all(
    bookings.map(async (booking, index) => {
      const at = Date.parse(booking.expiresAt ?? "") + (index - 20) * 15;
      await expect.poll(() => Date.now() >= at, { timeout: 10_000, interval: 2 }).toBe(true);
      if (index % 8 === 0) void client.expiryRun();
      return client.confirm(booking.id);
    }),
  );
  const late = answers.filter(({ status }) => status !== 200).map(problemOf);
  for (const problem of late) {
    expect(problem).toMatchObject({ status: 410, reason: "hold-expired" });
  }
  const confirmed = bookings
    .filter((_, index) => answers[index]?.status === 200)
    .flatMap(({ seats }) => seats);
  expect(confirmed).toContain(bookings[0]?.seats[0]);
  await expect.poll(() => client.show(showId), LAPSED).toMatchObject({ held: 0 });
  for (const [index, answer] of answers.entries()) {
    const status = await statusOf(client, bookings[index]?.id ?? "");
    expect(status).toBe(answer.status === 200 ? "CONFIRMED" : "FAILED");
  }
  const seats = await client.seats(showId);
  expect(listSeats(seats.confirmed)).toEqual(confirmed.sort((a, b) => a - b));
  const resold = await client.book({ showId, count: 50 });
  expect(resold.seats.filter((seat) => confirmed.includes(seat))).toEqual([]);
});

/** Catches a release that acts on what the sweep saw; tried with one that ends confirmed bookings. */
test("a confirm that reached the line in time wins, however late it is decided", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 2 });
  const booking = await client.book({ showId, count: 2 });
  stack().worker().freeze();
  const queued = await client.confirm(booking.id, { headers: { prefer: "wait=0" } });
  expect(queued.status).toBe(202);
  await untilPast(booking);
  // The expiry-workers see a hold that is over, and ask for its release behind the confirm.
  await expect
    .poll(async () => (await client.call("/v1/admin/line")).json, LAPSED)
    .toSatisfy((line: { lag: number }) => line.lag >= 2);
  stack().worker().wake();
  const { place } = queued.json as { place: string };
  const confirmed = await client.decided({ id: booking.id, place });
  expect(confirmed).toMatchObject({ status: "CONFIRMED", seats: booking.seats });
  await expect
    .poll(async () => (await client.call("/v1/admin/line")).json, LAPSED)
    .toMatchObject({ lag: 0 });
  expect(await client.booking(booking.id)).toEqual(confirmed);
  expect(await client.show(showId)).toMatchObject({ free: 8, confirmed: 2 });
});

test("with two workers and us sweeping at once each hold ends once, and only its own seats come back", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ holdSeconds: 1, capacity: 100 });
  // Of the same name, to be mixed up by whoever goes by names.
  const { id: namesake } = await client.createShow({ holdSeconds: 3_600, capacity: 100 });
  const kept = await client.book({ showId: namesake, count: 10 });
  const bookings = await Promise.all(
    Array.from({ length: 30 }, () => client.book({ showId, count: 2 })),
  );
  await expect
    .poll(async () => {
      await Promise.all([client.expiryRun(), stack().clientOf(1).expiryRun()]);
      return (await client.show(showId)).free;
    }, LAPSED)
    .toBe(100);
  const moves = await countMoves(showId);
  for (const { id } of bookings) {
    expect([moves.get(`${id} PENDING`), moves.get(`${id} FAILED`)]).toEqual([1, 1]);
  }
  expect(await client.booking(kept.id)).toEqual(kept);
  expect(await client.show(namesake)).toMatchObject({ free: 90, held: 10 });
});

test("a sweep by hand works while every expiry-worker is down, and counts what had lapsed", async () => {
  const { client } = stack();
  for (const worker of stack().expiryWorkers) await worker.kill();
  try {
    const { id: showId } = await client.createShow({ holdSeconds: 2, capacity: 10 });
    const bookings = [
      await client.book({ showId, count: 1 }),
      await client.book({ showId, count: 2 }),
      await client.book({ showId, count: 3 }),
    ];
    for (const booking of bookings) await untilPast(booking);
    expect(await client.show(showId)).toMatchObject({ held: 6 });
    // An earlier test may have left a hold or two that nobody has released yet.
    const [row] = await stack().database.sql<{ lapsed: number }[]>`
      select count(*)::int as lapsed from bookings where status = 'PENDING' and expires_at < clock_timestamp()`;
    const lapsed = row?.lapsed ?? 0;
    expect(lapsed).toBeGreaterThanOrEqual(3);
    expect(await client.expiryRun()).toEqual({ requested: lapsed, expired: lapsed });
    expect(await client.expiryRun()).toEqual({ requested: 0, expired: 0 });
    expect(await client.show(showId)).toMatchObject({ free: 10, held: 0 });
  } finally {
    for (const worker of stack().expiryWorkers) await worker.start();
  }
});

test("an expiry-worker that starts late finds what lapsed before it was there", async () => {
  const { client } = stack();
  for (const worker of stack().expiryWorkers) expect(await worker.stop()).toBe(0);
  // More than one page of the sweep, and time to make them all before the first one lapses.
  const { id: showId } = await client.createShow({ holdSeconds: 4, capacity: 700 });
  const bookings = await Promise.all(
    Array.from({ length: 600 }, () => client.book({ showId, count: 1 })),
  );
  for (const booking of bookings) await untilPast(booking);
  expect(await client.show(showId)).toMatchObject({ held: 600 });
  for (const worker of stack().expiryWorkers) await worker.start();
  await expect.poll(() => client.show(showId), LAPSED).toMatchObject({ free: 700, held: 0 });
});
