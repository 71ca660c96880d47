/** A batch as a pure fold: where it ends, what it leaves behind, what a failure of the core costs. */
import { describe, expect, it } from "vitest";

import { FIRST_TAIL, encodeEntry, hashChain, parseRecord } from "../contract/record.ts";
import { encodeRequest } from "../contract/request.ts";
import type { Book, Request } from "../core/requests.ts";
import { buildPlainLayout } from "../core/seats/layout.ts";
import { buildLineState } from "../core/show.ts";
import { BOUNDS } from "../core/bounds.ts";
import type { LineMessage } from "./feed.ts";
import { RECORD_BYTES_MAX } from "./topics.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestConfirm,
  requestShow,
} from "../testing/requests.ts";
import { TEST_PARTITIONS } from "../testing/servers.ts";

import {
  BATCH_WRITES_MAX,
  REQUEST_BYTES_MAX,
  decideBatch,
  digestMessage,
  positionAfter,
  readMessage,
} from "./batch.ts";
import type { Position, ReadMessage } from "./batch.ts";
import type { Batch } from "../db/commit-decisions.ts";

const START: Position = {
  partition: 0,
  partitionCount: TEST_PARTITIONS,
  next: 0,
  tail: FIRST_TAIL,
  logClock: 0,
};
const NO_POISON = new Map<number, string>();

function messageOf(text: string, offset: number, appendedAt = NOON + offset): LineMessage {
  return { offset, appendedAt, key: null, value: Buffer.from(text) };
}

function readAll(requests: readonly Request[], position = START): ReadMessage[] {
  return requests.map((request, index) =>
    readMessage(messageOf(encodeRequest(request), position.next + index), position, NO_POISON),
  );
}

function decideAll(
  messages: readonly ReadMessage[],
  { position = START, state = buildLineState(), now = NOON } = {},
): Batch {
  const batch = decideBatch(position, messages, { state, heads: new Map(), now });
  if ("failedAt" in batch) throw batch.error;
  return batch;
}

describe("a batch", () => {
  const show = requestShow();
  const first = requestBook(show.showId, { seats: [1] });
  const second = requestBook(show.showId, { seats: [1] });

  it("decides in the order of the line", () => {
    const { record } = decideAll(readAll([show, first, second]));
    expect(record).toMatchObject({ first: 0, next: 3 });
    expect(record.entries.map(({ outcome }) => outcome.kind)).toEqual([
      "show",
      "booking",
      "refused",
    ]);
    expect(record.entries[2]).toMatchObject({ outcome: { reason: "seats-taken" } });
  });

  it("leaves the record that it describes, and a tail that covers it", () => {
    const { record, body, tail } = decideAll(readAll([show, first, second]));
    expect(parseRecord(body)).toEqual(record);
    expect(tail).toBe(hashChain(FIRST_TAIL, body));
  });

  it("is the same whenever it is decided again", () => {
    const [one, other] = [1, 2].map(() => decideAll(readAll([show, first, second])));
    expect(one?.body).toBe(other?.body);
    expect(one?.tail).toBe(other?.tail);
  });

  it("chains the running hash of a show over its entries, and of no other show", () => {
    const other = requestShow();
    const { record } = decideAll(readAll([show, other, first]));
    const [created, foreign, booked] = record.entries.map(encodeEntry);
    const hash = hashChain(hashChain(FIRST_TAIL, created ?? ""), booked ?? "");
    expect(record.shows).toMatchObject([
      { id: show.showId, version: 1, hash },
      { id: other.showId, version: 1, hash: hashChain(FIRST_TAIL, foreign ?? "") },
    ]);
  });

  it("dates each show by the last of its entries, never before the request was made", () => {
    const other = requestShow();
    const messages = readAll([show, other, first]);
    const { record } = decideAll(messages, { now: NOON - 60_000 });
    const updatedAt = record.shows.map((it) => it.updatedAt);
    expect(updatedAt).toEqual([messages[2]?.appendedAt, messages[1]?.appendedAt]);
    const late = decideAll(readAll([show, other, first]), { now: NOON + 60_000 });
    expect(late.record.shows.map((it) => it.updatedAt)).toEqual([NOON + 60_000, NOON + 60_000]);
  });

  it("never lets the log's clock go back", () => {
    const late = readMessage(messageOf(encodeRequest(show), 0, NOON + 500), START, NO_POISON);
    const early = readMessage(messageOf(encodeRequest(first), 1, NOON), START, NO_POISON);
    const { logClock, record } = decideAll([late, early]);
    expect(logClock).toBe(NOON + 500);
    expect(record.entries.map(({ appendedAt }) => appendedAt)).toEqual([NOON + 500, NOON + 500]);
  });

  it("ends with the message by which the topic will be known again", () => {
    const messages = readAll([show, first]);
    const { lastDigest } = decideAll(messages);
    expect(lastDigest).toBe(digestMessage(messageOf(encodeRequest(first), 1)));
    expect(lastDigest).not.toBe(digestMessage(messageOf(encodeRequest(second), 1)));
  });

  it("tells of a booking that an outcome speaks of, though nothing changed", () => {
    const { record } = decideAll(readAll([show, first, first]));
    expect(record.entries[2]?.changed).toEqual([]);
    expect(record.entries[2]?.unchanged).toEqual(record.entries[1]?.changed[0]);
  });
});

