/** A history, read once: its records, its lines in order, and every state that a booking has had. */
import { parseRecord } from "@seatline/shared/contract/record.ts";
import type { LineRecord, RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Booking, Place } from "@seatline/shared/core/model.ts";

import type { History, TopicMessage } from "./history.ts";

export type StoredRecord = History["tables"]["records"][number];

export type IndexedLine = {
  readonly partition: number;
  readonly row: History["tables"]["partitions"][number];
  readonly messages: readonly TopicMessage[];
  /** In the order of their offsets; null where the body cannot be read. */
  readonly records: readonly {
    readonly stored: StoredRecord;
    readonly record: LineRecord | null;
  }[];
  readonly entries: readonly RecordEntry[];
};

/** A state of a booking, and the entry that brought it about. */
type BookingState = { readonly booking: Booking; readonly entry: RecordEntry };

export type IndexedHistory = History & {
  readonly lines: readonly IndexedLine[];
  readonly entryByPlace: ReadonlyMap<string, RecordEntry>;
  /** By id, in the order in which they followed each other. */
  readonly statesById: ReadonlyMap<string, readonly BookingState[]>;
};

export function indexHistory(history: History): IndexedHistory {
  const { tables, topics } = history;
  const messages = groupByPartition(topics.requests);
  const stored = groupByPartition(tables.records);
  const entryByPlace = new Map<string, RecordEntry>();
  const statesById = new Map<string, BookingState[]>();
  const lines = tables.partitions.map((row): IndexedLine => {
    const { partition } = row;
    const records = (stored.get(partition) ?? [])
      .toSorted((one, other) => one.first - other.first)
      .map((it) => ({ stored: it, record: parseRecord(it.body) }));
    const entries = records.flatMap(({ record }) => record?.entries ?? []);
    for (const entry of entries) {
      entryByPlace.set(keyOf({ partition, offset: entry.offset }), entry);
      for (const booking of entry.changed) push(statesById, booking.id, { booking, entry });
    }
    return { partition, row, messages: messages.get(partition) ?? [], records, entries };
  });
  return { ...history, lines, entryByPlace, statesById };
}

export function keyOf({ partition, offset }: Place): string {
  return `${partition}-${offset}`;
}

export function groupByPartition<Item extends { readonly partition: number }>(
  items: readonly Item[],
): ReadonlyMap<number, Item[]> {
  return Map.groupBy(items, ({ partition }) => partition);
}

/** Adds to one of the lists of a map. */
export function push<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
