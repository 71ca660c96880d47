/**
 * Whether a database answers, and the one statement that is needed before there is a database.
 */
import postgres from "postgres";
import { waitUntil } from "./wait-until.ts";
import type { WaitOptions } from "./wait-until.ts";

const CONNECT_TIMEOUT_S = 2;
const DUPLICATE_DATABASE = "42P04";
/** The password or the user is wrong: waiting does not help. */
const AUTHENTICATION_FAILURES = new Set(["28P01", "28000"]);

/** False at the deadline. Throws when the server answers that we may not come in. */
export function waitForPostgres(databaseUrl: string, options: WaitOptions): Promise<boolean> {
  return waitUntil(() => isPostgresReady(databaseUrl), { intervalMs: 100, ...options });
}

/** Makes the database of `databaseUrl`, unless it exists, over the server's own `postgres` one. */
export async function ensureDatabase(databaseUrl: string): Promise<void> {
  const name = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  const client = connect(maintenanceUrlOf(databaseUrl));
  try {
    const found = await client`select 1 from pg_database where datname = ${name}`;
    if (found.length === 0) await client`create database ${client(name)}`;
  } catch (error) {
    if (codeOf(error) !== DUPLICATE_DATABASE) throw error;
  } finally {
    await client.end({ timeout: CONNECT_TIMEOUT_S });
  }
}

export function maintenanceUrlOf(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.pathname = "/postgres";
  return url.href;
}

async function isPostgresReady(databaseUrl: string): Promise<boolean> {
  const client = connect(databaseUrl);
  try {
    await client`select 1`;
    return true;
  } catch (error) {
    if (!AUTHENTICATION_FAILURES.has(codeOf(error))) return false;
    throw new Error(`Postgres does not accept our user or password: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await client.end({ timeout: CONNECT_TIMEOUT_S }).catch(() => undefined);
  }
}

function connect(url: string): postgres.Sql {
  return postgres(url, { max: 1, connect_timeout: CONNECT_TIMEOUT_S, onnotice: () => undefined });
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}
