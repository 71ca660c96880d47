/** A database of its own for every test file: a copy of the template that the run has migrated. */
import { inject } from "vitest";
import postgres from "postgres";

import { connectSql } from "../db/client.ts";
import type { Sql } from "../db/client.ts";
import { runOn, withDatabase } from "./servers.ts";
import { waitUntil } from "./wait-until.ts";

const CONNECTIONS_MAX = 4;
const STATEMENT_TIMEOUT_MS = 20_000;
const OBJECT_IN_USE = "55006";

export type TestDatabase = {
  readonly url: string;
  readonly sql: Sql;
  /** Drops it, and fails if anybody is still connected. */
  readonly close: () => Promise<void>;
};

let made = 0;

/** A fresh database with the tables of a line of `TEST_PARTITIONS` partitions, or an empty one. */
export async function createDatabase(
  from: "template" | "nothing" = "template",
): Promise<TestDatabase> {
  const server = inject("databaseServer");
  const name = `${inject("runName")}_${process.pid}_${(made += 1)}`;
  const template = from === "template" ? inject("databaseTemplate") : "template0";
  await runOn(server, (sql) => sql`create database ${sql(name)} template ${sql(template)}`);
  const url = withDatabase(server, name);
  const sql = connectSql({
    url,
    name: "test",
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const close = async () => {
    await sql.end();
    await runOn(server, (connection) => dropWhenLeft(connection, name));
  };
  return { url, sql, close };
}

/** A connection that was just closed takes a moment to be gone; one that stays is a leak. */
async function dropWhenLeft(sql: postgres.Sql, name: string): Promise<void> {
  await waitUntil(`nobody is connected to ${name}`, async () => {
    try {
      await sql`drop database ${sql(name)}`;
      return true;
    } catch (error) {
      if (error instanceof postgres.PostgresError && error.code === OBJECT_IN_USE) return false;
      throw error;
    }
  });
}
