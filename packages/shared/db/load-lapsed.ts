/** Finds holds and waits past their time, by the database's clock. Answered from an index alone. */
import type { Sql } from "./client.ts";

export type Lapsed = {
  readonly id: string;
  readonly showId: string;
  /** As text, exact: it is the cursor of the next page. */
  readonly expiresAt: string;
};

export type LapsedPage = {
  readonly after: { readonly expiresAt: string; readonly id: string } | null;
  readonly without: readonly number[];
  readonly limit: number;
};

/** A page of what has lapsed, oldest first, after the given one, of all partitions but those left out. */
export async function loadLapsed(sql: Sql, page: LapsedPage): Promise<Lapsed[]> {
  const { after, without, limit } = page;
  const rest =
    after === null
      ? sql`true`
      : sql`(expires_at, id) > (${after.expiresAt}::text::timestamptz, ${after.id}::uuid)`;
  return await sql<Lapsed[]>`
    select id, show_id as "showId", expires_at::text as "expiresAt"
      from bookings
     where status in ('PENDING', 'WAITING') and expires_at <= clock_timestamp() and ${rest}
       -- The partition as it stands in the id: the column is not in the index.
       and (('x' || substr(id::text, 15, 4))::bit(16)::int & 4095) <> all(${[...without]}::int[])
     order by expires_at, id limit ${limit}`;
}
