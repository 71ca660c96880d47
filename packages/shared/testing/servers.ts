/**
 * What a run of tests or measurements does on the servers as a whole, before its first file and after its last: the
 * template database, and the removal of what carries the run's name.
 */
import { Kafka, logLevel } from "kafkajs";
import postgres from "postgres";

import { migrateDatabase } from "../db/migrate.ts";

/** Few, so that a file with all of them is quickly up. */
export const TEST_PARTITIONS = 3;

/** Makes the migrated database that every test file copies. */
export async function createTemplate(server: string, name: string): Promise<void> {
  await runOn(server, (sql) => sql`create database ${sql(name)}`);
  await migrateDatabase(withDatabase(server, name), TEST_PARTITIONS);
}

/** Drops every database whose name begins so, whoever is connected. */
export async function dropDatabases(server: string, prefix: string): Promise<void> {
  await runOn(server, async (sql) => {
    const rows = await sql<{ name: string }[]>`
      select datname as name from pg_database where starts_with(datname, ${prefix})`;
    for (const { name } of rows) await sql`drop database if exists ${sql(name)} with (force)`;
  });
}

/** Deletes every topic whose name begins so. */
export async function deleteTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

/** The address of another database on the same server. */
export function withDatabase(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

/** Work on a connection that is gone afterwards. */
export async function runOn<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
