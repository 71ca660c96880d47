/**
 * A history read once, as the checks look at it: messages, records and entries by their places, each change of a
 * booking beside what the booking was before.
 */
import type { LineRecord, RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Booking, Place } from "@seatline/shared/core/model.ts";
import type { CreateShow } from "@seatline/shared/core/requests.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import type { PartitionRow } from "@seatline/shared/db/load-partitions.ts";
import type { ReadMessage } from "@seatline/shared/line/batch.ts";

import type { History } from "./history.ts";

export type HistoryIndex = {
  readonly history: History;
  /** One for each partition that the tables or the topics know, ascending. */
  readonly lines: readonly LineSeen[];
  /** Those of all lines, line by line. */
  readonly entries: readonly EntrySeen[];
  readonly lineByPartition: ReadonlyMap<number, LineSeen>;
  /** Each booking with all that it was, oldest first. */
  readonly livesById: ReadonlyMap<string, Life>;
  /** The requests that created the shows there are. */
  readonly creationById: ReadonlyMap<string, CreateShow>;
  /** What the sales look like if the bookings in the records are believed. */
  readonly sales: Sales;
  /** What the core makes of the topic. */
  readonly replayed: Replayed;
};

export type LineSeen = {
  readonly partition: number;
  readonly row: PartitionRow | null;
  /** By their offsets, ascending. */
  readonly messages: readonly MessageSeen[];
  readonly messageByOffset: ReadonlyMap<number, MessageSeen>;
  readonly records: readonly RecordSeen[];
  /** Those of all records, in order. */
  readonly entries: readonly EntrySeen[];
  /** By offset; of several at one offset the first. */
  readonly entryByOffset: ReadonlyMap<number, EntrySeen>;
};

export type MessageSeen = ReadMessage & {
  /** The log's clock at this message: the highest append time so far. */
  readonly clock: number;
};

export type RecordSeen = {
  readonly row: History["tables"]["records"][number];
  /** Null where the body is no record. */
  readonly record: LineRecord | null;
  readonly entries: readonly EntrySeen[];
};

export type EntrySeen = RecordEntry & {
  /** Its own text, as it stands in the record's body. */
  readonly text: string;
  readonly message: MessageSeen | undefined;
  /** The log's clock at its offset, by the topic; by its own word where there is no message. */
  readonly clock: number;
  readonly changes: readonly Change[];
};

/** One change of a booking. `before` is what it was by the records so far. */
export type Change = { readonly before: Booking | null; readonly after: Booking };

export type Life = {
  readonly states: Booking[];
  /** Where the entry stands that made it so, for each of the states. */
  readonly places: Place[];
};

/** What was found in the sales on the way, as sentences, and what they came to. */
export type Sales = {
  readonly doubles: readonly string[];
  readonly oversold: readonly string[];
  readonly foreign: readonly string[];
  readonly unbalanced: readonly string[];
  readonly misnumbered: readonly string[];
  readonly mapless: readonly string[];
  readonly shows: ReadonlyMap<string, SaleSeen>;
};

/** A show at the end of its records, counted from its bookings alone. */
type SaleSeen = {
  readonly owners: ReadonlyMap<number, Booking>;
  readonly liveById: ReadonlyMap<string, Booking>;
  /** What its last record says of it. */
  readonly last: LineRecord["shows"][number] | null;
  /** Whether there was a record behind which all of it was confirmed. */
  readonly wasSoldOut: boolean;
};

export type Replayed = {
  readonly differences: readonly string[];
  /** The state behind the last entry; null for a line of which something was decided otherwise. */
  readonly stateByPartition: ReadonlyMap<number, LineState | null>;
};

/** The entry at a place, and the message. */
export function entryAt({ lineByPartition }: HistoryIndex, place: Place): EntrySeen | undefined {
  return lineByPartition.get(place.partition)?.entryByOffset.get(place.offset);
}

export function messageAt(
  { lineByPartition }: HistoryIndex,
  place: Place,
): MessageSeen | undefined {
  return lineByPartition.get(place.partition)?.messageByOffset.get(place.offset);
}
