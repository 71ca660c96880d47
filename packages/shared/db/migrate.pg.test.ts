/** The migrate step: again, at once, and for another number of partitions. */
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import { withDatabase } from "../testing/servers.ts";
import { waitUntil } from "../testing/wait-until.ts";
import { findObstacle } from "./await-line.ts";
import { loadPartitions } from "./load-partitions.ts";
import { migrateDatabase } from "./migrate.ts";

describe("the migrate step", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase("nothing");
  });
  afterAll(async () => {
    await database.close();
  });

  it("may be run by several at once, and again", async () => {
    const { url, sql } = database;
    await Promise.all([1, 2, 3].map(() => migrateDatabase(url, 5)));
    await migrateDatabase(url, 5);
    const partitions = await loadPartitions(sql);
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4]);
    expect(partitions[4]).toMatchObject({ nextOffset: 0, publishedOffset: 0, logClock: 0 });
    expect(partitions[4]).toMatchObject({ tail: "0".repeat(64), lastDigest: null });
  });

  // Whoever wants the table stands behind a migration that waits for it.
  it("waits for a table for moments only, as often as it takes", async () => {
    const { url, sql } = database;
    const holder = postgres(url, { max: 1 });
    await holder`begin`;
    await holder`lock table drizzle.__drizzle_migrations in access exclusive mode`;
    const migrating = migrateDatabase(url, 5);
    const readWaitMs = async () => {
      const [row] = await sql<{ ms: number }[]>`
        select (extract(epoch from clock_timestamp() - query_start) * 1000)::float8 as ms
          from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and application_name = 'seatline-migrate'`;
      return row?.ms ?? null;
    };
    const waits: number[] = [];
    const note = (ms: number | null) => {
      if (ms !== null) waits.push(ms);
      return ms;
    };
    for (let count = 0; count < 2; count++) {
      await waitUntil("it waits", async () => note(await readWaitMs()) !== null);
      await waitUntil("it has let go", async () => note(await readWaitMs()) === null);
    }
    await holder`rollback`;
    await holder.end();
    await migrating;
    expect(Math.max(...waits)).toBeLessThan(1_000);
  });

  it("refuses another number of partitions, and leaves the line as it was", async () => {
    const { url, sql } = database;
    for (const other of [4, 6]) {
      await expect(migrateDatabase(url, other)).rejects.toMatchObject({
        name: "ConfigError",
        problems: [
          `PARTITIONS is ${other}, but this database was made for 5; the number never changes for a line, so set PARTITIONS=5`,
        ],
      });
    }
    expect(await loadPartitions(sql)).toHaveLength(5);
  });
});

describe("findObstacle", () => {
  it("says what to do about tables of another version, none, a wrong password, no database", async () => {
    const database = await createDatabase("nothing");
    const { url, sql } = database;
    const sentenceOf = (work: Promise<unknown>) => work.then(() => null, findObstacle);
    expect(await sentenceOf(loadPartitions(sql))).toContain("run the migrate step first");
    await sql`create table bookings (id int)`;
    expect(await sentenceOf(migrateDatabase(url, 5))).toContain("npm run reset");
    const none = withDatabase(url, "there_is_none");
    expect(await sentenceOf(migrateDatabase(none, 5))).toContain("does not exist");
    await database.close();
    expect(findObstacle(Object.assign(new Error("no"), { code: "28P01" }))).toContain("password");
    expect(findObstacle(new Error("another fault"))).toBeNull();
  });
});
