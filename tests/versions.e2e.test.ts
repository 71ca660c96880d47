/**
 * Two versions side by side, as during any upgrade: the live database is migrated while the old services
 * serve, then each kind of service is of the other version once, and bookings go on all the time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Replay } from "@seatline/shared/line/decision-log.ts";
import { TEST_PARTITIONS, runOn } from "@seatline/shared/testing/servers.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import type { BookingView, Client } from "./client.ts";
import { writeNextVersion } from "./fixtures/next-version.ts";
import { runMigrateStep } from "@seatline/shared/testing/migrate-step.ts";
import { useStack } from "./stack.ts";

const stack = useStack();
/** A migration waits for half a second at a time, and whoever stands behind it no longer; this machine is busy. */
const STALL_MAX_MS = 5_000;
const PAUSE_MS = 10;

let next: string;
beforeAll(() => {
  next = mkdtempSync(join(tmpdir(), "seatline-next-"));
  writeNextVersion(next);
});
afterAll(() => {
  rmSync(next, { recursive: true, force: true });
});

const migrate = (root?: string) =>
  runMigrateStep({ ...stack().env, PARTITIONS: String(TEST_PARTITIONS) }, root);

const hasColumn = async () => {
  const rows = await stack().database.sql`
    select 1 from information_schema.columns where table_name = 'bookings' and column_name = 'channel'`;
  return rows.length === 1;
};

/** Somebody who books one seat after the other until told to stop. */
class Buyer {
  readonly bookings: BookingView[] = [];
  slowestMs = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(client: Client, showId: string) {
    this.#done = this.#buy(client, showId);
  }

  async more(count: number): Promise<void> {
    const wanted = this.bookings.length + count;
    await waitUntil(`${count} more are booked`, () => this.bookings.length >= wanted);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #buy(client: Client, showId: string): Promise<void> {
    while (!this.#stopped) {
      const since = performance.now();
      this.bookings.push(await client.book({ showId, count: 1 }));
      this.slowestMs = Math.max(this.slowestMs, performance.now() - since);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** A long report, or a backup: whoever wants to change the table must wait for it. */
async function holdTable(): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const done = runOn(stack().database.url, async (sql) => {
    await sql`begin`;
    await sql`select count(*) from bookings`;
    held.resolve();
    await release.promise;
    await sql`rollback`;
  });
  await held.promise;
  return async () => {
    release.resolve();
    await done;
  };
}

const waitsForTable = async () => {
  const rows = await stack().database.sql`
    select 1 from pg_stat_activity
     where datname = current_database() and application_name = 'seatline-migrate' and wait_event_type = 'Lock'`;
  return rows.length > 0;
};

/** The members that the messages of the line and the records have. */
async function readMembers() {
  const rows = await stack().database.sql<{ body: string }[]>`
    select body from records order by partition, first_offset`;
  const records = rows.map(
    ({ body }) => JSON.parse(body) as { writtenBy?: string; entries: { request: string }[] },
  );
  const asked = records.flatMap(({ entries, writtenBy }) =>
    entries.map(
      ({ request }) =>
        `${request.includes('"channel":"web"') ? "new" : "old"} gateway, ${writtenBy === undefined ? "old" : "new"} worker`,
    ),
  );
  return new Set(asked);
}

test("old and new gateways and workers serve together, while the database is migrated and after it", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 5_000 });
  const buyer = new Buyer(client, showId);
  await buyer.more(20);

  const letGo = await holdTable();
  buyer.slowestMs = 0;
  const migrating = migrate(next);
  for (let tries = 0; tries < 2; tries++) {
    await waitUntil("the migration waits for the table", waitsForTable);
    await waitUntil("it has let go", async () => !(await waitsForTable()));
  }
  expect(await hasColumn()).toBe(false);
  await letGo();
  expect(await migrating).toEqual({ code: 0, words: [] });
  expect(await hasColumn()).toBe(true);
  expect(buyer.slowestMs).toBeLessThan(STALL_MAX_MS);
  await buyer.more(5);

  const [oldWorker, newWorker] = [stack().worker(), await stack().addWorker({}, next)];
  await newWorker.start();
  expect(await oldWorker.stop()).toBe(0);
  await buyer.more(20);
  const newGateway = await stack().addGateway({}, next);
  await newGateway.start();
  const other = new Buyer(stack().clientOf(1), showId);
  await other.more(20);
  await oldWorker.start();
  expect(await newWorker.stop()).toBe(0);
  await Promise.all([buyer.more(20), other.more(20)]);
  // A step back: the old migrate step on the new database finds nothing to do.
  expect(await migrate()).toEqual({ code: 0, words: [] });
  await newWorker.start();
  await Promise.all([buyer.more(20), other.more(20)]);
  await Promise.all([buyer.stop(), other.stop()]);

  const bookings = [...buyer.bookings, ...other.bookings];
  const seats = bookings.flatMap((booking) => booking.seats);
  expect(seats.length).toBe(bookings.length);
  expect(new Set(seats).size).toBe(seats.length);
  expect(await readMembers()).toEqual(
    new Set(
      ["old", "new"].flatMap((gateway) =>
        ["old", "new"].map((worker) => `${gateway} gateway, ${worker} worker`),
      ),
    ),
  );
  for (const gateway of [0, 1]) {
    const found = await Promise.all(
      bookings.slice(-5).map(({ id }) => stack().clientOf(gateway).booking(id)),
    );
    expect(found).toEqual(bookings.slice(-5));
  }
  expect(await stack().database.sql`select 1 from dead_letters`).toHaveLength(0);
  const { text } = await client.call(`/v1/shows/${showId}/decisions`);
  const replay = new Replay();
  for (const line of text.trimEnd().split("\n")) expect(replay.check(line)).toBeNull();
  expect(replay.decisions).toBe(bookings.length + 1);
});
