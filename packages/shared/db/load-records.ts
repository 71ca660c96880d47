/** Reads the records that a line left behind. */
import type { Sql } from "./client.ts";

export type RecordRow = {
  readonly first: number;
  readonly next: number;
  readonly body: string;
};

export type RecordPage = {
  readonly partition: number;
  readonly from: number;
  readonly limit: number;
};

/** The records of a partition from an offset on, oldest first, at most `limit`. */
export async function loadRecords(
  sql: Sql,
  { partition, from, limit }: RecordPage,
): Promise<RecordRow[]> {
  return await sql<RecordRow[]>`
    select first_offset::float8 as first, next_offset::float8 as next, body
      from records where partition = ${partition} and first_offset >= ${from}
     order by first_offset limit ${limit}`;
}

/** The record that holds the decision of one place, or null if that is not decided or not kept. */
export async function findRecordOf(
  sql: Sql,
  { partition, offset }: { partition: number; offset: number },
): Promise<RecordRow | null> {
  const [row] = await sql<RecordRow[]>`
    select first_offset::float8 as first, next_offset::float8 as next, body
      from records where partition = ${partition} and first_offset <= ${offset}
     order by first_offset desc limit 1`;
  return row === undefined || row.next <= offset ? null : row;
}
