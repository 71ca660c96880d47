/**
 * Two workers that both believe to own every partition: what Kafka never promises to prevent. The
 * fence lets one of them write, and the other goes on harmlessly.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Request } from "@seatline/shared/core/requests.ts";
import { TestLine, readInOrder } from "@seatline/shared/testing/line.ts";
import type { TopicMessage } from "@seatline/shared/testing/line.ts";
import {
  requestBook,
  requestCancel,
  requestConfirm,
  requestShow,
} from "@seatline/shared/testing/requests.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { startWorker } from "../testing/test-worker.ts";
import type { TestWorker } from "../testing/test-worker.ts";

const ROUND = 40;
const ROUNDS_MIN = 5;
const ROUNDS_MAX = 200;

describe("two workers on the same partition", () => {
  let line: TestLine;
  let workers: TestWorker[];
  let outcomes: TopicMessage[];
  let events: TopicMessage[];
  const asked: Request[] = [];

  beforeAll(async () => {
    line = await TestLine.open();
    [outcomes, events] = await Promise.all([
      line.follow(line.topics.outcomes),
      line.follow(line.topics.events),
    ]);
    workers = await Promise.all([
      startWorker(line, { group: "one" }),
      startWorker(line, { group: "other" }),
    ]);
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    await line.close();
  });

  const fences = () =>
    workers.map(({ lines }) => lines.filter(({ msg }) => msg.startsWith("fenced")).length);

  it("get in each other's way, and one of them is fenced each time", async () => {
    const show = requestShow({ rules: { cancelConfirmed: true } });
    await line.ask(show);
    asked.push(show);
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const books = Array.from({ length: ROUND }, () => requestBook(show.showId, { count: 1 }));
      const after = books.map(({ requestId }, index) =>
        index % 2 === 0 ? requestConfirm(requestId) : requestCancel(requestId),
      );
      const requests = [...books, ...after];
      await line.ask(...requests);
      asked.push(...requests);
      await line.decidedUpTo(0, asked.length);
      const sum = fences().reduce((all, count) => all + count, 0);
      if (round >= ROUNDS_MIN && sum >= 3) break;
    }
    expect(Math.max(...fences())).toBeGreaterThan(0);
    expect(workers.flatMap(({ gaveUp }) => gaveUp)).toEqual([]);
  });

  it("give every request exactly one outcome, in the order of the line", async () => {
    const entries = await line.readEntries(0);
    expect(entries.map(({ requestId }) => requestId)).toEqual(
      asked.map(({ requestId }) => requestId),
    );
  });

  it("tell readers every record, in order, though perhaps more than once", async () => {
    const entries = await line.readEntries(0);
    const records = await waitUntil("the last record is published", () => {
      const seen = readInOrder(outcomes, 0);
      return seen.at(-1)?.next === asked.length && seen;
    });
    expect(records.flatMap((record) => record.entries)).toEqual(entries);
  });

  it("give an event the same id each time that it is told", async () => {
    const entries = await line.readEntries(0);
    const wanted = entries.flatMap(({ offset, changed }) =>
      changed.map((_, ordinal) => `0-${offset}-${ordinal}`),
    );
    await waitUntil("every event is published", () => {
      const ids = new Set(events.map(({ value }) => (JSON.parse(value) as { id: string }).id));
      return wanted.every((id) => ids.has(id));
    });
    const byId = new Map<string, Set<string>>();
    for (const { value } of events) {
      const { id } = JSON.parse(value) as { id: string };
      byId.set(id, (byId.get(id) ?? new Set()).add(value));
    }
    expect([...byId.keys()].toSorted()).toEqual(wanted.toSorted());
    for (const texts of byId.values()) expect(texts.size).toBe(1);
  });
});
