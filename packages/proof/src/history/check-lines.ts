/** What must hold between the topic of requests, the records and their hashes. */
import { CORE_FAULT } from "@seatline/booking-worker/recovery.ts";
import { FIRST_TAIL, hashChain } from "@seatline/shared/contract/record.ts";
import { HIDDEN_FAULT, digestMessage } from "@seatline/shared/line/batch.ts";

import type { EntrySeen, HistoryIndex, LineSeen, RecordSeen } from "./history-index.ts";

/** Every message has exactly one entry, in its own words, and every entry a message. */
export function* findUndecided({ lines }: HistoryIndex): Generator<string> {
  for (const line of lines) {
    const { partition, row, messages, messageByOffset } = line;
    const next = row?.nextOffset ?? 0;
    const seen = new Set<number>();
    for (const entry of line.entries) {
      if (seen.has(entry.offset)) yield `${partition}-${entry.offset} has two entries`;
      seen.add(entry.offset);
      yield* findForeignWords(entry);
    }
    for (const { offset, requestId } of messages) {
      const name = `${partition}-${offset} (${requestId ?? "nobody's"})`;
      if (offset >= next) yield `${name} is not decided: the line is decided up to ${next}`;
      if (!seen.has(offset)) yield `${name} has no entry`;
    }
    if (messageByOffset.size !== messages.length) yield `line ${partition} tells an offset twice`;
  }
}

function* findForeignWords(entry: EntrySeen): Generator<string> {
  const { partition, offset, message, request, requestId, deadLetter } = entry;
  const name = `the entry at ${partition}-${offset}`;
  if (message === undefined) {
    if (deadLetter !== HIDDEN_FAULT) yield `${name} (${requestId}) has no message in the topic`;
    return;
  }
  if (message.text !== request) yield `${name} is not in the words of its message`;
  if (message.requestId !== requestId) {
    yield `${name} is for ${requestId}, its message from ${message.requestId}`;
  }
}

/** Records follow each other without a gap, and so do their entries. */
export function* findOrderFaults({ lines }: HistoryIndex): Generator<string> {
  for (const { partition, row, records } of lines) {
    let next = 0;
    for (const { row: stored, record, entries } of records) {
      const name = `record ${partition}-${stored.first}`;
      if (stored.first !== next) yield `${name} does not begin at ${next}`;
      next = stored.next;
      if (record === null) {
        yield `${name} cannot be read`;
        continue;
      }
      const isItself =
        record.partition === partition &&
        record.first === stored.first &&
        record.next === stored.next;
      if (!isItself) yield `${name} says that it is ${record.partition}-${record.first}`;
      if (entries.length !== record.next - record.first) {
        yield `${name} has ${entries.length} entries for ${record.next - record.first} places`;
      }
      for (const [index, entry] of entries.entries()) {
        yield* findStray(entry, { partition, offset: record.first + index, now: entries[0]?.now });
      }
    }
    const end = row?.nextOffset ?? 0;
    if (end !== next) yield `line ${partition} is decided up to ${end}, its records reach ${next}`;
  }
}

function* findStray(
  entry: EntrySeen,
  due: { readonly partition: number; readonly offset: number; readonly now: number | undefined },
): Generator<string> {
  const { partition, offset, changes, requestId } = entry;
  const name = `the entry at ${partition}-${offset}`;
  if (partition !== due.partition || offset !== due.offset) {
    yield `${name} stands where that of ${due.partition}-${due.offset} should`;
  }
  if (entry.now !== due.now) yield `${name} has another clock than its record`;
  for (const { before, after } of changes) {
    const place = before?.place ?? { partition, offset };
    if (after.place.partition !== place.partition || after.place.offset !== place.offset) {
      yield `${after.id} stands at ${after.place.partition}-${after.place.offset}, not at ${place.partition}-${place.offset}`;
    }
    if (before === null && after.id !== requestId) {
      yield `${name} makes booking ${after.id}, and is for ${requestId}`;
    }
  }
}

