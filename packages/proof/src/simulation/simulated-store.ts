/** The simulated database as one process sees it: over the network, each call one statement. */
import { BOOKING_STATUSES } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import { factsOf } from "@seatline/shared/db/load-shows.ts";
import type { LoadedShow, SeatsRow, ShowRow } from "@seatline/shared/db/load-shows.ts";
import { NEWEST_OF_EACH, NEWEST_SHOWS } from "@seatline/shared/db/load-bookings.ts";
import type { PageToCancel } from "@seatline/shared/db/load-bookings.ts";
import type { Lapsed, LapsedPage } from "@seatline/shared/db/load-lapsed.ts";
import type { OpenedPage, OpenedShow } from "@seatline/shared/db/load-opened.ts";
import type { Store } from "@seatline/shared/db/store.ts";

import type { Tables } from "./tables.ts";

/** Carries a statement out, or loses it on the way. `now` is the database's clock. */
type RunStatement = <T>(statement: (tables: Tables, now: number) => T) => Promise<T>;

export function buildSimulatedStore(run: RunStatement): Store {
  return {
    loadPartitions: () =>
      run(({ partitions }, clockMs) =>
        partitions.map((row, partition) => ({ ...row, partition, clockMs })),
      ),
    commitDecisions: (batch) =>
      run((tables, clockMs) => ({ committed: tables.commit(batch, clockMs), clockMs })),
    findLine: () => run(({ line }) => line),
    // No backup is restored here.
    loadRedo: () => run(() => []),
    ...buildBookingReads(run),
    loadShows: (ids) => run((tables) => ids.flatMap((id) => loadShow(tables, id))),
    loadUsage: (customers) =>
      run((tables) =>
        customers.flatMap(
          ({ showId, customer }) => tables.customers.get(`${showId} ${customer}`) ?? [],
        ),
      ),
    loadRecords: ({ partition, from, limit }) =>
      run(({ records }) =>
        (records[partition] ?? []).filter(({ first }) => first >= from).slice(0, limit),
      ),
    findRecordOf: ({ partition, offset }) =>
      run(
        ({ records }) =>
          records[partition]?.find(({ first, next }) => first <= offset && offset < next) ?? null,
      ),
    findShow: (key) =>
      run(({ shows }) =>
        typeof key === "string"
          ? (shows.get(key) ?? null)
          : (byNumber(shows.values()).find(({ number }) => number === key) ?? null),
      ),
    findShows: (ids) => run(({ shows }) => ids.flatMap((id) => shows.get(id) ?? [])),
    listShows: ({ after, limit }) =>
      run(({ shows }) =>
        byNumber(shows.values())
          .filter(({ number, archived }) => number > after && !archived)
          .slice(0, limit),
      ),
    findSeats: (showId) => run((tables) => findSeats(tables, showId)),
    loadLapsed: (page) => run((tables, now) => findLapsed(tables, page, now)),
    loadOpened: (page) => run((tables, now) => findOpened(tables, page, now)),
    pruneRecords: (page) => run((tables, now) => pruneRecords(tables, page, now)),
  };
}

/** Those who ask for a page of bookings. */
function buildBookingReads(run: RunStatement) {
  return {
    loadBookings: (ids: readonly string[]) =>
      run((tables) => ids.flatMap((id) => tables.bookings.get(id) ?? [])),
    loadToCancel: ({ showId, after, limit }: PageToCancel) =>
      run((tables) =>
        bookingsOf(tables, showId, ["WAITING", "PENDING", "CONFIRMED"])
          .filter(({ place }) => place.offset > after)
          .slice(0, limit),
      ),
    loadNewestIds: () =>
      run((tables) =>
        byNumber(tables.shows.values())
          .toReversed()
          .slice(0, NEWEST_SHOWS)
          .flatMap(({ id }) => bookingsOf(tables, id, BOOKING_STATUSES).slice(-NEWEST_OF_EACH))
          .map(({ id }) => id),
      ),
    findBooking: (id: string, partition: number) =>
      run(({ bookings, partitions }) => {
        const nextOffset = partitions[partition]?.nextOffset ?? null;
        return { booking: nextOffset === null ? null : (bookings.get(id) ?? null), nextOffset };
      }),
  };
}

