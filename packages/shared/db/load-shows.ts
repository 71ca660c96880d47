/** Reads shows, for the worker that decides on them and for the gateways that tell of them. */
import type { Layout } from "../core/layout.ts";
import type { ShowFacts } from "../core/model.ts";
import { restoreShow } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import type { Sql } from "./client.ts";
import { loadPendingBookings } from "./load-bookings.ts";

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

type Row = Omit<ShowRow, "rules"> & {
  layout: Layout;
  holdMs: number;
  confirmation: ShowRow["rules"]["confirmation"];
  cancelConfirmed: boolean;
};

function showColumns(sql: Sql) {
  return sql`
    s.id, s.number, s.name, s.layout, s.hold_ms as "holdMs", s.confirmation,
    s.cancel_confirmed as "cancelConfirmed", encode(s.request_hash, 'hex') as "requestHash", s.capacity, s.free, s.held, s.confirmed,
    s.version::float8 as version, encode(s.hash, 'hex') as hash,
    (extract(epoch from s.starts_at) * 1000)::float8 as "startsAt",
    (extract(epoch from s.created_at) * 1000)::float8 as "createdAt",
    (extract(epoch from s.updated_at) * 1000)::float8 as "updatedAt"`;
}

function parseShowRow({ holdMs, confirmation, cancelConfirmed, ...row }: Row): ShowRow {
  return { ...row, rules: { holdMs, confirmation, cancelConfirmed } };
}

function factsOf(row: ShowRow): ShowFacts {
  const { id, name, startsAt, layout, rules, requestHash, createdAt } = row;
  return { id, name, startsAt, layout, rules, requestHash, createdAt };
}

/**
 * Loads those of the shows that exist into `state`, with their taken seats and live holds; returns
 * their heads. Only the owner of their partition may rely on it: nobody else writes to these rows.
 */
export async function loadShows(
  sql: Sql,
  state: LineState,
  ids: readonly string[],
): Promise<Map<string, ShowHead>> {
  if (ids.length === 0) return new Map();
  const [rows, pending] = await Promise.all([
    sql<(Row & { taken: string | null; standing: StandingRow[] })[]>`
      select ${showColumns(sql)},
             (select string_agg(t.seat_no::text, ',') from seats t where t.show_id = s.id) as taken,
             (select coalesce(json_agg(json_build_object(
                       'section', c.section, 'held', c.held, 'confirmed', c.confirmed)), '[]')
                from sections c where c.show_id = s.id) as standing
        from shows s where s.id = any(${[...ids]}::uuid[])`,
    loadPendingBookings(sql, ids),
  ]);
  for (const { taken, standing, ...row } of rows) {
    restoreShow(state, factsOf(parseShowRow(row)), {
      taken: taken === null ? [] : taken.split(",").map(Number),
      held: row.held,
      confirmed: row.confirmed,
      standing,
      pending: pending.filter((booking) => booking.showId === row.id),
    });
  }
  return new Map(rows.map(({ id, version, hash }) => [id, { version, hash }]));
}

type StandingRow = { section: number; held: number; confirmed: number };

/** A show by its id or its short number, or null. */
export async function findShow(sql: Sql, key: string | number): Promise<ShowRow | null> {
  const where = typeof key === "number" ? sql`s.number = ${key}` : sql`s.id = ${key}`;
  const [row] = await sql<Row[]>`select ${showColumns(sql)} from shows s where ${where}`;
  return row === undefined ? null : parseShowRow(row);
}

/** Those of the shows that exist, in no order. */
export async function findShows(sql: Sql, ids: readonly string[]): Promise<ShowRow[]> {
  const rows = await sql<Row[]>`
    select ${showColumns(sql)} from shows s where s.id = any(${[...ids]}::uuid[])`;
  return rows.map(parseShowRow);
}

/** A page of shows in the order of their numbers, after the given one. */
export async function listShows(
  sql: Sql,
  { after, limit }: { after: number; limit: number },
): Promise<ShowRow[]> {
  const rows = await sql<Row[]>`
    select ${showColumns(sql)} from shows s where s.number > ${after} order by s.number limit ${limit}`;
  return rows.map(parseShowRow);
}

export type SeatsRow = {
  readonly version: number;
  readonly taken: readonly number[];
  /** Seats of live holds, each with its booking. */
  readonly holds: readonly { readonly bookingId: string; readonly seats: readonly number[] }[];
};

/** Which seats of a show are taken, at one version: all of it is one snapshot. */
export async function findSeats(sql: Sql, showId: string): Promise<SeatsRow | null> {
  const [row] = await sql<{ version: number; taken: string | null; holds: SeatsRow["holds"] }[]>`
    select s.version::float8 as version,
           (select string_agg(t.seat_no::text, ',') from seats t where t.show_id = s.id) as taken,
           (select coalesce(json_agg(json_build_object('bookingId', b.id, 'seats', b.seats)), '[]')
              from bookings b where b.status = 'PENDING' and b.show_id = s.id) as holds
      from shows s where s.id = ${showId}`;
  if (row === undefined) return null;
  return { ...row, taken: row.taken === null ? [] : row.taken.split(",").map(Number) };
}
