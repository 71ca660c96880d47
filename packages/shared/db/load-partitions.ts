/** Reads how far the lines are decided, and the records that a line left behind. */
import type { Sql } from "./client.ts";

export type PartitionRow = {
  readonly partition: number;
  readonly nextOffset: number;
  readonly tail: string;
  readonly publishedOffset: number;
  readonly logClock: number;
  readonly lastDigest: string | null;
  /** The database's clock at the moment of reading. */
  readonly clockMs: number;
};

/** All partitions in the order of their numbers; there are as many as the line has. */
export async function loadPartitions(sql: Sql): Promise<PartitionRow[]> {
  return await sql<PartitionRow[]>`
    select partition, next_offset::float8 as "nextOffset", encode(tail, 'hex') as tail,
           published_offset::float8 as "publishedOffset",
           (extract(epoch from log_clock) * 1000)::float8 as "logClock",
           encode(last_digest, 'hex') as "lastDigest",
           floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "clockMs"
      from partitions order by partition`;
}

export type RecordRow = {
  readonly first: number;
  readonly next: number;
  readonly body: string;
};

/** The records of a partition from an offset on, oldest first, at most `limit`. */
export async function loadRecords(
  sql: Sql,
  { partition, from, limit }: { partition: number; from: number; limit: number },
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
