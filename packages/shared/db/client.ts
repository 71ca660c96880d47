/** Connections to Postgres. */
import postgres from "postgres";

import { buildSocketFactory } from "./socket.ts";

export type Sql = postgres.Sql;

type SqlOptions = {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs?: number;
};

const LOCK_TIMEOUT_MS = 2_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_S = 5;
const RECONNECT_DELAY_S = 0.1;
const SILENCE_MARGIN_MS = 1_000;
export const CLOSE_TIMEOUT_S = 3;

/** A pool of connections, which open when they are first needed. End it with `CLOSE_TIMEOUT_S`. */
export function connectSql(given: SqlOptions): Sql {
  const { url, name, connectionsMax, statementTimeoutMs, lockTimeoutMs = LOCK_TIMEOUT_MS } = given;
  const options = {
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
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
  };
  // A variable, for the types of the driver do not know `max_pipeline`.
  return postgres(url, options);
}
