import { expect, test } from "vitest";

import { FIRST_TAIL, encodeEntry, encodeRecord } from "@seatline/shared/contract/record.ts";
import type { LineRecord, RecordEntry } from "@seatline/shared/contract/record.ts";
import type { RecordRow } from "@seatline/shared/db/load-records.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { LineMemory } from "./line-memory.ts";

const LINE_START = {
  tail: FIRST_TAIL,
  publishedOffset: 0,
  logClock: 0,
  lastDigest: null,
  clockMs: 0,
};

function buildEntry(offset: number, changes: Partial<RecordEntry> = {}): RecordEntry {
  return {
    partition: 0,
    offset,
    appendedAt: 0,
    request: null,
    requestId: `request ${offset}`,
    deadLetter: null,
    outcome: { kind: "refused", reason: "booking-not-found", facts: null, bookingId: null },
    showId: null,
    changesShow: false,
    followUp: null,
    now: 0,
    changed: [],
    unchanged: null,
    ...changes,
  };
}

/** A record of the lines from `first` to before `next`. */
function buildBody(first: number, next: number, changes: Partial<RecordEntry> = {}): string {
  const head = { v: 1 as const, partition: 0, first, next, now: 0, previousTail: FIRST_TAIL };
  const entries = Array.from({ length: next - first }, (_, index) =>
    encodeEntry(buildEntry(first + index, changes)),
  );
  return encodeRecord({ ...head, shows: [] }, entries).body;
}

/** A gateway's memory of one line, over records that "Postgres" has. */
function buildMemory(stored: RecordRow[] = []) {
  const seen: LineRecord[] = [];
  const loads: number[] = [];
  const memory = new LineMemory({
    host: HOST,
    log: buildLog("test", "silent"),
    loadRecords: (_, from) => {
      loads.push(from);
      return Promise.resolve(stored.filter(({ first }) => first >= from).slice(0, 2));
    },
    onRecord: (record) => {
      seen.push(record);
    },
  });
  memory.start([{ ...LINE_START, partition: 0, nextOffset: 10 }]);
  const places = () => seen.map(({ first, next }) => [first, next]);
  return { memory, places, loads };
}

const row = (first: number, next: number): RecordRow => ({
  first,
  next,
  body: buildBody(first, next),
});

test("records are applied in order, once; older ones are dropped", () => {
  const { memory, places } = buildMemory();
  for (const [first, next] of [
    [8, 10],
    [10, 12],
    [10, 12],
    [12, 13],
    [8, 10],
  ] as const) {
    memory.receive(0, buildBody(first, next));
  }
  expect(places()).toEqual([
    [10, 12],
    [12, 13],
  ]);
  expect(memory.line(0)).toMatchObject({ next: 13, end: 13 });
});

test("what is missing in between is fetched from Postgres, and nothing is applied twice", async () => {
  const { memory, places } = buildMemory([row(10, 11), row(11, 12), row(12, 15), row(15, 16)]);
  memory.receive(0, buildBody(15, 16));
  // Meanwhile the topic brings more.
  memory.receive(0, buildBody(16, 17));
  await expect.poll(() => memory.line(0).next).toBe(17);
  memory.receive(0, buildBody(16, 17));
  expect(places()).toEqual([
    [10, 11],
    [11, 12],
    [12, 15],
    [15, 16],
    [16, 17],
  ]);
});

/** Tried with a catch-up that did not wait for a fetch that was under way. */
test("catching up waits for a slow fetch that is under way, and tells when it was not enough", async () => {
  const gate = Promise.withResolvers<undefined>();
  const stored = [row(10, 11), row(11, 12)];
  const memory = new LineMemory({
    host: HOST,
    log: buildLog("test", "silent"),
    loadRecords: async (_, from) => {
      await gate.promise;
      return stored.filter(({ first }) => first >= from);
    },
    onRecord: () => {},
  });
  memory.start([{ ...LINE_START, partition: 0, nextOffset: 10 }]);
  void memory.fill(0);
  const caughtUp = memory.catchUp(0, 12);
  // Well after catching up has stopped hoping for the topic.
  setTimeout(gate.resolve, 300, undefined);
  expect(await caughtUp).toBe(true);
  expect(memory.line(0).next).toBe(12);
  expect(await memory.catchUp(0, 13)).toBe(false);
});

/** Tried with a loop that goes on as long as there are rows: it never ended. */
test.each<[string, RecordRow]>([
  ["cannot be read", { first: 10, next: 11, body: "{" }],
  ["begins behind a gap", row(12, 13)],
])("a stored record that %s is not asked for without end", async (_, stored) => {
  const { memory, loads } = buildMemory([stored]);
  await memory.fill(0);
  expect(loads).toEqual([10]);
  expect(memory.line(0).next).toBe(10);
});

test("what cannot be read, or is another partition's, changes nothing", () => {
  const { memory, places } = buildMemory();
  for (const body of [
    "",
    "{",
    "null",
    "[]",
    '{"v":1}',
    buildBody(10, 11).replace('"v":1', '"v":2'),
  ]) {
    memory.receive(0, body);
  }
  memory.receive(0, buildBody(10, 11).replace('"partition":0', '"partition":1'));
  expect(places()).toEqual([]);
});

test("whoever waits for a request, or for the booking it speaks of, is told", async () => {
  const { memory } = buildMemory();
  const waiters = ["request 10", "booking", "another"].map((id) => memory.waiters.wait(id, 60_000));
  const refused = { kind: "refused", reason: "cancel-not-allowed", facts: null } as const;
  memory.receive(0, buildBody(10, 11, { outcome: { ...refused, bookingId: "booking" } }));
  const [byRequest, byBooking, another] = waiters;
  expect(await byRequest?.outcome).toMatchObject({ offset: 10 });
  expect(await byBooking?.outcome).toMatchObject({ offset: 10 });
  expect(memory.waiters.count).toBe(1);
  another?.cancel();
});

test("the end of a line never goes back, and requests in it wait", () => {
  const { memory } = buildMemory();
  memory.noteEnd(0, 20);
  memory.noteEnd(0, 15);
  expect(memory.line(0)).toMatchObject({ next: 10, end: 20 });
  expect(() => memory.line(1)).toThrow(RangeError);
});
