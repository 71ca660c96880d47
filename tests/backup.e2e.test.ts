/**
 * A backup that is older than the line: restored, what was sold after it is decided again from the
 * topic, by the same clocks, and comes out the same to the last hash. So a restore loses nothing, and
 * nobody's seat goes to somebody else.
 */
import { afterEach, expect, test } from "vitest";

import { EXIT_CONFIG } from "@seatline/shared/runtime/config.ts";
import { Replay } from "@seatline/shared/line/decision-log.ts";
import { TEST_PARTITIONS, runOn } from "@seatline/shared/testing/servers.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { expectStatus, problemOf } from "./client.ts";
import type { BookingView } from "./client.ts";
import { runMigrateStep } from "@seatline/shared/testing/migrate-step.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2 });
const TABLES =
  "shows bookings seats customers sections partitions records dead_letters line redo".split(" ");

afterEach(async () => {
  await stack().database.sql`drop schema if exists backup cascade`;
});

/** What pg_dump does: every table as of one moment, while the sale goes on. */
async function backUp(): Promise<void> {
  const copies = TABLES.map((table) => `create table backup.${table} as table public.${table};`);
  await runScript(
    `begin isolation level repeatable read; create schema backup; ${copies.join(" ")} commit;`,
  );
}

async function restore(): Promise<void> {
  const copies = TABLES.map(
    (table) => `insert into public.${table} overriding system value select * from backup.${table};`,
  );
  await runScript(
    `begin; truncate ${TABLES.map((table) => `public.${table}`).join(", ")}; ${copies.join(" ")}
     select setval('shows_number_seq', (select max(number) from public.shows)); commit;`,
  );
}

const runScript = (script: string) =>
  runOn(stack().database.url, (sql) => sql.unsafe(script).simple());

/** All that was sold, and the hashes that prove how. */
async function readSale() {
  const { sql } = stack().database;
  return {
    bookings: await sql`select * from bookings order by id`,
    seats: await sql`select * from seats order by show_id, seat_no`,
    shows: await sql`select * from shows order by id`,
    partitions:
      await sql`select partition, next_offset, tail, log_clock from partitions order by 1`,
    records: await sql`select partition, first_offset, body, tail from records order by 1, 2`,
  };
}

async function decidedUpTo(asked: number): Promise<void> {
  await waitUntil("everything is decided", async () => {
    const [row] = await stack().database.sql<{ decided: number }[]>`
      select sum(next_offset)::float8 as decided from partitions`;
    return row?.decided === asked;
  });
}

const countDecided = async () => {
  const [row] = await stack().database.sql<{ decided: number }[]>`
    select sum(next_offset)::float8 as decided from partitions`;
  return row?.decided ?? 0;
};

const migrate = () => runMigrateStep({ ...stack().env, PARTITIONS: String(TEST_PARTITIONS) });

async function stopAll(): Promise<void> {
  const { gateways, workers } = stack();
  await Promise.all([...gateways, ...workers].map((service) => service.stop()));
}

async function startAll(): Promise<void> {
  const { gateways, workers } = stack();
  await Promise.all([...gateways, ...workers].map((service) => service.start()));
}

/** A hold that lapses, and whoever buys its seat then: decided by another clock, the seat would not be free. */
async function sellAfterALapse(showId: string): Promise<BookingView> {
  const { client } = stack();
  const hold = await client.book({ showId, seats: [10] });
  await waitUntil("the hold has lapsed", () => Date.now() > Date.parse(hold.expiresAt ?? "") + 50);
  const second = await client.book({ showId, seats: [10] });
  return expectStatus(200, await client.confirm(second.id)) as BookingView;
}

async function sellOn(showId: string, otherId: string): Promise<void> {
  const { client } = stack();
  const asks = Array.from({ length: 40 }, (_, index) =>
    client.askAndWait({ showId: index % 2 === 0 ? showId : otherId, count: 1 + (index % 3) }),
  );
  const booked = (await Promise.all(asks)).filter(({ status }) => status === 201);
  for (const [index, { json }] of booked.entries()) {
    const { id } = json as BookingView;
    if (index % 3 === 0) await client.confirm(id, { body: { payment: `pi_${index}` } });
    if (index % 3 === 1) await client.cancel(id);
  }
  await client.change(otherId, { name: "Another name" });
}

