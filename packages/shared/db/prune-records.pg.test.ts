/** Planted faults: unpublished records pruned, the last record pruned, the age not looked at. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import { loadRecords } from "./load-records.ts";
import { pruneRecords } from "./prune-records.ts";

const DAYS = 30;
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

/** Five records of one request each, of the given ages in days. */
async function fill(partition: number, ages: readonly number[], published: number): Promise<void> {
  const { sql } = database;
  for (const [first, age] of ages.entries()) {
    await sql`insert into records (partition, first_offset, next_offset, body, tail, created_at)
      values (${partition}, ${first}, ${first + 1}, '{}', '', now() - ${age} * interval '1 day')`;
  }
  await sql`update partitions set next_offset = ${ages.length}, published_offset = ${published}
    where partition = ${partition}`;
}

async function kept(partition: number): Promise<number[]> {
  const rows = await loadRecords(database.sql, { partition, from: 0, limit: 100 });
  return rows.map(({ first }) => first);
}

test("old records go, oldest first and bounded; young, unpublished and last ones stay", async () => {
  await fill(0, [40, 39, 38, 37, 1], 5);
  await fill(1, [40, 40, 40, 40, 40], 2);
  await fill(2, [40, 40, 40, 40, 40], 5);
  expect(await pruneRecords(database.sql, { days: DAYS, limit: 3 })).toBe(3 + 2 + 3);
  expect(await kept(0)).toEqual([3, 4]);
  expect(await kept(1)).toEqual([2, 3, 4]);
  expect(await pruneRecords(database.sql, { days: DAYS, limit: 3 })).toBe(1 + 0 + 1);
  expect(await kept(0)).toEqual([4]);
  expect(await kept(2)).toEqual([4]);
  expect(await pruneRecords(database.sql, { days: DAYS, limit: 3 })).toBe(0);
});
