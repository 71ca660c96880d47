/** What is known of batches that were decided already, and that a restored database does not have. */
import type { Sql } from "./client.ts";

export type RedoRow = {
  readonly partition: number;
  readonly first: number;
  readonly next: number;
  /** The clock of the batch: by it holds started. */
  readonly now: number;
  readonly tail: string;
};

/** The rows of a partition from an offset on, in order, at most `limit`. */
export async function loadRedo(
  sql: Sql,
  { partition, from, limit }: { partition: number; from: number; limit: number },
): Promise<RedoRow[]> {
  return await sql<RedoRow[]>`
    select partition, first_offset::float8 as first, next_offset::float8 as next,
           (extract(epoch from now) * 1000)::float8 as now, encode(tail, 'hex') as tail
      from redo where partition = ${partition} and first_offset >= ${from}
     order by first_offset limit ${limit}`;
}

/** Replaces all rows, in one statement: what an older backup needed is of no use to a newer one. */
export async function storeRedo(sql: Sql, rows: readonly RedoRow[]): Promise<void> {
  const column = <T>(read: (row: RedoRow) => T) => rows.map(read);
  await sql`
    with fresh as (
      select * from unnest(${column(({ partition }) => partition)}::smallint[],
                           ${column(({ first }) => first)}::bigint[], ${column(({ next }) => next)}::bigint[],
                           ${column(({ now }) => now)}::bigint[], ${column(({ tail }) => tail)}::text[])
        as u (partition, first, next, now, tail)
    ), gone as (
      delete from redo r where not exists
        (select from fresh f where f.partition = r.partition and f.first = r.first_offset)
    )
    insert into redo as r (partition, first_offset, next_offset, now, tail)
    select partition, first, next, timestamptz 'epoch' + now * interval '1 millisecond', decode(tail, 'hex') from fresh
        on conflict (partition, first_offset) do update
       set next_offset = excluded.next_offset, now = excluded.now, tail = excluded.tail`;
}
