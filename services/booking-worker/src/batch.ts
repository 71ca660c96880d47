/**
 * One batch: messages in, decisions out, as a fold over the core. Changes only the state it is given
 * and talks to nobody.
 */
import { isUtf8 } from "node:buffer";
import { hash as digest } from "node:crypto";

import { readPartition } from "@seatline/shared/contract/booking-id.ts";
import { partitionOf } from "@seatline/shared/contract/partition.ts";
import {
  FIRST_TAIL,
  encodeEntry,
  encodeRecord,
  hashChain,
} from "@seatline/shared/contract/record.ts";
import type { LineRecord, RecordEntry, RecordShow } from "@seatline/shared/contract/record.ts";
import { parseRequest } from "@seatline/shared/contract/request.ts";
import { assert, unreachable } from "@seatline/shared/core/assert.ts";
import type { Booking, Decision, Moment, Request, Write } from "@seatline/shared/core/model.ts";
import { freePlaces } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import { step } from "@seatline/shared/core/step.ts";
import { buildNetWrites } from "@seatline/shared/db/commit-decisions.ts";
import type { Batch, DeadLetter } from "@seatline/shared/db/commit-decisions.ts";
import type { ShowHead } from "@seatline/shared/db/load-shows.ts";
import type { LineMessage } from "@seatline/shared/line/feed.ts";

/** Where a partition stands: what the next batch is decided on. */
export type Position = {
  readonly partition: number;
  readonly partitionCount: number;
  readonly next: number;
  readonly tail: string;
  readonly published: number;
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

export type DecidedBatch = Batch & {
  readonly record: LineRecord;
  /** How many of the messages are in the batch; the rest was cut off by a bound. */
  readonly decided: number;
};

/**
 * At most so many changes in one commit; a batch is cut behind the request that reaches it. With the
 * lapses in front of that request, the largest record stays below what the topic takes.
 */
export const BATCH_WRITES_MAX = 2_000;
/** Characters of its record after which a batch is cut: half of the bytes that the topic takes. */
export const BATCH_RECORD_SIZE_MAX = 8 * 1024 * 1024;
/** Far more than any request of ours has; a larger message is parked unread. */
export const REQUEST_BYTES_MAX = 256 * 1024;

/** Reads a message. One that is no request, or stands in the wrong line, gets a fault. */
export function readMessage(
  message: LineMessage,
  { partition, partitionCount }: Position,
  poison: ReadonlyMap<number, string>,
): ReadMessage {
  const text = readText(message);
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
  switch (request.kind) {
    case "create-show":
      return [partitionOf(request.showId, partitionCount)];
    case "book":
      return [partitionOf(request.showId, partitionCount), readPartition(request.requestId)];
    case "confirm":
    case "cancel":
    case "expire":
      return [readPartition(request.bookingId)];
    default:
      return unreachable(request);
  }
}

/** The message as text, or null if it is none, or too much of it to be kept in a record. */
function readText({ value }: LineMessage): string | null {
  if (value === null || value.length > REQUEST_BYTES_MAX || !isUtf8(value)) return null;
  return value.toString("utf8");
}

/**
 * Decides the messages in order. `state` must hold the shows and bookings they refer to; it is
 * consumed. If the core fails, the state is worthless and the offset of the culprit is returned.
 */
export function decideBatch(
  position: Position,
  messages: readonly ReadMessage[],
  context: { state: LineState; heads: ReadonlyMap<string, ShowHead>; now: number },
): DecidedBatch | CoreFailure {
  const { state, heads, now } = context;
  const fold = new BatchFold(heads);
  let { logClock } = position;
  let decided = 0;
  for (const message of messages) {
    logClock = Math.max(logClock, message.appendedAt);
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
    decided += 1;
    if (fold.writes.length >= BATCH_WRITES_MAX || fold.size >= BATCH_RECORD_SIZE_MAX) break;
  }
  const last = messages[decided - 1];
  assert(last !== undefined, "a batch has at least one message");
  const record = {
    v: 1 as const,
    partition: position.partition,
    first: position.next,
    next: last.offset + 1,
    now,
    previousTail: position.tail,
    shows: fold.buildShows(state),
  };
  const { body, tail } = encodeRecord(record, fold.entryTexts);
  return {
    partition: position.partition,
    first: position.next,
    tail: position.tail,
    next: record.next,
    newTail: tail,
    published: position.published,
    logClock,
    lastDigest: digestMessage(last),
    body,
    net: buildNetWrites(fold.writes),
    state,
    heads,
    hashes: fold.hashes,
    deadLetters: fold.deadLetters,
    record: { ...record, entries: fold.entries },
    decided,
  };
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
  readonly hashes = new Map<string, string>();
  /** Characters of all entries so far. */
  size = 0;
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
    const showId = showOf(message.request, subject);
    if (showId !== undefined && state.shows.has(showId)) {
      const before = this.hashes.get(showId) ?? this.#heads.get(showId)?.hash ?? FIRST_TAIL;
      this.hashes.set(showId, hashChain(before, text));
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
    return [...this.hashes].map(([id, hash]) => {
      const show = state.shows.get(id);
      assert(show !== undefined, `touched show ${id} is loaded`);
      const version = (this.#heads.get(id)?.version ?? 0) + 1;
      const { held, confirmed } = show;
      return { id, version, free: freePlaces(show), held, confirmed, hash };
    });
  }

  #push(entry: RecordEntry): string {
    const text = encodeEntry(entry);
    this.entries.push(entry);
    this.entryTexts.push(text);
    this.size += text.length;
    return text;
  }
}

function showOf(request: Request | null, subject: Booking | undefined): string | undefined {
  return request !== null && "showId" in request ? request.showId : subject?.showId;
}
