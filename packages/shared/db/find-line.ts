/** Reads to which topic a database belongs. */
import type { Sql } from "./client.ts";

/** The topic of a line, and the id that stands in the database and in the topic's configuration. */
export type StoredLine = { readonly topic: string; readonly lineId: string };

/** What the migrate step wrote; null in a database that it has not seen since there are such ids. */
export async function findLine(sql: Sql): Promise<StoredLine | null> {
  const [row] = await sql<StoredLine[]>`select topic, line_id as "lineId" from line`;
  return row ?? null;
}
