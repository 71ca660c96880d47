/** Reads how far the lines are decided. */
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

/** The columns of a partition, in the form of `PartitionRow`. */
export function partitionColumns(sql: Sql) {
  return sql`
    partition, next_offset::float8 as "nextOffset", encode(tail, 'hex') as tail,
    published_offset::float8 as "publishedOffset",
    (extract(epoch from log_clock) * 1000)::float8 as "logClock",
    encode(last_digest, 'hex') as "lastDigest",
    floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "clockMs"`;
}

/** All partitions in the order of their numbers; there are as many as the line has. */
export async function loadPartitions(sql: Sql): Promise<PartitionRow[]> {
  return await sql<PartitionRow[]>`
    select ${partitionColumns(sql)} from partitions order by partition`;
}

/**
 * What to do about a database that lacks what it had: decided again by today's clock, holds would not
 * lapse when they did, and a place could go to somebody else than it went to.
 */
export function describeSetBack({ partition, nextOffset }: PartitionRow, known: number): string {
  return (
    `Postgres has lost decisions: partition ${partition} was decided up to ${known}, and is back at ${nextOffset}, as after a backup was restored or a standby took over that was behind. ` +
    "Nothing is decided on it. Stop all services, run the migrate step, and start them again (docs/operations.md)."
  );
}
