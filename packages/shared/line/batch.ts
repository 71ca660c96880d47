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
import type { Decision, Moment, Write } from "../core/decision.ts";
import { decidedAt } from "../core/outcome.ts";
import { readIds } from "../core/requests.ts";
import type { Request } from "../core/requests.ts";
import { freePlaces, freeStanding } from "../core/show.ts";
import type { LineState, Show } from "../core/show.ts";
import { findSubject, step } from "../core/step.ts";
import type { Batch, DeadLetter } from "../db/commit-decisions.ts";
import type { ShowHead } from "../db/load-shows.ts";
import { buildNetWrites, buildSeatChanges } from "../db/net-writes.ts";
import type { NetWrites } from "../db/net-writes.ts";
import { buildEntry, buildParkedEntry } from "./entry.ts";
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
type CoreFailure = { readonly failedAt: number; readonly error: unknown };

/**
 * At most so many changes in one commit; a batch is cut behind the request that reaches it. With the
 * lapses in front of that request, the largest record stays below what the topic takes.
 */
export const BATCH_WRITES_MAX = 2_000;
/**
 * Bytes of its record after which a batch is cut: a quarter of what the topic takes. Behind it one more
 * request may still bring all that time may change at once.
 */
const BATCH_RECORD_BYTES_MAX = 4 * 1024 * 1024;

type BatchContext = {
  readonly state: LineState;
  readonly heads: ReadonlyMap<string, ShowHead>;
  readonly now: number;
  /** Asked behind every request: whether the batch may take another one. */
  readonly mayGoOn?: () => boolean;
};
/** The fault of an offset that nobody may read: it has no message. */
export const HIDDEN_FAULT = "a transaction's mark, or a message of one that was aborted";
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
    return { ...message, text, requestId: null, request: null, fault: HIDDEN_FAULT };
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
  { state, heads, now, mayGoOn = () => true }: BatchContext,
): Batch | CoreFailure {
  const fold = new BatchFold(heads);
  let { logClock } = position;
  for (const message of messages) {
    logClock = Math.max(logClock, Math.min(message.appendedAt, TIME_MAX_MS));
    const place = { partition: position.partition, offset: message.offset };
    const moment: Moment = { place, appendedAt: logClock, now };
    // What such a request needs was loaded for it as the first of its batch: nothing may change before it.
    if (needsBatchOfItsOwn(message.request) && fold.entries.length > 0) break;
    if (message.request === null) fold.park(message, moment);
    else {
      try {
        const { showId } = findSubject(state, message.request);
        const decision = step(state, message.request, moment);
        fold.add(message, decision, { moment, state, showId });
      } catch (error) {
        return { failedAt: message.offset, error };
      }
    }
    if (fold.writes.length >= BATCH_WRITES_MAX || fold.bytes >= BATCH_RECORD_BYTES_MAX) break;
    if (!mayGoOn()) break;
  }
  const last = messages[fold.entries.length - 1];
  assert(last !== undefined, "a batch has at least one message");
  const net = buildNetWrites(fold.writes);
  const head = {
    v: RECORD_VERSION,
    partition: position.partition,
    first: position.next,
    next: last.offset + 1,
    previousTail: position.tail,
    shows: fold.buildShows(state, net),
  } as const;
  return {
    record: { ...head, entries: fold.entries },
    ...encodeRecord(head, fold.entryTexts),
    logClock,
    lastDigest: digestMessage(last),
    net,
    state,
    deadLetters: fold.deadLetters,
  };
}

/** The cancellation of a show: its bookings are loaded in the order of their places, so many at a time. */
export function needsBatchOfItsOwn(request: Request | null): boolean {
  return request?.kind === "change-show" && request.changes.sale === "cancelled";
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
    context: { moment: Moment; state: LineState; showId: string | null },
  ): void {
    for (const write of decision.writes) this.writes.push(write);
    const { moment } = context;
    const entry = buildEntry(message, decision, context);
    const text = this.#push(entry);
    if (entry.showId === null) return;
    const { hash: before = FIRST_TAIL } =
      this.#touched.get(entry.showId) ?? this.#heads.get(entry.showId) ?? {};
    const hash = hashChain(before, text);
    this.#touched.set(entry.showId, { hash, updatedAt: decidedAt(moment) });
  }

  park(message: ReadMessage, moment: Moment): void {
    const fault = message.fault ?? "unreadable";
    const { offset, key, value } = message;
    this.deadLetters.push({ offset, key, value, fault });
    this.#push(buildParkedEntry(message, moment, fault));
  }

  buildShows(state: LineState, net: NetWrites): RecordShow[] {
    const seatChanges = buildSeatChanges(net);
    return [...this.#touched].map(([id, { hash, updatedAt }]) => {
      const show = state.shows.get(id);
      assert(show !== undefined, `touched show ${id} is loaded`);
      const version = (this.#heads.get(id)?.version ?? 0) + 1;
      const { capacity, held, confirmed } = show;
      return {
        id,
        version,
        updatedAt,
        capacity,
        free: freePlaces(show),
        held,
        confirmed,
        standing: buildStanding(show),
        seats: seatChanges.get(id) ?? NO_SEATS,
        hash,
      };
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

const NO_SEATS = { free: "", held: "", confirmed: "" };

function buildStanding(show: Show): RecordShow["standing"] {
  return show.allSections
    .filter((section) => show.facts.layout.sections[section]?.kind === "standing")
    .map((section) => {
      const { held = 0, confirmed = 0 } = show.sections[section] ?? {};
      return { section, free: freeStanding(show, section), held, confirmed };
    });
}
