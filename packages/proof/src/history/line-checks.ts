/** The lines: every message decided once, in order, in its own words, and published. */
import { hash } from "node:crypto";

import { buildEvents } from "@seatline/shared/contract/event.ts";

import { CORE_FAILED } from "@seatline/booking-worker/recovery.ts";

import { found } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { TopicMessage } from "./history.ts";
import { groupByPartition, keyOf } from "./index-history.ts";
import type { IndexedHistory, IndexedLine } from "./index-history.ts";

export function checkLines(history: IndexedHistory): Finding[] {
  const { lines } = history;
  return [
    found("every message has exactly one entry, in the order of the line", lines.flatMap(findGaps)),
    found("everything that stands in a line is decided", lines.flatMap(findUndecided)),
    found("an entry has the words of its message", lines.flatMap(findOtherWords)),
    found("the log's clock is the highest append time so far", lines.flatMap(findClockFaults)),
    found("the tails of a line are chained over its records", lines.flatMap(findTailFaults)),
    found("the running hash of a show is chained over its entries", lines.flatMap(findHashFaults)),
    found("what is parked stands among the dead letters, as it came", findLetterFaults(history)),
    found("no request is parked because of a bug", lines.flatMap(findBugs)),
    found("follow-ups stand in their lines", lines.flatMap(findLostFollowUps)),
    found("every record is published, once or more, in order", findOutcomeFaults(history)),
    found("every change is told as an event, once or more, in order", findEventFaults(history)),
  ];
}

function findGaps({ partition, records, row }: IndexedLine): string[] {
  const faults: string[] = [];
  let next = 0;
  for (const { stored, record } of records) {
    const where = `the record of partition ${partition} at ${stored.first}`;
    if (stored.first !== next) faults.push(`${where} begins there, ${next} was due`);
    next = stored.next;
    if (record === null) {
      faults.push(`${where} cannot be read`);
      continue;
    }
    const isSame = record.partition === partition && record.first === stored.first;
    if (!isSame || record.next !== stored.next) faults.push(`${where} says otherwise of itself`);
    const offsets = record.entries.map(({ offset }) => offset);
    if (!offsets.every((offset, index) => offset === stored.first + index)) {
      faults.push(`${where} has entries at ${offsets.join(", ")}`);
    }
    if (offsets.length !== stored.next - stored.first) {
      faults.push(`${where} has ${offsets.length} entries, but ends before ${stored.next}`);
    }
  }
  if (next !== row.nextOffset) {
    faults.push(
      `partition ${partition} is decided up to ${row.nextOffset}, its records end at ${next}`,
    );
  }
  return faults;
}

function findUndecided({ partition, row, messages }: IndexedLine): string[] {
  const { length: end } = messages;
  return row.nextOffset === end
    ? []
    : [`partition ${partition} ends at ${end} and is decided up to ${row.nextOffset}`];
}

function findOtherWords({ partition, messages, entries }: IndexedLine): string[] {
  return entries.flatMap(({ offset, request }) => {
    const message = messages[offset];
    if (message?.offset !== offset) return [`no message stands at ${partition}-${offset}`];
    const text = message.value?.toString() ?? null;
    return request === null || request === text
      ? []
      : [`the message at ${partition}-${offset} says ${text}, its entry ${request}`];
  });
}

function findClockFaults({ partition, messages, entries, row }: IndexedLine): string[] {
  let highest = 0;
  const faults = entries.flatMap(({ offset, appendedAt }) => {
    highest = Math.max(highest, messages[offset]?.appendedAt ?? 0);
    return appendedAt === highest
      ? []
      : [`${partition}-${offset} was decided at ${appendedAt}, the log's clock said ${highest}`];
  });
  if (entries.length > 0 && row.logClock !== highest) {
    faults.push(`the log's clock of partition ${partition} is ${row.logClock}, not ${highest}`);
  }
  return faults;
}

const FIRST_LINK = "0".repeat(64);

function findTailFaults({ partition, records, messages, row }: IndexedLine): string[] {
  let tail = FIRST_LINK;
  const faults: string[] = [];
  for (const { stored, record } of records) {
    const where = `the record of partition ${partition} at ${stored.first}`;
    if (record?.previousTail !== tail) faults.push(`${where} builds on ${record?.previousTail}`);
    tail = hash("sha256", tail + stored.body);
    if (stored.tail !== tail) faults.push(`${where} has the tail ${stored.tail}, not ${tail}`);
  }
  if (row.tail !== tail)
    faults.push(`partition ${partition} has the tail ${row.tail}, not ${tail}`);
  const last = messages[row.nextOffset - 1];
  const digest = last === undefined ? null : hash("sha256", last.value ?? "");
  if (row.lastDigest !== digest) faults.push(`partition ${partition} knows another last message`);
  return faults;
}

