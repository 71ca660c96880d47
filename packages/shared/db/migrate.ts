/**
 * Brings a database to the present schema and fixes the number of partitions, once and for ever.
 * Safe to run by several processes at once, and again.
 */
import { fileURLToPath } from "node:url";

import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

import { FIRST_TAIL } from "../contract/record.ts";
import { ConfigError } from "../runtime/config.ts";
import { CLOSE_TIMEOUT_S, connectSql } from "./client.ts";

const MIGRATIONS = fileURLToPath(new URL("migrations", import.meta.url));
const STATEMENT_TIMEOUT_MS = 600_000;
/** Any number that nobody else locks: "seatline" on a telephone's keys. */
const ADVISORY_LOCK = 73_285_463;

/** Migrates; throws a ConfigError if the database was made for another number of partitions. */
export async function migrateDatabase(url: string, partitionCount: number): Promise<void> {
  // For drizzle alone, which changes how the client that it is given reads times and JSON.
  const client = connectSql({
    url,
    name: "seatline-migrate",
    connectionsMax: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const db = drizzle(client);
  // Drizzle's migrator takes no lock, so two migrate steps would run into each other. The lock is
  // kept on a connection of its own: it must outlive every transaction of the migrator.
  const lock = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await lock`select pg_advisory_lock(${ADVISORY_LOCK})`;
    await migrate(db, { migrationsFolder: MIGRATIONS });
    await db.execute(sql`
      insert into partitions (partition, next_offset, tail, published_offset, log_clock)
      select n, 0, decode(${FIRST_TAIL}, 'hex'), 0, timestamptz 'epoch'
        from generate_series(0, ${partitionCount - 1}) as n
       where not exists (select from partitions)`);
    const rows = await db.execute<{ count: string }>(sql`select count(*) from partitions`);
    const found = Number(rows[0]?.count);
    if (found !== partitionCount) {
      throw new ConfigError([
        `PARTITIONS is ${partitionCount}, but this database was made for ${found}; the number never changes for a line, so set PARTITIONS=${found}`,
      ]);
    }
  } finally {
    const ends = [client, lock].map((it) => it.end({ timeout: CLOSE_TIMEOUT_S }));
    await Promise.all(ends);
  }
}
