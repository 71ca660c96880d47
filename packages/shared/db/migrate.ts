/**
 * Brings a database to the present schema, and fixes the number of partitions and the topic, once and
 * for ever. Safe to run by several processes at once, again, and while requests are served.
 */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

import { FIRST_TAIL } from "../contract/record.ts";
import { ConfigError } from "../runtime/config.ts";
import { CLOSE_TIMEOUT_S, connectSql } from "./client.ts";
import { findLine } from "./find-line.ts";
import type { StoredLine } from "./find-line.ts";
import { loadPartitions } from "./load-partitions.ts";
import type { PartitionRow } from "./load-partitions.ts";
import { storeRedo } from "./redo.ts";
import type { RedoRow } from "./redo.ts";

const MIGRATIONS = fileURLToPath(new URL("migrations", import.meta.url));
const STATEMENT_TIMEOUT_MS = 600_000;
/**
 * Whoever wants a table waits behind a migration that waits for it: below the second that a gateway
 * gives a read.
 */
const LOCK_TIMEOUT_MS = 500;
/** LOCK_NOT_AVAILABLE. */
const LOCK_TIMEOUT_CODE = "55P03";
/** All tries together are a minute and a half: what holds a lock for longer is looked after by hand. */
const TRIES_MAX = 60;
const TRY_PAUSE_MS = 1_000;
/** Any number that nobody else locks: "seatline" on a telephone's keys. */
const ADVISORY_LOCK = 73_285_463;

/** What the migrate step does at the broker. */
type BrokerSteps = {
  /** Makes or finds the topics for what the database knows of its line. */
  readonly prepareTopics: (known: {
    readonly line: StoredLine | null;
    readonly decided: number;
  }) => Promise<StoredLine>;
  /** What the topics tell of decisions that this database does not have. */
  readonly findRedo: (
    loadPositions: () => Promise<readonly PartitionRow[]>,
  ) => Promise<readonly RedoRow[]>;
};

/**
 * Migrates; throws a ConfigError if the database was made for another number of partitions. Without
 * `steps` the database belongs to no topic: for tests that need none.
 */
export async function migrateDatabase(
  url: string,
  partitionCount: number,
  steps?: BrokerSteps,
): Promise<void> {
  // For drizzle alone, which changes how the client that it is given reads times and JSON.
  const client = connectSql({
    url,
    name: "seatline-migrate",
    connectionsMax: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
  });
  // Drizzle's migrator takes no lock, so two migrate steps would run into each other. The lock is
  // kept on a connection of its own: it must outlive every transaction of the migrator.
  const lock = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await lock`select pg_advisory_lock(${ADVISORY_LOCK})`;
    const db = drizzle(client);
    await migrateTables(db);
    const [state] = await lock<{ found: number; decided: number }[]>`
      select count(*)::int as found, coalesce(sum(next_offset), 0)::float8 as decided from partitions`;
    const { found = 0, decided = 0 } = state ?? {};
    if (found > 0 && found !== partitionCount) {
      throw new ConfigError([
        `PARTITIONS is ${partitionCount}, but this database was made for ${found}; the number never changes for a line, so set PARTITIONS=${found}`,
      ]);
    }
    // Before the line's rows: a database whose topic is refused stays one without a line.
    const line = await steps?.prepareTopics({ line: await findLine(lock), decided });
    if (line !== undefined) {
      await db.execute(sql`
        insert into line (topic, line_id) values (${line.topic}, ${line.lineId}) on conflict do nothing`);
    }
    await db.execute(sql`
      insert into partitions (partition, next_offset, tail, published_offset, log_clock)
      select n, 0, decode(${FIRST_TAIL}, 'hex'), 0, timestamptz 'epoch'
        from generate_series(0, ${partitionCount - 1}) as n
       where not exists (select from partitions)`);
    if (steps !== undefined) {
      await storeRedo(lock, await steps.findRedo(() => loadPartitions(lock)));
    }
  } finally {
    const ends = [client, lock].map((it) => it.end({ timeout: CLOSE_TIMEOUT_S }));
    await Promise.all(ends);
  }
}

/** All that is pending is one transaction: a try that meets a lock leaves nothing behind. */
async function migrateTables(db: ReturnType<typeof drizzle>): Promise<void> {
  for (let count = 1; ; count++) {
    try {
      await migrate(db, { migrationsFolder: MIGRATIONS });
      return;
    } catch (error) {
      if (readCode(error) !== LOCK_TIMEOUT_CODE) throw error;
      if (count === TRIES_MAX) {
        throw new ConfigError(
          [
            `a table that must be changed was in use at each of ${TRIES_MAX} tries, and nothing was changed; end what holds it (select * from pg_stat_activity where state <> 'idle') and run the migrate step again`,
          ],
          { cause: error },
        );
      }
      await pause(TRY_PAUSE_MS);
    }
  }
}

function readCode(error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && "code" in cause ? cause.code : null;
}
