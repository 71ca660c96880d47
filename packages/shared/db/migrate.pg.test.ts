/** The migrate step: again, at once, and for another number of partitions. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import { withDatabase } from "../testing/servers.ts";
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
