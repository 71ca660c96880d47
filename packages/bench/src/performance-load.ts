/**
 * Measures how long a new owner of a partition takes to load a half-sold show of a million seats from Postgres.
 * Writes it through the tables, into a database of its own, which is gone afterwards.
 */
import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { assert } from "@seatline/shared/core/assert.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import { buildLineState, freePlaces, restoreShow } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import { CLOSE_TIMEOUT_S, connectSql } from "@seatline/shared/db/client.ts";
import type { Sql } from "@seatline/shared/db/client.ts";
import { loadUnsettled } from "@seatline/shared/db/load-bookings.ts";
import { parseNumbers, takenSeats } from "@seatline/shared/db/load-shows.ts";
import { restoreShows, restoreUsage } from "@seatline/shared/db/restore.ts";
import { buildStore } from "@seatline/shared/db/store.ts";
import { createTemplate, dropDatabases, withDatabase } from "@seatline/shared/testing/servers.ts";

import { percentile } from "@seatline/shared/testing/figures.ts";
import { SHOW_ID } from "./performance-shows.ts";
import type { Sale } from "./performance-shows.ts";

export type LoadReport = {
  /** Milliseconds of a whole load: the first one, when nothing is warm, and the median of the others. */
  readonly firstMs: number;
  readonly totalMs: number;
  /** Its parts, each measured alone; two statements run at once, so they do not add up. */
  readonly parts: readonly { readonly name: string; readonly ms: number }[];
  /** What memory the loaded show takes. */
  readonly bytes: number;
  readonly counts: Readonly<
    Record<"seats" | "bookings" | "holds" | "waiting" | "customers", number>
  >;
};

const CONNECTIONS_MAX = 4;
const STATEMENT_TIMEOUT_MS = 120_000;
const ROWS_PER_STATEMENT = 10_000;

/** Runs on a server of Postgres; `rounds` loads, of which the median counts. */
export async function measureLoad(server: string, sale: Sale, rounds: number): Promise<LoadReport> {
  const name = `seatline_performance_${randomBytes(4).toString("hex")}`;
  await createTemplate(server, name);
  const options = {
    url: withDatabase(server, name),
    name: "performance",
    connectionsMax: CONNECTIONS_MAX,
  };
  const sql = connectSql({ ...options, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    await writeSale(sql, sale);
    return await measureRounds(sql, sale, rounds);
  } finally {
    await sql.end({ timeout: CLOSE_TIMEOUT_S });
    await dropDatabases(server, name);
  }
}

/** Through the tables: what counts is what stands in them, not who wrote it. */
async function writeSale(sql: Sql, { show, sold, waiting }: Sale): Promise<void> {
  const { facts } = show;
  const at = new Date(facts.createdAt);
  await sql`
    insert into shows (id, partition, line_offset, name, starts_at, layout, rules, sale, archived, request_hash,
                       capacity, free, held, confirmed, version, hash, created_at, updated_at)
    values (${facts.id}, 0, 0, ${facts.name}, ${new Date(facts.startsAt)}, ${JSON.stringify(facts.layout)}::text::jsonb,
            ${JSON.stringify(facts.rules)}::text::jsonb, ${facts.sale}, false, '', ${show.capacity}, ${freePlaces(show)},
            ${show.held}, ${show.confirmed}, 1, '', ${at}, ${at})`;
  await insert(sql, "bookings", [...sold, ...waiting].map(buildRow));
  await sql`
    insert into seats (show_id, seat_no, booking_id)
    select b.show_id, seat_no, b.id from bookings b, unnest(b.seats) as seat_no where b.status <> 'WAITING'`;
  const sections = show.sections.map((counters, section) => {
    const shape = facts.layout.sections[section];
    const capacity = shape?.kind === "standing" ? [{ capacity: shape.capacity }] : [];
    return capacity.map((its) => ({ show_id: facts.id, section, ...its, ...counters }));
  });
  await insert(sql, "sections", sections.flat());
  const usage = [...show.usage].map(([customer, its]) => ({ show_id: facts.id, customer, ...its }));
  await insert(sql, "customers", usage);
  await sql`vacuum analyze`;
}

/** Rows by the names of their columns. */
async function insert(sql: Sql, table: string, rows: readonly object[]): Promise<void> {
  for (let first = 0; first < rows.length; first += ROWS_PER_STATEMENT) {
    const page = JSON.stringify(rows.slice(first, first + ROWS_PER_STATEMENT));
    await sql`
      insert into ${sql(table)}
      select * from json_populate_recordset(null::${sql(table)}, ${page}::text::json)`;
  }
}

function buildRow(booking: Booking) {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    id: booking.id,
    show_id: booking.showId,
    partition: booking.place.partition,
    line_offset: booking.place.offset,
    request_hash: `\\x${booking.requestHash}`,
    customer: booking.customer,
    wants: booking.wants,
    confirm_now: booking.confirmNow,
    status: booking.status,
    reason: booking.reason,
    facts: booking.facts,
    want: booking.want,
    seats: booking.seats,
    standing: booking.standing,
    returned: booking.returned,
    price: booking.price,
    prices: booking.prices,
    rescued: booking.rescued,
    created_at: time(booking.createdAt),
    decided_at: time(booking.decidedAt),
    updated_at: time(booking.updatedAt),
    expires_at: time(booking.expiresAt),
    hold_limit: time(booking.holdLimit),
    confirmed_at: time(booking.confirmedAt),
  };
}

