/** Finds shows whose sale has opened, by the database's clock, with nobody asking since. */
import type { Sql } from "./client.ts";

export type OpenedPage = { readonly without: readonly number[]; readonly limit: number };
export type OpenedShow = { readonly id: string; readonly partition: number };

/**
 * Those of them for which somebody waits: what came back while the sale was not open is theirs from the
 * opening on. Any request for a show gives it to them; these had none.
 */
export async function loadOpened(sql: Sql, { without, limit }: OpenedPage): Promise<OpenedShow[]> {
  return await sql<OpenedShow[]>`
    select s.id, s.partition from shows s
     where s.opens_at <= clock_timestamp() and s.updated_at < s.opens_at
       and s.partition <> all(${[...without]}::int[])
       and exists (select from bookings b where b.show_id = s.id and b.status = 'WAITING')
     order by s.opens_at, s.id limit ${limit}`;
}
