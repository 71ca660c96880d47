/**
 * All that the services ask of Postgres, each of it one statement: the one interface behind which the database
 * stands. The simulation has another that keeps the same promises; a suite runs the same histories on both.
 */
import type { Booking } from "../core/model.ts";
import type { Sql } from "./client.ts";
import { commitDecisions } from "./commit-decisions.ts";
import type { Batch, CommitResult } from "./commit-decisions.ts";
import { findLine } from "./find-line.ts";
import type { StoredLine } from "./find-line.ts";
import { findBooking, loadBookings, loadNewestIds, loadToCancel } from "./load-bookings.ts";
import type { FoundBooking, PageToCancel } from "./load-bookings.ts";
import { loadLapsed } from "./load-lapsed.ts";
import type { Lapsed, LapsedPage } from "./load-lapsed.ts";
import { loadOpened } from "./load-opened.ts";
import type { OpenedPage, OpenedShow } from "./load-opened.ts";
import { loadPartitions } from "./load-partitions.ts";
import type { PartitionRow } from "./load-partitions.ts";
import { findRecordOf, loadRecords } from "./load-records.ts";
import type { RecordPage, RecordRow } from "./load-records.ts";
import { findSeats, findShow, findShows, listShows, loadShows, loadUsage } from "./load-shows.ts";
import type { CustomerOfShow, LoadedShow, SeatsRow, ShowRow, UsageRow } from "./load-shows.ts";
import { pruneRecords } from "./prune-records.ts";
import { loadRedo } from "./redo.ts";
import type { RedoRow } from "./redo.ts";
import type { Place } from "../core/model.ts";

/** Every call throws what the driver throws; `classifyFault` tells what that means. */
export type Store = {
  readonly loadPartitions: () => Promise<PartitionRow[]>;
  readonly findLine: () => Promise<StoredLine | null>;
  readonly loadRedo: (page: RecordPage) => Promise<RedoRow[]>;
  readonly commitDecisions: (batch: Batch) => Promise<CommitResult>;

  readonly loadNewestIds: () => Promise<string[]>;
  readonly loadBookings: (ids: readonly string[]) => Promise<Booking[]>;
  readonly loadToCancel: (page: PageToCancel) => Promise<Booking[]>;
  readonly loadShows: (ids: readonly string[]) => Promise<LoadedShow[]>;
  readonly loadUsage: (customers: readonly CustomerOfShow[]) => Promise<UsageRow[]>;
  readonly loadRecords: (page: RecordPage) => Promise<RecordRow[]>;

  readonly findBooking: (id: string, partition: number) => Promise<FoundBooking>;
  readonly findRecordOf: (place: Place) => Promise<RecordRow | null>;
  readonly findShow: (key: string | number) => Promise<ShowRow | null>;
  readonly findShows: (ids: readonly string[]) => Promise<ShowRow[]>;
  readonly listShows: (page: { after: number; limit: number }) => Promise<ShowRow[]>;
  readonly findSeats: (showId: string) => Promise<SeatsRow | null>;

  readonly loadLapsed: (page: LapsedPage) => Promise<Lapsed[]>;
  readonly loadOpened: (page: OpenedPage) => Promise<OpenedShow[]>;
  readonly pruneRecords: (page: { days: number; limit: number }) => Promise<number>;
};

/** The real one. */
export function buildStore(sql: Sql): Store {
  return {
    loadPartitions: () => loadPartitions(sql),
    findLine: () => findLine(sql),
    loadRedo: (page) => loadRedo(sql, page),
    commitDecisions: (batch) => commitDecisions(sql, batch),
    loadNewestIds: () => loadNewestIds(sql),
    loadBookings: (ids) => loadBookings(sql, ids),
    loadToCancel: (page) => loadToCancel(sql, page),
    loadShows: (ids) => loadShows(sql, ids),
    loadUsage: (customers) => loadUsage(sql, customers),
    loadRecords: (page) => loadRecords(sql, page),
    findBooking: (id, partition) => findBooking(sql, id, partition),
    findRecordOf: (place) => findRecordOf(sql, place),
    findShow: (key) => findShow(sql, key),
    findShows: (ids) => findShows(sql, ids),
    listShows: (page) => listShows(sql, page),
    findSeats: (showId) => findSeats(sql, showId),
    loadLapsed: (page) => loadLapsed(sql, page),
    loadOpened: (page) => loadOpened(sql, page),
    pruneRecords: (page) => pruneRecords(sql, page),
  };
}