test("what was sold after the backup is decided again the same way, and nothing is sold twice", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 60, holdSeconds: 1 });
  const { id: otherId } = await client.createShow({ capacity: 30, holdSeconds: 60 });
  await client.book({ showId, count: 4 });
  await backUp();
  const paid = await sellAfterALapse(showId);
  await sellOn(showId, otherId);
  const { id: laterId } = await client.createShow({ capacity: 5 });
  const last = await client.book({ showId: laterId, count: 5 });

  // What is accepted while nobody decides is in no database: the line alone has it.
  expect(await stack().worker().stop()).toBe(0);
  const before = await readSale();
  const asked = await countDecided();
  const queued = await client.queue({ showId: laterId, count: 1 });
  await stopAll();

  await restore();
  expect(await countDecided()).toBeLessThan(asked - 40);
  expect(await migrate()).toEqual({ code: 0, words: [] });
  await startAll();
  await decidedUpTo(asked + 1);
  const after = await readSale();
  const { queuedRows, rest } = split(after, queued.id);
  expect(rest.bookings).toEqual(before.bookings);
  expect(after.seats).toEqual(before.seats);
  expect(after.shows.filter(({ id }) => id !== laterId)).toEqual(
    before.shows.filter(({ id }) => id !== laterId),
  );
  expect(after.records.slice(0, before.records.length)).toHaveLength(before.records.length);
  const known = new Set(after.records.map(({ tail }) => String(tail)));
  expect(before.records.filter(({ tail }) => !known.has(String(tail)))).toEqual([]);
  expect(queuedRows).toMatchObject([{ status: "FAILED", reason: "not-enough-seats" }]);

  for (const gateway of [0, 1]) {
    const other = stack().clientOf(gateway);
    expect(await other.booking(paid.id)).toEqual(paid);
    expect(await other.booking(last.id)).toEqual(last);
    expect((await other.decided(queued)).status).toBe("FAILED");
  }
  await expectReplays([showId, otherId, laterId]);
  expect((await client.book({ showId: otherId, count: 1 })).seats).toHaveLength(1);
});

test("a database that is set back under running services is noticed, and nothing is decided on it", async () => {
  const { client } = stack();
  const [first, second] = [stack().gateway(0), stack().gateway(1)];
  const worker = stack().worker();
  const { id: showId } = await client.createShow({ capacity: 20, holdSeconds: 1 });
  await backUp();
  const paid = await sellAfterALapse(showId);
  const before = await readSale();
  const asked = await countDecided();
  await restore();
  for (const gateway of [first, second]) await gateway.untilLogged("Postgres has lost decisions");
  expect(problemOf(await client.ask({ showId, count: 1 })).status).toBe(503);
  await first.untilNotReady();
  // A gateway that knows nothing of before takes requests: the worker finds out when it commits.
  const sum = await countDecided();
  await second.stop();
  await second.start();
  await stack().clientOf(1).queue({ showId, count: 1 });
  expect(await worker.untilEnded()).toBe(EXIT_CONFIG);
  expect(worker.log).toContain("Postgres has lost decisions");
  expect(await countDecided()).toBe(sum);

  await stopAll();
  expect((await migrate()).code).toBe(0);
  await startAll();
  await decidedUpTo(asked + 1);
  const after = await readSale();
  expect(after.bookings).toEqual(expect.arrayContaining(before.bookings));
  expect(await client.booking(paid.id)).toEqual(paid);
});

function split(sale: Awaited<ReturnType<typeof readSale>>, id: string) {
  const isQueued = (row: Readonly<Record<string, unknown>>) => row["id"] === id;
  return {
    queuedRows: sale.bookings.filter(isQueued),
    rest: { bookings: sale.bookings.filter((row) => !isQueued(row)) },
  };
}

async function expectReplays(showIds: readonly string[]): Promise<void> {
  for (const id of showIds) {
    const { text } = await stack().client.call(`/v1/shows/${id}/decisions`);
    const replay = new Replay();
    for (const line of text.trimEnd().split("\n")) expect(replay.check(line)).toBeNull();
    expect(replay.hash).toBe(((await stack().client.show(id)) as { hash?: string }).hash);
  }
}
