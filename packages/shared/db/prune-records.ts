/** Lets go of records that are older than their retention. Never of one that may be unpublished. */
import type { Sql } from "./client.ts";

/**
 * Deletes up to `limit` of the oldest records of every partition that are older than `days`, and
 * returns how many. The last record of a partition stays: it is what the next owner looks at.
 */
export async function pruneRecords(
  sql: Sql,
  { days, limit }: { days: number; limit: number },
): Promise<number> {
  const rows = await sql`
    delete from records r
     using partitions p,
           -- Looks at no more than it may delete: in a partition, older records come first.
           lateral (select o.first_offset, o.next_offset, o.created_at from records o
                     where o.partition = p.partition
                     order by o.first_offset limit ${limit}) as old
     where r.partition = p.partition and r.first_offset = old.first_offset
       and old.next_offset <= p.published_offset and old.next_offset < p.next_offset
       and old.created_at < clock_timestamp() - ${days} * interval '1 day'
    returning r.partition`;
  return rows.length;
}