/** In a page: by their time, then by id. */
function findLapsed(tables: Tables, { after, without, limit }: LapsedPage, now: number): Lapsed[] {
  const at = after === null ? null : { time: Number(after.expiresAt), id: after.id };
  return [...tables.bookings.values()]
    .filter(({ status }) => status === "PENDING" || status === "WAITING")
    .map(({ id, showId, place, expiresAt }) => ({ id, showId, place, time: expiresAt ?? 0 }))
    .filter(({ time, place }) => time <= now && !without.includes(place.partition))
    .filter(({ time, id }) => at === null || time > at.time || (time === at.time && id > at.id))
    .sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
    .map(({ id, showId, time }) => ({ id, showId, expiresAt: String(time) }));
}

function findOpened(tables: Tables, { without, limit }: OpenedPage, now: number): OpenedShow[] {
  return [...tables.shows.values()]
    .map(({ opensAt, ...show }) => ({ ...show, opensAt: opensAt ?? Infinity }))
    .filter(({ opensAt, updatedAt }) => opensAt <= now && updatedAt < opensAt)
    .filter(({ place }) => !without.includes(place.partition))
    .filter(({ id }) => bookingsOf(tables, id, ["WAITING"]).length > 0)
    .sort((a, b) => a.opensAt - b.opensAt || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
    .map(({ id, place }) => ({ id, partition: place.partition }));
}

const DAY_MS = 24 * 60 * 60 * 1_000;

function pruneRecords(
  tables: Tables,
  { days, limit }: { readonly days: number; readonly limit: number },
  now: number,
): number {
  const counts = tables.partitions.map(({ publishedOffset, nextOffset }, partition) => {
    const all = tables.records[partition] ?? [];
    const old = all
      .slice(0, limit)
      .filter(({ next }) => next <= publishedOffset && next < nextOffset)
      .filter(({ createdAt }) => createdAt < now - days * DAY_MS);
    tables.records[partition] = all.filter((record) => !old.includes(record));
    return old.length;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A show's bookings of some statuses, in the order of its line. */
function bookingsOf(
  tables: Tables,
  showId: string,
  statuses: readonly Booking["status"][],
): Booking[] {
  return [...tables.bookings.values()]
    .filter((booking) => booking.showId === showId && statuses.includes(booking.status))
    .sort((a, b) => a.place.offset - b.place.offset);
}

function byNumber(shows: Iterable<ShowRow>): ShowRow[] {
  return [...shows].sort((a, b) => a.number - b.number);
}

function takenSeats({ seats }: Tables, showId: string): number[] {
  return [...(seats.get(showId)?.keys() ?? [])].sort((a, b) => a - b);
}

function standingOf({ sections }: Tables, id: string) {
  return [...sections.values()]
    .filter(({ showId }) => showId === id)
    .map(({ section, held, confirmed }) => ({ section, held, confirmed }));
}

function loadShow(tables: Tables, id: string): LoadedShow[] {
  const row = tables.shows.get(id);
  if (row === undefined) return [];
  const { version, hash } = row;
  const stored = {
    taken: takenSeats(tables, id),
    standing: standingOf(tables, id),
    bookings: bookingsOf(tables, id, ["PENDING", "WAITING"]),
  };
  return [{ facts: factsOf(row), head: { version, hash }, stored }];
}

function findSeats(tables: Tables, id: string): SeatsRow | null {
  const row = tables.shows.get(id);
  if (row === undefined) return null;
  return {
    version: row.version,
    layout: row.layout,
    taken: takenSeats(tables, id),
    held: bookingsOf(tables, id, ["PENDING"]).flatMap(({ seats }) => seats),
    standing: standingOf(tables, id),
    waiting: bookingsOf(tables, id, ["WAITING"]).map(({ place }) => place.offset),
  };
}
