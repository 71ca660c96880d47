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
           lateral (select o.first_offset from records o
                     where o.partition = p.partition and o.next_offset <= p.published_offset
                       and o.next_offset < p.next_offset
                       and o.created_at < clock_timestamp() - ${days} * interval '1 day'
                     order by o.first_offset limit ${limit}) as old
     where r.partition = p.partition and r.first_offset = old.first_offset
    returning r.partition`;
  return rows.length;
}
