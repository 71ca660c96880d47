/**
 * The topic is deleted and made again under a kept database: its offsets begin anew, so nothing in it
 * may be taken for what was decided, or for what comes next. The worker refuses, and says so.
 */
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { loadPartitions } from "@seatline/shared/db/load-partitions.ts";
import { EXIT_CONFIG } from "@seatline/shared/runtime/config.ts";
import {
  createTestTopics,
  replaceTopics,
  testBroker,
  withAdmin,
} from "@seatline/shared/testing/broker.ts";
import { startProcess } from "@seatline/shared/testing/child-process.ts";
import type { TestProcess } from "@seatline/shared/testing/child-process.ts";
import { TestLine } from "@seatline/shared/testing/line.ts";
import { requestBook, requestShow } from "@seatline/shared/testing/requests.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

describe("a worker whose topic was replaced", () => {
  let line: TestLine;
  let before: readonly string[];
  const workers: TestProcess[] = [];
  const show = requestShow();
  const books = (count: number) =>
    Array.from({ length: count }, () => requestBook(show.showId, { count: 1 }));

  const start = () => {
    const worker = startProcess(MAIN, {
      DATABASE_URL: line.database.url,
      KAFKA_BROKERS: testBroker().brokers.join(","),
      TOPIC_PREFIX: line.prefix,
    });
    workers.push(worker);
    return worker;
  };
  const readPosition = async () => {
    const rows = await loadPartitions(line.sql);
    return rows.map(({ nextOffset, tail }) => `${nextOffset} ${tail}`);
  };
  const replaceTopic = (lineId?: string) =>
    replaceTopics([line.topics.requests], () =>
      createTestTopics(line.prefix, lineId === undefined ? {} : { lineId }),
    );
  /** How it ended, what it said last, and whether it decided anything. */
  const endOf = async (worker: TestProcess) => {
    const code = await worker.exited;
    const position = await readPosition();
    return { code, words: worker.errors, decided: position.join() !== before.join() };
  };
  const refusal = (found: string) => ({
    code: EXIT_CONFIG,
    words: [
      expect.stringMatching(
        `^booking-worker: The topic ${line.topics.requests} was replaced or cut: partition 0 is decided up to offset 4, but ${found}`,
      ) as string,
    ],
    decided: false,
  });

  /** Four requests are decided, by a worker that is still running. */
  beforeEach(async () => {
    line = await TestLine.open();
    start();
    await line.ask(show, ...books(3));
    await line.decidedUpTo(0, 4);
    before = await readPosition();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await line.close();
  });
  const stopFirst = async () => {
    workers[0]?.kill("SIGTERM");
    expect(await workers[0]?.exited).toBe(0);
  };

  it("does not start on a shorter log", async () => {
    await stopFirst();
    await replaceTopic();
    await line.ask(...books(2));
    expect(await endOf(start())).toEqual(refusal("the topic ends at 2"));
  });

  it("does not start on a log that has grown past the old offset", async () => {
    await stopFirst();
    await replaceTopic();
    await line.ask(...books(10));
    expect(await endOf(start())).toEqual(refusal("another message stands where"));
  });

  it("does not go on, if it runs meanwhile", async () => {
    const [worker] = workers;
    if (worker === undefined) throw new Error("it runs");
    await replaceTopic();
    await line.ask(...books(10));
    // Which of the two it sees depends on when it looks.
    const either = refusal("(the topic ends at|another message stands where)");
    expect(await endOf(worker)).toEqual(either);
  });

  // Else a partition in which nothing was decided yet would be decided on a log of somebody else's.
  it("does not start on a topic of another line, though the same messages stand in it", async () => {
    await stopFirst();
    const same = await line.readEntries(0);
    await replaceTopic("1000000000002");
    await line.put(...same.map(({ request }) => ({ partition: 0, value: request ?? "" })));
    await line.put({ partition: 1, value: "first of its partition" });
    const { code, words, decided } = await endOf(start());
    expect({ code, decided }).toEqual({ code: EXIT_CONFIG, decided: false });
    const sentence = `booking-worker: The topic ${line.topics.requests} is not the one that this database was made with`;
    expect(words).toEqual([expect.stringContaining(sentence)]);
    expect(words[0]).toContain("docs/operations.md");
  });

  it("goes on when the topic is given more partitions, and leaves those alone", async () => {
    await stopFirst();
    await withAdmin((admin) =>
      admin.createPartitions({
        topicPartitions: [{ topic: line.topics.requests, count: TEST_PARTITIONS + 1 }],
      }),
    );
    await line.putBytes(TEST_PARTITIONS, Buffer.from("read by nobody"));
    const worker = start();
    await line.ask(...books(1));
    await line.decidedUpTo(0, 5);
    const told = worker.lines.filter(({ msg }) => msg.includes("more partitions than its line"));
    expect(told).toMatchObject([{ level: "error", partition: TEST_PARTITIONS }]);
  });

  it("starts again when the topic is the old one", async () => {
    await stopFirst();
    await line.ask(...books(1));
    start();
    await line.decidedUpTo(0, 5);
    expect(await line.readEntries(0)).toHaveLength(5);
  });
});
