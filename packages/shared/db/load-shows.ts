/** Reads shows, for the worker that decides on them and for the gateways that tell of them. */
import type { ShowFacts } from "../core/model.ts";
import { limitsCustomers } from "../core/model.ts";
import type { Layout } from "../core/seats/layout.ts";
import { NO_USAGE, restoreShow } from "../core/show.ts";
import type { LineState, StoredShow } from "../core/show.ts";
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

function factsOf(row: ShowRow): ShowFacts {
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

/**
 * Loads those of the shows that exist into `state`, with their taken seats, who holds and who waits;
 * returns their heads. Only the owner of their partition may rely on it: nobody else writes to these rows.
 */
export async function loadShows(
  sql: Sql,
  state: LineState,
  ids: readonly string[],
): Promise<Map<string, ShowHead>> {
  if (ids.length === 0) return new Map();
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
  for (const { taken, standing, ...row } of rows) {
    restoreShow(state, factsOf(parseShowRow(row)), {
      taken: parseNumbers(taken),
      standing,
      bookings: bookingsByShow.get(row.id) ?? [],
    });
  }
  await loadUsage(
    sql,
    state,
    bookings.map(({ showId, customer }) => ({ showId, customer })),
  );
  return new Map(rows.map(({ id, version, hash }) => [id, { version, hash }]));
}

/** The taken seats of a show `s` in ascending order, as the database can hand them over fastest. */
export function takenSeats(sql: Sql) {
  return sql`(select string_agg(t.seat_no::text, ',' order by t.seat_no) from seats t where t.show_id = s.id)`;
}

export function parseNumbers(text: string | null): number[] {
  return text === null ? [] : text.split(",").map(Number);
}

/** Loads what customers have of those of the shows that limit them and that memory does not know yet. */
export async function loadUsage(
  sql: Sql,
  state: LineState,
  wanted: readonly { readonly showId: string; readonly customer: string | null }[],
): Promise<void> {
  const missing = new Map<string, { showId: string; customer: string }>();
  for (const { showId, customer } of wanted) {
    const show = state.shows.get(showId);
    if (show === undefined || customer === null || !limitsCustomers(show.facts.rules)) continue;
    if (!show.usage.has(customer)) missing.set(`${showId} ${customer}`, { showId, customer });
  }
  if (missing.size === 0) return;
  const pairs = [...missing.values()];
  const rows = await sql<{ showId: string; customer: string; places: number; holds: number }[]>`
    select c.show_id as "showId", c.customer, c.places, c.holds
      from unnest(${pairs.map(({ showId }) => showId)}::uuid[],
                  ${pairs.map(({ customer }) => customer)}::text[]) as u (show_id, customer)
      join customers c on c.show_id = u.show_id and c.customer = u.customer`;
  for (const { showId, customer } of pairs) state.shows.get(showId)?.usage.set(customer, NO_USAGE);
  for (const { showId, customer, places, holds } of rows) {
    state.shows.get(showId)?.usage.set(customer, { places, holds });
  }
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
