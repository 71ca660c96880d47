/** Changes single things in a history and leaves all others, and the history itself, as they are. */
import type { LineRecord, RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Booking } from "@seatline/shared/core/model.ts";

import type {
  BookingSeen,
  Call,
  Heard,
  History,
  Tables,
  TopicMessage,
} from "../src/history/history.ts";

/** What is a value elsewhere can be changed here. */
export type Loose<T> = T extends Buffer
  ? T
  : T extends object
    ? { -readonly [Member in keyof T]: Loose<T[Member]> }
    : T;

export function editTable<Name extends keyof Tables>(
  history: History,
  name: Name,
  edit: (rows: Loose<Tables[Name][number]>[]) => void,
): History {
  const rows = history.tables[name].map((row) => ({ ...row })) as Loose<Tables[Name][number]>[];
  edit(rows);
  return { ...history, tables: { ...history.tables, [name]: rows } };
}

export function editTopic(
  history: History,
  name: keyof History["topics"],
  edit: (messages: Loose<TopicMessage>[]) => void,
): History {
  const messages = history.topics[name].map((message) => ({ ...message }));
  edit(messages);
  return { ...history, topics: { ...history.topics, [name]: messages } };
}

export function editCalls(history: History, edit: (calls: Loose<Call>[]) => void): History {
  const calls = structuredClone(history.calls) as Loose<Call>[];
  edit(calls);
  return { ...history, calls };
}

/** Writes the records of a line anew; their hashes stay what they were. */
export function editRecords(
  history: History,
  edit: (records: Loose<LineRecord>[]) => void,
  partition = 0,
): History {
  return editTable(history, "records", (rows) => {
    const its = rows.filter((row) => row.partition === partition);
    const records = its.map(({ body }) => JSON.parse(body) as Loose<LineRecord>);
    edit(records);
    for (const [index, row] of its.entries()) row.body = JSON.stringify(records[index]);
  });
}

/** Edits the state of a booking in the first entry that made it so. */
export function editState(
  history: History,
  id: string,
  { status, edit }: { readonly status: string; readonly edit: (booking: Loose<Booking>) => void },
): History {
  return editRecords(history, (records) => {
    edit(stateIn(records, id, status).booking);
  });
}

/** A booking's first state of a status, its entry and its record. */
export function stateIn(records: readonly Loose<LineRecord>[], id: string, status: string) {
  for (const record of records) {
    for (const entry of record.entries) {
      const booking = entry.changed.find((one) => one.id === id && one.status === status);
      if (booking !== undefined) return { record, entry, booking };
    }
  }
  throw new RangeError(`no entry makes ${id} ${status}`);
}

/** The last entry whose message fits. */
export function entryIn(
  records: readonly Loose<LineRecord>[],
  fits: (entry: Loose<RecordEntry>) => boolean,
) {
  const entry = records.flatMap(({ entries }) => entries).findLast(fits);
  if (entry === undefined) throw new RangeError("no entry fits");
  return entry;
}

/** The last call that was heard so. */
export function heardIn<Kind extends Heard["kind"]>(
  calls: readonly Loose<Call>[],
  kind: Kind,
  fits: (call: Loose<Call>) => boolean = () => true,
) {
  const call = calls.findLast((one) => one.heard?.kind === kind && fits(one));
  if (call === undefined) throw new RangeError(`no call heard ${kind}`);
  return { call, heard: call.heard as Loose<Extract<Heard, { readonly kind: Kind }>> };
}

/** The last booking that was shown of an id. */
export function shownIn(calls: readonly Loose<Call>[], id: string): Loose<BookingSeen> {
  const isIt = ({ heard }: Loose<Call>) => heard?.kind === "booking" && heard.booking.id === id;
  return heardIn(calls, "booking", isIt).heard.booking;
}

export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items.at(index);
  if (item === undefined) throw new RangeError(`there is nothing at ${index}`);
  return item;
}
