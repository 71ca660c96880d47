/** The whole history decided again from its messages: the same records byte by byte, and the same tables. */
import { isDeepStrictEqual } from "node:util";

import { parseRecord } from "@seatline/shared/contract/record.ts";
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";

import { Tables } from "../simulation/tables.ts";
import { batchesOf } from "./batches-of.ts";
import { found } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { IndexedHistory, StoredRecord } from "./index-history.ts";

export function checkReplay(history: IndexedHistory): Finding[] {
  const names = {
    records: "the messages decided again give the same records, hash by hash",
    tables: "the tables are what the records make of them",
  };
  const tables = new Tables(history.lines.length);
  const faults: string[] = [];
  try {
    for (const { batch, stored } of batchesOf(history)) {
      const fault = compareRecord(batch, stored);
      // What follows from another decision is another history.
      if (fault !== null) return [found(names.records, [fault]), notChecked(names.tables, fault)];
      if (!tables.commit(batch, 0)) faults.push(`the record at ${stored.first} is fenced`);
    }
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return [found(names.records, [fault]), notChecked(names.tables, fault)];
  }
  return [found(names.records, faults), found(names.tables, compareTables(history, tables))];
}

function notChecked(name: string, why: string): Finding {
  return { name, verdict: "not-checked", details: [why] };
}

function compareRecord(
  batch: Batch,
  { partition, first, body, tail }: StoredRecord,
): string | null {
  const where = `the record of partition ${partition} at ${first}`;
  if (batch.body === body) {
    return batch.tail === tail ? null : `${where} has the tail ${tail}, ${batch.tail} was due`;
  }
  const stored = parseRecord(body);
  const entries = stored?.entries ?? [];
  const other = batch.record.entries.findIndex(
    (entry, index) => JSON.stringify(entry) !== JSON.stringify(entries[index]),
  );
  const [is, due] =
    other === -1
      ? [stored?.shows, batch.record.shows]
      : [entries[other], batch.record.entries[other]];
  return `${where} says ${JSON.stringify(is)}, decided again it says ${JSON.stringify(due)}`;
}

function compareTables({ tables }: IndexedHistory, due: Tables): string[] {
  return [
    ...compareRows("partition", tables.partitions.map(partitionOf), [
      due.partitions.map((row, partition) => partitionOf({ ...row, partition })),
      ({ partition }) => String(partition),
    ]),
    // A show's number tells in which order its database came to it, which no line knows.
    ...compareRows(
      "show",
      tables.shows.map((row) => ({ ...row, number: 0 })),
      [[...due.shows.values()].map((row) => ({ ...row, number: 0 })), ({ id }) => id],
    ),
    ...compareRows("booking", tables.bookings, [[...due.bookings.values()], ({ id }) => id]),
    ...compareRows("seat", tables.seats, [
      [...due.seats].flatMap(([showId, seats]) =>
        [...seats].map(([seat, bookingId]) => ({ showId, seat, bookingId })),
      ),
      ({ showId, seat }) => `${showId} ${seat}`,
    ]),
    ...compareRows("section", tables.sections, [
      [...due.sections.values()],
      ({ showId, section }) => `${showId} ${section}`,
    ]),
    ...compareRows("customer", tables.customers, [
      [...due.customers.values()],
      ({ showId, customer }) => `${showId} ${customer}`,
    ]),
  ];
}

type PartitionRow = {
  readonly partition: number;
  readonly nextOffset: number;
  readonly tail: string;
  readonly publishedOffset: number;
  readonly logClock: number;
  readonly lastDigest: string | null;
};

function partitionOf(row: PartitionRow) {
  const { partition, nextOffset, tail, publishedOffset, logClock, lastDigest } = row;
  return { partition, nextOffset, tail, publishedOffset, logClock, lastDigest };
}

function compareRows<Row extends object>(
  table: string,
  rows: readonly Row[],
  [due, keyOf]: readonly [readonly Row[], (row: Row) => string],
): string[] {
  const dueByKey = new Map(due.map((row) => [keyOf(row), row]));
  const faults: string[] = [];
  for (const row of rows) {
    const key = keyOf(row);
    const expected = dueByKey.get(key);
    dueByKey.delete(key);
    if (expected === undefined) faults.push(`${table} ${key} is in no record, or is there twice`);
    else if (!isDeepStrictEqual(row, expected)) {
      faults.push(`${table} ${key} is ${JSON.stringify(row)}, ${JSON.stringify(expected)} was due`);
    }
  }
  return [...faults, ...[...dueByKey.keys()].map((key) => `${table} ${key} is missing`)];
}