async function measureRounds(sql: Sql, sale: Sale, rounds: number): Promise<LoadReport> {
  const [firstMs, first] = await timed(() => load(sql));
  checkLoaded(first, sale);
  const totals: number[] = [];
  const parts = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    const [ms] = await timed(() => load(sql));
    totals.push(ms);
    for (const [name, partMs] of await timeParts(sql, sale)) {
      parts.set(name, [...(parts.get(name) ?? []), partMs]);
    }
  }
  return {
    firstMs,
    totalMs: median(totals),
    parts: [...parts].map(([name, all]) => ({ name, ms: median(all) })),
    bytes: await measureBytes(sql),
    counts: {
      seats: [...sale.show.taken].length,
      bookings: sale.sold.length,
      holds: sale.state.bookings.size - sale.waiting.length,
      waiting: sale.waiting.length,
      customers: sale.show.usage.size,
    },
  };
}

/** What a new owner does in front of the first request for a show. */
async function load(sql: Sql): Promise<LineState> {
  const state = buildLineState();
  await restoreShows(buildStore(sql), state, [SHOW_ID]);
  return state;
}

function checkLoaded({ shows, bookings }: LineState, sale: Sale): void {
  const [loaded, kept] = [shows.get(SHOW_ID), sale.show];
  const isSame =
    loaded?.held === kept.held &&
    loaded.confirmed === kept.confirmed &&
    loaded.waiting.size === kept.waiting.size &&
    bookings.size === sale.state.bookings.size &&
    loaded.usage.size === kept.usage.size;
  assert(isSame, "what is loaded is what was written");
}

async function timeParts(sql: Sql, { show }: Sale): Promise<[name: string, ms: number][]> {
  const [takenMs, taken] = await timed(() => findTaken(sql));
  const [parseMs, seats] = await timed(() => parseNumbers(taken));
  const [unsettledMs, bookings] = await timed(() => loadUnsettled(sql, [SHOW_ID]));
  const standing = show.sections.map((counters, section) => ({ section, ...counters }));
  const isStanding = (section: number) => show.facts.layout.sections[section]?.kind === "standing";
  const stored = {
    taken: seats,
    standing: standing.filter(({ section }) => isStanding(section)),
    bookings,
  };
  const state = buildLineState();
  const [restoreMs] = await timed(() => restoreShow(state, show.facts, stored));
  const [usageMs] = await timed(() => restoreUsage(buildStore(sql), state, bookings));
  return [
    ["the statement for its taken seats", takenMs],
    ["reading their numbers", parseMs],
    ["who holds and who waits, statement and reading", unsettledMs],
    ["`restoreShow`: seats, index, counters, deadlines, waiting list", restoreMs],
    ["what these customers have, statement and reading", usageMs],
  ];
}

async function findTaken(sql: Sql): Promise<string | null> {
  const [row] = await sql<{ taken: string | null }[]>`
    select ${takenSeats(sql)} as taken from shows s where s.id = ${SHOW_ID}`;
  return row?.taken ?? null;
}

async function timed<Value>(
  work: () => Value | Promise<Value>,
): Promise<[ms: number, value: Value]> {
  const startedAt = performance.now();
  const value = await work();
  return [performance.now() - startedAt, value];
}

/** What is collected when the show is forgotten. */
async function measureBytes(sql: Sql): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const usedBytes = () => {
    // What lies outside the heap goes only after what refers to it.
    collect();
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const { shows, bookings } = await load(sql);
  const before = usedBytes();
  shows.clear();
  bookings.clear();
  return before - usedBytes();
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5) ?? Number.NaN;
}