describe("the bounds of a batch", () => {
  const seats = BATCH_WRITES_MAX + BOUNDS.lapses + 10;
  const layout = buildPlainLayout(seats);
  const holdMs = 10_000;
  const show = requestShow({ layout, rules: { holdMs } });
  const book = (seat: number): Book => requestBook(show.showId, { seats: [seat] });

  it("cut it behind the request that reaches them", () => {
    const books = Array.from({ length: BATCH_WRITES_MAX + 5 }, (_, index) => book(index + 1));
    const { record } = decideAll(readAll([show, ...books]));
    expect(record.entries).toHaveLength(BATCH_WRITES_MAX);
    expect(record.next).toBe(BATCH_WRITES_MAX);
  });

  // The worst that can come together: a batch that is almost full, and a mass lapse in front of its
  // last request, of bookings with the longest words that they may have, for as many who waited so long.
  it("keep the largest record below what its topic takes", () => {
    const customer = "\u{1f39f}".repeat(64);
    const large = requestShow({ layout: buildPlainLayout(1_000_000), rules: { holdMs } });
    const seatsOf = (index: number) => ({
      seats: Array.from({ length: 50 }, (_, seat) => 100_000 + index * 50 + seat),
    });
    // As long as a ladder may be; the first rung is what it gets.
    const climb = (index: number, wait: Book["wait"] = null): Book => {
      const wants = Array.from({ length: 5 }, () => seatsOf(index));
      return { ...requestBook(large.showId, seatsOf(index), { customer, wait }), wants };
    };
    const holds = Array.from({ length: BOUNDS.lapses + 10 }, (_, index) => climb(index));
    const wait = { until: NOON + 100 * holdMs };
    const waiters = holds.slice(0, BOUNDS.serves).map((_, index) => climb(index, wait));
    const before = { state: buildLineState() };
    let position = START;
    for (let rest = readAll([large, show, ...holds, ...waiters]); rest.length > 0;) {
      const batch = decideAll(rest, { ...before, position });
      position = positionAfter(position, batch);
      rest = rest.slice(batch.record.entries.length);
    }
    const fill = Array.from({ length: BATCH_WRITES_MAX - 1 }, (_, index) => book(index + 1));
    const messages = readAll([...fill, requestBook(large.showId, { seats: [1] })], position);
    const last = messages.at(-1);
    if (last === undefined) throw new Error("it has messages");
    messages[messages.length - 1] = { ...last, appendedAt: NOON + 10 * holdMs };
    const { net, body } = decideAll(messages, { ...before, position, now: NOON });
    expect(net.bookings.length).toBe(BATCH_WRITES_MAX + BOUNDS.lapses + BOUNDS.serves);
    const bytes = Buffer.byteLength(body);
    console.log(`the largest record has ${bytes} bytes of ${RECORD_BYTES_MAX}`);
    expect(bytes).toBeLessThan(RECORD_BYTES_MAX);
  });
});

describe("a record", () => {
  it("ends where it becomes too large, whatever its entries repeat", () => {
    const show = requestShow();
    const held = requestBook(show.showId, { seats: [1] });
    const [first, second, ...rest] = readAll([
      show,
      held,
      ...Array.from({ length: 90 }, () => requestConfirm(held.requestId, "payment")),
    ]);
    if (first === undefined || second === undefined) throw new Error("it has messages");
    // As large as a message may be: each entry then has it in its text.
    const padded = rest.map((message) => ({ ...message, text: "x".repeat(REQUEST_BYTES_MAX) }));
    const { record, body } = decideAll([first, second, ...padded]);
    expect(record.entries.length).toBeLessThan(40);
    expect(Buffer.byteLength(body)).toBeLessThan(RECORD_BYTES_MAX);
  });

  it("that nobody could read is a failure of the core, and is not committed", () => {
    const show = requestShow();
    const odd = { ...requestBook(show.showId, { seats: [1] }), customer: 7 } as unknown as Book;
    const state = buildLineState();
    const [first, second] = readAll([show, requestBook(show.showId, { seats: [1] })]);
    if (first === undefined || second === undefined) throw new Error("it has messages");
    const messages = [first, { ...second, request: odd }];
    const context = { state, heads: new Map(), now: NOON };
    expect(decideBatch(START, messages, context)).toMatchObject({ failedAt: 1 });
  });
});

describe("a failure of the core", () => {
  it("names its request, and nothing is decided", () => {
    const show = requestShow();
    const [first, second] = [1, 2].map((seat) => requestBook(show.showId, { seats: [seat] }));
    if (first === undefined || second === undefined) throw new Error("there are two");
    const { state, record } = decideAll(readAll([show, first]));
    const shown = state.shows.get(show.showId);
    if (shown === undefined) throw new Error("the show is there");
    shown.held = 0;
    const position = { ...START, next: record.next };
    const messages = readAll(
      [requestConfirm(first.requestId), requestCancel(first.requestId), second],
      position,
    );
    const failure = decideBatch(position, messages, { state, heads: new Map(), now: NOON });
    expect(failure).toMatchObject({ failedAt: position.next, error: expect.anything() as unknown });
  });
});

describe("a message that is known to be poison", () => {
  it("is parked undecided, with its owner and its bytes", () => {
    const show = requestShow();
    const message = messageOf(encodeRequest(show), 0);
    const read = readMessage(message, START, new Map([[0, "nobody can"]]));
    const { deadLetters, record, net } = decideAll([read]);
    expect(deadLetters).toEqual([
      { offset: 0, key: null, value: message.value, fault: "nobody can" },
    ]);
    expect(record.entries).toMatchObject([
      {
        requestId: show.requestId,
        request: encodeRequest(show),
        deadLetter: "nobody can",
        outcome: { kind: "refused", reason: "internal" },
      },
    ]);
    expect(net).toEqual({ shows: [], bookings: [], released: [], taken: [] });
  });
});
