/** What the next owner of a partition finds, and finishes, of the one before. */
import { setTimeout as pause } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import { openBrokerProxy } from "@seatline/shared/testing/broker.ts";
import { TestLine, readInOrder } from "@seatline/shared/testing/line.ts";
import {
  requestBook,
  requestChange,
  requestConfirm,
  requestShow,
} from "@seatline/shared/testing/requests.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { startWorker } from "../testing/test-worker.ts";
import type { TestWorker } from "../testing/test-worker.ts";

/** Nobody listens on it: whoever publishes there never gets an ack. */
const NOWHERE = ["127.0.0.1:1"];

describe("a worker that takes over", () => {
  let line: TestLine;
  const workers: TestWorker[] = [];
  const start = async (
    ...options: Parameters<typeof startWorker> extends [unknown, ...infer O] ? O : never
  ) => {
    const worker = await startWorker(line, ...options);
    workers.push(worker);
    return worker;
  };

  beforeEach(async () => {
    line = await TestLine.open();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await line.close();
  });

  const show = () => requestShow({ rules: { cancelConfirmed: true } });

  it("publishes what the one before committed and never published, in order", async () => {
    const outcomes = await line.follow(line.topics.outcomes);
    const created = show();
    const [first, second] = [1, 2].map((seat) => requestBook(created.showId, { seats: [seat] }));
    if (first === undefined || second === undefined) throw new Error("there are two");
    const asked: Request[] = [created, first];
    await line.ask(created, first);

    const mute = await start({ publishTo: NOWHERE, publishDeadlineMs: 200 });
    await line.decidedUpTo(0, 2);
    // It says so again and again, longer than a feed in trouble would be given.
    await waitUntil("it has tried often to publish", () => {
      const tries = mute.lines.filter(({ msg }) => msg.includes("committed but not published"));
      return tries.length > 6;
    });
    expect(mute.gaveUp).toEqual([]);
    expect(outcomes).toEqual([]);
    await mute.close();
    workers.length = 0;

    const rest = [second, requestConfirm(first.requestId)];
    asked.push(...rest);
    await line.ask(...rest);
    await start();
    const records = await waitUntil("everything is published", () => {
      const seen = readInOrder(outcomes, 0);
      return seen.at(-1)?.next === asked.length && seen;
    });
    expect(records.flatMap((record) => record.entries)).toEqual(await line.readEntries(0));
    expect(records.length).toBeGreaterThan(1);
    expect(outcomes.map(({ value }) => JSON.parse(value) as { first: number })).toMatchObject(
      records.map((record) => ({ first: record.first })),
    );
  });

  // The end of a show is more than one step may do: its continuation must not die with the worker.
  it("goes on with what the one before began and could not put into the line again", async () => {
    const created = requestShow({ layout: buildPlainLayout(3_000) });
    const count = 2 * BOUNDS.cancels + 10;
    const books = Array.from({ length: count }, () => requestBook(created.showId, { count: 1 }));
    await line.ask(created, ...books);
    const proxy = await openBrokerProxy();
    const outcomes = await line.follow(line.topics.outcomes);
    const events = await line.follow(line.topics.events);
    const muted = await start({ publishTo: [proxy.address], publishDeadlineMs: 1_000 });
    await waitUntil("all is decided and told", () => {
      return readInOrder(outcomes, 0).at(-1)?.next === count + 1 && events.length >= count;
    });
    // Until the worker has the broker's acks, too: without them it would decide nothing more.
    await pause(500);
    proxy.freeze();
    await line.ask(requestChange(created.showId, { sale: "cancelled" }));
    await line.decidedUpTo(0, count + 2);
    const live = async () => {
      const [row] = await line.sql<{ live: number }[]>`
        select count(*)::int as live from bookings where status <> 'CANCELLED'`;
      return row?.live ?? 0;
    };
    expect(await live()).toBe(count - BOUNDS.cancels);
    await muted.close();
    await proxy.close();
    workers.length = 0;

    await start();
    await waitUntil("every booking has ended", async () => (await live()) === 0);
    const entries = (await line.readEntries(0)).slice(count + 1);
    expect(entries.filter(({ changed }) => changed.length > 0).length).toBe(3);
    expect(await line.sql`select 1 from seats`).toHaveLength(0);
  });

  // Else the holds of the first batch were short by as long as the taking lasted.
  it("dates what it decides by the time at which it decides, however long the taking lasted", async () => {
    const created = show();
    await line.ask(created);
    const mute = await start({ publishTo: NOWHERE, publishDeadlineMs: 200 });
    await line.decidedUpTo(0, 1);
    await mute.close();
    workers.length = 0;
    await line.ask(requestBook(created.showId, { seats: [1] }));
    const proxy = await openBrokerProxy();
    proxy.freeze();
    await start({ publishTo: [proxy.address], publishDeadlineMs: 30_000 });
    await pause(2_500);
    const mendedAt = Date.now();
    proxy.mend();
    await line.decidedUpTo(0, 2);
    await proxy.close();
    const [booking] = (await line.readEntries(0))[1]?.changed ?? [];
    expect(booking?.decidedAt).toBeGreaterThanOrEqual(mendedAt - 100);
  });

  it("reads on where the one before stopped, and decides nothing twice", async () => {
    const created = show();
    const books = Array.from({ length: 10 }, (_, index) =>
      requestBook(created.showId, { seats: [index + 1] }),
    );
    await line.ask(created);
    for (const book of books) {
      const worker = await start();
      const [offset] = await line.ask(book);
      await line.decidedUpTo(0, (offset ?? 0) + 1);
      await worker.close();
      workers.length = 0;
      if (offset === 3) break;
    }
    const entries = await line.readEntries(0);
    expect(entries.map(({ outcome }) => outcome.kind)).toEqual([
      "show",
      "booking",
      "booking",
      "booking",
    ]);
  });

  it("says which setting is wrong when the broker does not take its session's length", async () => {
    const worker = await start({ sessionTimeoutMs: 10 });
    await waitUntil("it has given up", () => worker.gaveUp.length > 0);
    expect(worker.errors).toMatchObject([
      { problems: [expect.stringContaining("SESSION_TIMEOUT_MS is 10")] },
    ]);
  });

  it("ends when it is told to, wherever it is just then", async () => {
    await line.ask(
      ...Array.from({ length: TEST_PARTITIONS }, (_, partition) => requestShow({ partition })),
    );
    // Right after the join every loop is taking its partition; a stop must not be forgotten over it.
    for (let count = 0; count < 3; count++) {
      const worker = await start();
      await worker.close();
      workers.length = 0;
      expect(worker.gaveUp).toEqual([]);
    }
  });
});
