/** The migrations make the tables that the schema describes. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { expect, it } from "vitest";

import * as schema from "./schema.ts";

const SNAPSHOTS = join(import.meta.dirname, "migrations/meta");

it("leaves nothing to migrate", async () => {
  const newest = readdirSync(SNAPSHOTS)
    .filter((name) => name.endsWith("_snapshot.json"))
    .sort()
    .at(-1);
  const migrated: unknown = JSON.parse(readFileSync(join(SNAPSHOTS, newest ?? ""), "utf8"));
  const described = generateDrizzleJson(schema);
  expect(await generateMigration(migrated as typeof described, described)).toEqual([]);
});