/** Each hash covers what it must, and all before it. */
export function* findChainFaults({ lines }: HistoryIndex): Generator<string> {
  const hashByShow = new Map<string, string>();
  for (const line of lines) {
    let tail = FIRST_TAIL;
    for (const seen of line.records) {
      const { row, record } = seen;
      const name = `record ${line.partition}-${row.first}`;
      if (record !== null && record.previousTail !== tail) {
        yield `${name} is decided on tail ${record.previousTail}, before it stands ${tail}`;
      }
      tail = hashChain(tail, row.body);
      if (row.tail !== tail) yield `the tail of ${name} is ${row.tail}, and should be ${tail}`;
      yield* findShowHashFaults(name, seen, hashByShow);
    }
    yield* findEndFaults(line, tail);
  }
}

function* findShowHashFaults(
  name: string,
  { record, entries }: RecordSeen,
  hashByShow: Map<string, string>,
): Generator<string> {
  for (const { showId, text } of entries) {
    if (showId === null) continue;
    hashByShow.set(showId, hashChain(hashByShow.get(showId) ?? FIRST_TAIL, text));
  }
  for (const { id, hash } of record?.shows ?? []) {
    const due = hashByShow.get(id);
    if (hash !== due) yield `${name} ends show ${id} at hash ${hash}, and should at ${due}`;
  }
}

/** The partition's row is that of its last record. */
function* findEndFaults({ partition, row, records, ...line }: LineSeen, tail: string) {
  if (row === null) {
    yield `line ${partition} has no row`;
    return;
  }
  const last = records.at(-1);
  const entry = last?.entries.at(-1);
  if (row.tail !== tail) yield `line ${partition} ends at tail ${row.tail}, and should at ${tail}`;
  if (last === undefined) return;
  const offset = last.row.next - 1;
  const digest = digestMessage(
    line.messageByOffset.get(offset) ?? { offset, appendedAt: 0, key: null, value: null },
  );
  if (row.lastDigest !== digest) {
    yield `line ${partition} has another digest than its last message at ${offset}`;
  }
  if (row.publishedOffset !== last.row.first) {
    yield `line ${partition} is published up to ${row.publishedOffset}, before its last record at ${last.row.first}`;
  }
  if (entry !== undefined && row.logClock !== entry.appendedAt) {
    yield `line ${partition} has its clock at ${row.logClock}, its last entry at ${entry.appendedAt}`;
  }
}

/** What was parked is kept as it came, and nothing else is. */
export function* findDeadLetterFaults({ history, entries }: HistoryIndex): Generator<string> {
  const letters = new Map(
    history.tables.deadLetters.map((letter) => [`${letter.partition}-${letter.offset}`, letter]),
  );
  if (letters.size !== history.tables.deadLetters.length) yield "a dead letter is kept twice";
  for (const { partition, offset, deadLetter, message } of entries) {
    if (deadLetter === null) continue;
    const name = `${partition}-${offset}`;
    const letter = letters.get(name);
    letters.delete(name);
    if (letter === undefined) {
      yield `${name} was parked, and is not kept`;
      continue;
    }
    if (letter.fault !== deadLetter) {
      yield `${name} was parked as ${deadLetter}, and is kept as ${letter.fault}`;
    }
    const { key = null, value = null } = message ?? {};
    if (!isSameBytes(letter.value, value) || !isSameBytes(letter.key, key)) {
      yield `${name} is kept with other bytes than it came with`;
    }
  }
  for (const name of letters.keys()) yield `${name} is kept as a dead letter, and was not parked`;
}

function isSameBytes(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** The one catch of a bug in the system: it loses no request, and yet must never be needed. */
export function* findBugs({ entries }: HistoryIndex): Generator<string> {
  for (const { partition, offset, deadLetter, request } of entries) {
    if (deadLetter === CORE_FAULT) yield `the core failed at ${partition}-${offset} on ${request}`;
  }
}
