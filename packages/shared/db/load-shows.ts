/** Reads shows, for the worker that decides on them and for the gateways that tell of them. */
import type { ShowFacts } from "../core/model.ts";
import type { Layout } from "../core/seats/layout.ts";
import type { StoredShow } from "../core/show.ts";
import type { Sql } from "./client.ts";
import { loadUnsettled } from "./load-bookings.ts";

/** A show as it was stored at one version. Times in milliseconds. */
export type ShowRow = ShowFacts & {
  readonly number: number;
  readonly capacity: number;
  readonly free: number;
  readonly held: number;
  readonly confirmed: number;
  readonly version: number;
  readonly hash: string;
  readonly updatedAt: number;
};

/** Version and running hash: what the next record of a show builds on. */
export type ShowHead = { readonly version: number; readonly hash: string };

export function showColumns(sql: Sql) {
  return sql`
    s.id, s.number, s.partition, s.line_offset::float8 as "lineOffset", s.name, s.layout, s.rules, s.sale, s.archived, encode(s.request_hash, 'hex') as "requestHash",
    s.capacity, s.free, s.held, s.confirmed, s.version::float8 as version, encode(s.hash, 'hex') as hash,
    (extract(epoch from s.starts_at) * 1000)::float8 as "startsAt",
    (extract(epoch from s.opens_at) * 1000)::float8 as "opensAt",
    (extract(epoch from s.closes_at) * 1000)::float8 as "closesAt",
    (extract(epoch from s.created_at) * 1000)::float8 as "createdAt",
    (extract(epoch from s.updated_at) * 1000)::float8 as "updatedAt"`;
}

/** As `showColumns` gives it. */
export type UnplacedShowRow = Omit<ShowRow, "place"> & { partition: number; lineOffset: number };

export function parseShowRow<R extends UnplacedShowRow>({ partition, lineOffset, ...row }: R) {
  return { ...row, place: { partition, offset: lineOffset } };
}

/** What a show is, without what became of it. */
export function factsOf(row: ShowRow): ShowFacts {
  const { id, name, startsAt, layout, rules, opensAt, closesAt, sale, archived } = row;
  const { requestHash, place, createdAt } = row;
  return {
    id,
    name,
    startsAt,
    layout,
    rules,
    opensAt,
    closesAt,
    sale,
    archived,
    requestHash,
    place,
    createdAt,
  };
}

type StoredRow = UnplacedShowRow & { taken: string | null; standing: StoredShow["standing"] };

/** A show as the worker needs it: what it is, what its next record builds on, who has what of it. */
export type LoadedShow = {
  readonly facts: ShowFacts;
  readonly head: ShowHead;
  readonly stored: StoredShow;
};

/** Those of the shows that exist, with their taken seats, who holds and who waits; in no order. */
export async function loadShows(sql: Sql, ids: readonly string[]): Promise<LoadedShow[]> {
  const [rows, bookings] = await Promise.all([
    sql<StoredRow[]>`
      select ${showColumns(sql)}, ${takenSeats(sql)} as taken,
             (select coalesce(json_agg(json_build_object(
                       'section', c.section, 'held', c.held, 'confirmed', c.confirmed)), '[]')
                from sections c where c.show_id = s.id) as standing
        from shows s where s.id = any(${[...ids]}::uuid[])`,
    loadUnsettled(sql, ids),
  ]);
  const bookingsByShow = Map.groupBy(bookings, ({ showId }) => showId);
  return rows.map(({ taken, standing, ...row }) => {
    const { version, hash } = row;
    const stored = {
      taken: parseNumbers(taken),
      standing,
      bookings: bookingsByShow.get(row.id) ?? [],
    };
    return { facts: factsOf(parseShowRow(row)), head: { version, hash }, stored };
  });
}

/** The taken seats of a show `s` in ascending order, as the database can hand them over fastest. */
export function takenSeats(sql: Sql) {
  return sql`(select string_agg(t.seat_no::text, ',' order by t.seat_no) from seats t where t.show_id = s.id)`;
}

export function parseNumbers(text: string | null): number[] {
  return text === null ? [] : text.split(",").map(Number);
}

export type CustomerOfShow = { readonly showId: string; readonly customer: string };
export type UsageRow = CustomerOfShow & { readonly places: number; readonly holds: number };

/** What customers have of shows that limit them; who never had anything is not in it. */
export async function loadUsage(
  sql: Sql,
  customers: readonly CustomerOfShow[],
): Promise<UsageRow[]> {
  return await sql<UsageRow[]>`
    select c.show_id as "showId", c.customer, c.places, c.holds
      from unnest(${customers.map(({ showId }) => showId)}::uuid[],
                  ${customers.map(({ customer }) => customer)}::text[]) as u (show_id, customer)
      join customers c on c.show_id = u.show_id and c.customer = u.customer`;
}

/** A show by its id or its short number, or null. */
export async function findShow(sql: Sql, key: string | number): Promise<ShowRow | null> {
  const where = typeof key === "number" ? sql`s.number = ${key}` : sql`s.id = ${key}`;
  const [row] = await sql<
    UnplacedShowRow[]
  >`select ${showColumns(sql)} from shows s where ${where}`;
  return row === undefined ? null : parseShowRow(row);
}

/** Those of the shows that exist, in no order. */
export async function findShows(sql: Sql, ids: readonly string[]): Promise<ShowRow[]> {
  const rows = await sql<UnplacedShowRow[]>`
    select ${showColumns(sql)} from shows s where s.id = any(${[...ids]}::uuid[])`;
  return rows.map(parseShowRow);
}

/** A page of shows in the order of their numbers, after the given one, without the archived ones. */
export async function listShows(
  sql: Sql,
  { after, limit }: { after: number; limit: number },
): Promise<ShowRow[]> {
  const rows = await sql<UnplacedShowRow[]>`
    select ${showColumns(sql)} from shows s
     where s.number > ${after} and not s.archived order by s.number limit ${limit}`;
  return rows.map(parseShowRow);
}

export type SeatsRow = {
  readonly version: number;
  readonly layout: Layout;
  readonly taken: readonly number[];
  /** Those of them that are only held. */
  readonly held: readonly number[];
  /** The standing sections, by their index in the layout. */
  readonly standing: StoredShow["standing"];
  /** Places in the line of the bookings that wait, ascending. */
  readonly waiting: readonly number[];
};

/** Which seats of a show are taken, of which layout, and who waits, at one version: all is one snapshot. */
export async function findSeats(sql: Sql, showId: string): Promise<SeatsRow | null> {
  const [row] = await sql<
    {
      version: number;
      layout: Layout;
      taken: string | null;
      held: string | null;
      standing: SeatsRow["standing"];
      waiting: string | null;
    }[]
  >`
    select s.version::float8 as version, s.layout, ${takenSeats(sql)} as taken,
           (select string_agg(array_to_string(b.seats, ','), ',')
              from bookings b where b.status = 'PENDING' and b.show_id = s.id and cardinality(b.seats) > 0) as held,
           (select coalesce(json_agg(json_build_object(
                     'section', c.section, 'held', c.held, 'confirmed', c.confirmed)), '[]')
              from sections c where c.show_id = s.id) as standing,
           (select string_agg(b.line_offset::text, ',' order by b.line_offset)
              from bookings b where b.status = 'WAITING' and b.show_id = s.id) as waiting
      from shows s where s.id = ${showId}`;
  if (row === undefined) return null;
  const { version, layout, standing } = row;
  return {
    version,
    layout,
    taken: parseNumbers(row.taken),
    held: parseNumbers(row.held),
    standing,
    waiting: parseNumbers(row.waiting),
  };
}
