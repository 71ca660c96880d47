/**
 * One batch: messages in, decisions out, as a fold over the core. Changes only the state it is given
 * and talks to nobody.
 */
import { isUtf8 } from "node:buffer";
import { hash as digest } from "node:crypto";

import { readPartition } from "../contract/booking-id.ts";
import { partitionOf } from "../contract/partition.ts";
import {
  FIRST_TAIL,
  RECORD_VERSION,
  encodeEntry,
  encodeRecord,
  hashChain,
} from "../contract/record.ts";
import type { RecordEntry, RecordShow } from "../contract/record.ts";
import { parseRequest } from "../contract/request.ts";
import { TIME_MAX_MS } from "../contract/values.ts";
import { assert } from "../core/assert.ts";
import { readIds } from "../core/model.ts";
import type { Decision, Moment, Request, Write } from "../core/model.ts";
import { decidedAt } from "../core/decide.ts";
import { freePlaces } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import { step } from "../core/step.ts";
import { buildNetWrites } from "../db/commit-decisions.ts";
import type { Batch, DeadLetter } from "../db/commit-decisions.ts";
import type { ShowHead } from "../db/load-shows.ts";
import type { LineMessage } from "./feed.ts";

/** Where a partition stands: what the next batch is decided on. */
export type Position = {
  readonly partition: number;
  readonly partitionCount: number;
  readonly next: number;
  readonly tail: string;
  readonly logClock: number;
};

/** A message with what could be made of it. */
export type ReadMessage = LineMessage & {
  readonly text: string | null;
  readonly request: Request | null;
  readonly requestId: string | null;
  /** Why the message is parked; null for a request. */
  readonly fault: string | null;
};

/** The request at `offset` made the core fail: a bug of ours, kept away from everybody else's requests. */
export type CoreFailure = { readonly failedAt: number; readonly error: unknown };

/**
 * At most so many changes in one commit; a batch is cut behind the request that reaches it. With the
 * lapses in front of that request, the largest record stays below what the topic takes.
 */
export const BATCH_WRITES_MAX = 2_000;
/** Bytes of its record after which a batch is cut: half of what the topic takes. */
const BATCH_RECORD_BYTES_MAX = 8 * 1024 * 1024;
/** Far more than any request of ours has; a larger message is parked unread. */
export const REQUEST_BYTES_MAX = 256 * 1024;

/** Reads a message. One that is no request, or stands in the wrong line, gets a fault. */
export function readMessage(
  message: LineMessage,
  { partition, partitionCount }: Position,
  poison: ReadonlyMap<number, string>,
): ReadMessage {
  const text = readText(message);
  if (message.isHidden === true) {
    const fault = "a transaction's mark, or a message of one that was aborted";
    return { ...message, text, requestId: null, request: null, fault };
  }
  if (text === null) {
    const fault = `not UTF-8 of at most ${REQUEST_BYTES_MAX} bytes`;
    return { ...message, text, requestId: null, request: null, fault };
  }
  const parsed = parseRequest(text);
  const requestId = "request" in parsed ? parsed.request.requestId : parsed.requestId;
  const read = { ...message, text, requestId };
  const fault = poison.get(message.offset) ?? ("fault" in parsed ? parsed.fault : null);
  if (fault !== null || !("request" in parsed)) return { ...read, request: null, fault };
  const { request } = parsed;
  const strays = findHomes(request, partitionCount).filter((home) => home !== partition);
  return strays.length === 0
    ? { ...read, request, fault: null }
    : { ...read, request: null, fault: `it belongs to partition ${strays.join(", ")}` };
}

/** The partitions that the ids of a request name: its show's, and its booking's. */
function findHomes(request: Request, partitionCount: number): number[] {
  const { showId, bookingId } = readIds(request);
  return [
    ...(showId === null ? [] : [partitionOf(showId, partitionCount)]),
    ...(bookingId === null ? [] : [readPartition(bookingId)]),
  ];
}

/** The message as text, or null if it is none, or too much of it to be kept in a record. */
function readText({ value }: LineMessage): string | null {
  if (value === null || value.length > REQUEST_BYTES_MAX || !isUtf8(value)) return null;
  return value.toString("utf8");
}

/**
 * Decides the messages in order, all or as many as a bound lets: those of which the record has an
 * entry. `state` must hold the shows and bookings they refer to; it is consumed. If the core fails,
 * the state is worthless and the offset of the culprit is returned.
 */
