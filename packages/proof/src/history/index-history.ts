/**
 * A history read once, so that no check has to read anything again: each message parsed, each record cut into its
 * entries, each change of a booking beside what the booking was before. Judges nothing; what cannot be read is left
 * out here, and a check tells of the hole.
 */
import { parseRecord } from "@seatline/shared/contract/record.ts";
import type { LineRecord, RecordEntry } from "@seatline/shared/contract/record.ts";
import { TIME_MAX_MS } from "@seatline/shared/contract/values.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import type { CreateShow } from "@seatline/shared/core/requests.ts";
import { readMessage } from "@seatline/shared/line/batch.ts";

import type { History, TopicMessage } from "./history.ts";
import type {
  Change,
  EntrySeen,
  HistoryIndex,
  Life,
  MessageSeen,
  RecordSeen,
} from "./history-index.ts";
import { replayLines } from "./replay.ts";
import { walkSales } from "./sale-walk.ts";

export function indexHistory(history: History): HistoryIndex {
  const { topics, tables } = history;
  const rows = new Map(tables.partitions.map((row) => [row.partition, row]));
  const messages = groupByPartition(topics.requests);
  const records = groupByPartition(tables.records);
  const partitions = new Set([...rows.keys(), ...messages.keys(), ...records.keys()]);
  const livesById = new Map<string, Life>();
  const creationById = new Map<string, CreateShow>();
  const lines = [...partitions]
    .sort((a, b) => a - b)
    .map((partition) => {
      const position = { partition, partitionCount: rows.size };
      const read = readMessages(messages.get(partition) ?? [], position);
      const messageByOffset = new Map(read.map((message) => [message.offset, message]));
      const inOrder = [...(records.get(partition) ?? [])].sort((a, b) => a.first - b.first);
      const seen = inOrder.map((row) => readRecord(row, messageByOffset, livesById));
      const entryByOffset = new Map<number, EntrySeen>();
      const entries = seen.flatMap((record) => record.entries);
      for (const entry of entries) {
        if (!entryByOffset.has(entry.offset)) entryByOffset.set(entry.offset, entry);
        noteCreation(entry, creationById);
      }
      const row = rows.get(partition) ?? null;
      return {
        partition,
        row,
        messages: read,
        messageByOffset,
        records: seen,
        entries,
        entryByOffset,
      };
    });
  const lineByPartition = new Map(lines.map((line) => [line.partition, line]));
  const sales = walkSales(lines);
  const replayed = replayLines(lines, history.bounds);
  const entries = lines.flatMap((line) => line.entries);
  return { history, lines, entries, lineByPartition, livesById, creationById, sales, replayed };
}

function groupByPartition<Item extends { readonly partition: number }>(
  items: readonly Item[],
): Map<number, Item[]> {
  return Map.groupBy(items, ({ partition }) => partition);
}

const NO_POISON: ReadonlyMap<number, string> = new Map();

function readMessages(
  messages: readonly TopicMessage[],
  line: { readonly partition: number; readonly partitionCount: number },
): MessageSeen[] {
  const position = { ...line, next: 0, tail: "", logClock: 0 };
  let clock = 0;
  return [...messages]
    .sort((a, b) => a.offset - b.offset)
    .map((message) => {
      clock = Math.max(clock, Math.min(message.appendedAt, TIME_MAX_MS));
      return { ...readMessage(message, position, NO_POISON), clock };
    });
}

function readRecord(
  row: RecordSeen["row"],
  messageByOffset: ReadonlyMap<number, MessageSeen>,
  livesById: Map<string, Life>,
): RecordSeen {
  const record = parseRecord(row.body);
  if (record === null) return { row, record, entries: [] };
  const texts = cutEntries(row.body, record);
  const entries = record.entries.map((entry, index) => {
    const message = messageByOffset.get(entry.offset);
    const changes = entry.changed.map((after) => noteChange(livesById, entry, after));
    const clock = message?.clock ?? entry.appendedAt;
    return { ...entry, text: texts[index] ?? "", message, clock, changes };
  });
  return { row, record, entries };
}

/**
 * The texts of the entries, byte for byte. Each begins with three members that stand nowhere else in a body in
 * this way: inside of a text their quotes would be escaped.
 */
function cutEntries(body: string, { entries }: LineRecord): string[] {
  const starts: number[] = [];
  let from = body.indexOf('"entries":[');
  for (const { partition, offset } of entries) {
    from = body.indexOf(`{"partition":${partition},"offset":${offset},"appendedAt":`, from);
    if (from === -1) return [];
    starts.push(from);
    from += 1;
  }
  const end = body.length - "]}".length;
  return starts.map((start, index) => body.slice(start, (starts[index + 1] ?? end + 1) - 1));
}

function noteChange(
  livesById: Map<string, Life>,
  { partition, offset }: RecordEntry,
  after: Booking,
): Change {
  const place = { partition, offset };
  const life = livesById.get(after.id);
  if (life === undefined) {
    livesById.set(after.id, { states: [after], places: [place] });
    return { before: null, after };
  }
  const before = life.states.at(-1) ?? null;
  life.states.push(after);
  life.places.push(place);
  return { before, after };
}

function noteCreation(entry: EntrySeen, creationById: Map<string, CreateShow>): void {
  const request = entry.message?.request;
  if (request?.kind === "create-show" && entry.changesShow) {
    creationById.set(request.showId, request);
  }
}
