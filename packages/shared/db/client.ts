/**
 * Connections to Postgres. Two kinds, never mixed: plain ones for our own SQL, and one that drizzle
 * owns, because drizzle changes how the client it is given reads times and JSON.
 */
import { drizzle } from "drizzle-orm/postgres-js";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";

import * as schema from "./schema.ts";
import { buildSocketFactory } from "./socket.ts";

export type Sql = postgres.Sql;
export type Drizzle = PostgresJsDatabase<typeof schema>;

export type SqlOptions = {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
};

const LOCK_TIMEOUT_MS = 2_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_S = 5;
const RECONNECT_DELAY_S = 0.1;
const SILENCE_MARGIN_MS = 1_000;
export const CLOSE_TIMEOUT_S = 3;

/** A pool for our own SQL. Connects when first used. */
export function connectSql(options: SqlOptions): Sql {
  return postgres(options.url, settings(options));
}

/** A pool that belongs to drizzle, for lists and migrations; `close` ends it. */
export function connectDrizzle(options: SqlOptions): { db: Drizzle; close: () => Promise<void> } {
  const client = postgres(options.url, settings(options));
  return { db: drizzle(client, { schema }), close: () => client.end({ timeout: CLOSE_TIMEOUT_S }) };
}

function settings({ name, connectionsMax, statementTimeoutMs }: SqlOptions) {
  return {
    max: connectionsMax,
    connect_timeout: CONNECT_TIMEOUT_S,
    // A statement fails when Postgres is away; the caller decides when to try again.
    backoff: () => RECONNECT_DELAY_S,
    // One statement at a time on a connection: else an answer to one would hide the silence on the next.
    max_pipeline: 1,
    socket: buildSocketFactory(statementTimeoutMs + SILENCE_MARGIN_MS),
    onnotice: () => {},
    connection: {
      application_name: name,
      statement_timeout: statementTimeoutMs,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
  };
}