export function decideBatch(
  position: Position,
  messages: readonly ReadMessage[],
  context: { state: LineState; heads: ReadonlyMap<string, ShowHead>; now: number },
): Batch | CoreFailure {
  const { state, heads, now } = context;
  const fold = new BatchFold(heads);
  let { logClock } = position;
  for (const message of messages) {
    logClock = Math.max(logClock, Math.min(message.appendedAt, TIME_MAX_MS));
    const place = { partition: position.partition, offset: message.offset };
    const moment: Moment = { place, appendedAt: logClock, now };
    if (message.request === null) fold.park(message, moment);
    else {
      try {
        fold.add(message, step(state, message.request, moment), { moment, state });
      } catch (error) {
        return { failedAt: message.offset, error };
      }
    }
    if (fold.writes.length >= BATCH_WRITES_MAX || fold.bytes >= BATCH_RECORD_BYTES_MAX) break;
  }
  const last = messages[fold.entries.length - 1];
  assert(last !== undefined, "a batch has at least one message");
  const head = {
    v: RECORD_VERSION,
    partition: position.partition,
    first: position.next,
    next: last.offset + 1,
    now,
    previousTail: position.tail,
    shows: fold.buildShows(state),
  } as const;
  return {
    record: { ...head, entries: fold.entries },
    ...encodeRecord(head, fold.entryTexts),
    logClock,
    lastDigest: digestMessage(last),
    net: buildNetWrites(fold.writes),
    state,
    deadLetters: fold.deadLetters,
  };
}

/** Where the partition stands once the batch is committed. */
export function positionAfter(position: Position, { record, tail, logClock }: Batch): Position {
  return { ...position, next: record.next, tail, logClock };
}

/** By this the last decided message is known again (SHA-256 over its value, hex). */
export function digestMessage({ value }: LineMessage): string {
  return digest("sha256", value ?? "");
}

class BatchFold {
  readonly writes: Write[] = [];
  readonly entries: RecordEntry[] = [];
  readonly entryTexts: string[] = [];
  readonly deadLetters: DeadLetter[] = [];
  /** The shows that it touched: the running hash, and when the last of their entries was decided. */
  readonly #touched = new Map<string, { hash: string; updatedAt: number }>();
  /** Of all entries so far. */
  bytes = 0;
  readonly #heads: ReadonlyMap<string, ShowHead>;

  constructor(heads: ReadonlyMap<string, ShowHead>) {
    this.#heads = heads;
  }

  add(
    message: ReadMessage,
    decision: Decision,
    { moment, state }: { moment: Moment; state: LineState },
  ): void {
    const { outcome, writes } = decision;
    this.writes.push(...writes);
    const changed = writes.flatMap((write) => (write.kind === "booking" ? [write.after] : []));
    const created = writes.flatMap((write) => (write.kind === "show-created" ? [write.show] : []));
    const subject =
      outcome.kind === "show" || outcome.bookingId === null
        ? undefined
        : state.bookings.get(outcome.bookingId);
    const text = this.#push({
      offset: message.offset,
      appendedAt: moment.appendedAt,
      request: message.text,
      requestId: message.requestId,
      deadLetter: null,
      outcome,
      showCreated: created[0] ?? null,
      changed,
      unchanged: subject === undefined || changed.includes(subject) ? null : subject,
    });
    const named = message.request === null ? null : readIds(message.request).showId;
    const showId = named ?? subject?.showId ?? null;
    if (showId !== null && state.shows.has(showId)) {
      const { hash: before = FIRST_TAIL } =
        this.#touched.get(showId) ?? this.#heads.get(showId) ?? {};
      this.#touched.set(showId, { hash: hashChain(before, text), updatedAt: decidedAt(moment) });
    }
  }

  park(message: ReadMessage, moment: Moment): void {
    const fault = message.fault ?? "unreadable";
    this.deadLetters.push({
      offset: message.offset,
      key: message.key,
      value: message.value,
      fault,
    });
    this.#push({
      offset: message.offset,
      appendedAt: moment.appendedAt,
      request: message.text,
      requestId: message.requestId,
      deadLetter: fault,
      outcome: { kind: "refused", reason: "internal", facts: null, bookingId: null },
      showCreated: null,
      changed: [],
      unchanged: null,
    });
  }

  buildShows(state: LineState): RecordShow[] {
    return [...this.#touched].map(([id, { hash, updatedAt }]) => {
      const show = state.shows.get(id);
      assert(show !== undefined, `touched show ${id} is loaded`);
      const version = (this.#heads.get(id)?.version ?? 0) + 1;
      const { held, confirmed } = show;
      return { id, version, updatedAt, free: freePlaces(show), held, confirmed, hash };
    });
  }

  #push(entry: RecordEntry): string {
    const text = encodeEntry(entry);
    this.entries.push(entry);
    this.entryTexts.push(text);
    this.bytes += Buffer.byteLength(text);
    return text;
  }
}