function findHashFaults({ records }: IndexedLine): string[] {
  const hashes = new Map<string, string>();
  return records.flatMap(({ record }) => {
    for (const entry of record?.entries ?? []) {
      const { showId } = entry;
      if (showId === null) continue;
      const before = hashes.get(showId) ?? FIRST_LINK;
      hashes.set(showId, hash("sha256", before + JSON.stringify(entry)));
    }
    return (record?.shows ?? [])
      .filter((show) => show.hash !== hashes.get(show.id))
      .map(({ id, version, hash: is }) => `show ${id} at version ${version} has the hash ${is}`);
  });
}

function findLetterFaults({ lines, tables }: IndexedHistory): string[] {
  const letters = new Map(tables.deadLetters.map((letter) => [keyOf(letter), letter]));
  const faults: string[] = [];
  for (const { entries, messages } of lines) {
    for (const { partition, offset, deadLetter } of entries) {
      if (deadLetter === null) continue;
      const key = keyOf({ partition, offset });
      const letter = letters.get(key);
      letters.delete(key);
      const message = messages[offset];
      if (letter === undefined) faults.push(`${key} is parked, but is no dead letter`);
      else if (letter.fault !== deadLetter) faults.push(`${key} is parked for another reason`);
      else if (
        !isSameBytes(letter.value, message?.value) ||
        !isSameBytes(letter.key, message?.key)
      ) {
        faults.push(`${key} has other bytes as a dead letter`);
      }
    }
  }
  return [
    ...faults,
    ...[...letters.keys()].map((key) => `${key} is a dead letter, but not parked`),
  ];
}

/** The one catch of a bug in the system: it loses no request, and yet must never be needed. */
function findBugs({ entries }: IndexedLine): string[] {
  return entries
    .filter(({ deadLetter }) => deadLetter === CORE_FAILED)
    .map(
      ({ partition, offset, request }) => `the core failed at ${partition}-${offset} on ${request}`,
    );
}

function isSameBytes(one: Buffer | null, other: Buffer | null | undefined): boolean {
  if (one === null || other === null || other === undefined) return one === (other ?? null);
  return one.equals(other);
}

function findLostFollowUps({ entries, messages }: IndexedLine): string[] {
  const wanted = entries.filter(({ followUp }) => followUp !== null);
  if (wanted.length === 0) return [];
  const lastOffset = new Map(messages.map(({ value, offset }) => [value?.toString(), offset]));
  return wanted
    .filter(({ followUp, offset }) => (lastOffset.get(followUp?.message) ?? -1) <= offset)
    .map(({ partition, offset }) => `the follow-up of ${partition}-${offset} is not in the line`);
}

function findOutcomeFaults({ lines, topics }: IndexedHistory): string[] {
  const published = groupByPartition(topics.outcomes);
  return lines.flatMap(({ partition, records }) =>
    findSequenceFaults(
      records.map(({ stored }) => ({
        name: `the record at ${partition}-${stored.first}`,
        text: stored.body,
      })),
      published.get(partition) ?? [],
    ),
  );
}

function findEventFaults({ lines, topics }: IndexedHistory): string[] {
  const published = groupByPartition(topics.events);
  return lines.flatMap(({ partition, records }) => {
    const due = records.flatMap(({ record }) =>
      (record === null ? [] : buildEvents(record)).map(({ event }) => ({
        name: `event ${event.id}`,
        text: JSON.stringify(event),
      })),
    );
    return findSequenceFaults(due, published.get(partition) ?? []);
  });
}

/** At least once each, the first copies in order, and nothing else. */
function findSequenceFaults(
  due: readonly { readonly name: string; readonly text: string }[],
  published: readonly TopicMessage[],
): string[] {
  const positions = new Map(due.map(({ text }, index) => [text, index]));
  const faults: string[] = [];
  let next = 0;
  for (const { partition, offset, value } of published) {
    const position = positions.get(value?.toString() ?? "");
    if (position === undefined)
      faults.push(`what stands at ${partition}-${offset} is in no record`);
    else if (position > next) faults.push(`${due[position]?.name} came before ${due[next]?.name}`);
    if (position !== undefined) next = Math.max(next, position + 1);
  }
  return [...faults, ...due.slice(next).map(({ name }) => `${name} is not published`)];
}
