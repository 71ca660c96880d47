/** Reading a line: in order, within bounds, one partition apart from the other. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { openBrokerProxy, testGround, withAdmin } from "../testing/broker.ts";
import { TestLine } from "../testing/line.ts";
import { buildReadableLog } from "../testing/log-lines.ts";
import { TEST_PARTITIONS } from "../testing/servers.ts";
import { waitUntil } from "../testing/wait-until.ts";
import { LineConsumer } from "./consumer.ts";
import { FEED_MESSAGES_MAX } from "./feed.ts";
import type { Feed, LineMessage } from "./feed.ts";

const BACKLOG = FEED_MESSAGES_MAX * 3;
const BOUNDS = { messagesMax: 1_000, bytesMax: 1024 * 1024, timeoutMs: 20_000 };
const SESSION_TIMEOUT_MS = 6_000;

/** Takes until it has what stands before `end`, or the feed breaks. */
async function takeUpTo(feed: Feed, end: number): Promise<LineMessage[]> {
  const taken: LineMessage[] = [];
  while ((taken.at(-1)?.offset ?? -1) < end - 1) {
    const messages = await feed.take(BOUNDS);
    if (typeof messages === "string") throw new Error(`the feed says ${messages}`);
    taken.push(...messages);
  }
  return taken;
}

const count = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

type Options = Partial<ConstructorParameters<typeof LineConsumer>[0]> & {
  readonly brokers?: readonly string[];
};

describe("a line's consumer", () => {
  let line: TestLine;
  const consumers: LineConsumer[] = [];

  const run = async ({ brokers, ...options }: Options = {}) => {
    const { log, lines } = buildReadableLog();
    const assigned: (readonly number[])[] = [];
    const crashed: Error[] = [];
    const consumer = new LineConsumer({
      ...testGround("test-consumer", brokers === undefined ? { log } : { log, brokers }),
      topic: line.topics.requests,
      groupId: `${line.prefix}.consumer`,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      onCrash: (error) => crashed.push(error),
      ...options,
      onAssigned: (partitions) => {
        assigned.push(partitions);
        options.onAssigned?.(partitions);
      },
    });
    consumers.push(consumer);
    await consumer.run();
    // On a fresh broker the first join is refused while the group's coordinator loads.
    await waitUntil("the group is joined", () => assigned.length > 0);
    return { consumer, assigned, crashed, lines };
  };
  const fill = async (partition: number, messages: number, letter = "m") => {
    await line.put(...count(0, messages).map((it) => ({ partition, value: `${letter}${it}` })));
  };

  beforeEach(async () => {
    line = await TestLine.open();
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
    await line.close();
  });

  it("is told its partitions, all of them, and does not crash", async () => {
    const { assigned, crashed } = await run();
    expect(assigned).toEqual([count(0, TEST_PARTITIONS)]);
    expect(crashed).toEqual([]);
  });

  it("reads a backlog much larger than a feed, in order, with every message whole", async () => {
    await fill(0, BACKLOG);
    const { consumer } = await run();
    const feed = consumer.startFeed(0, 0);
    const taken: LineMessage[] = [];
    let timesFull = 0;
    while (taken.length < BACKLOG) {
      // Only when it can take no more: so the reader was paused, and must be resumed.
      await waitUntil("the feed is full, or has all there is", () => {
        const isFull = feed.isFull;
        timesFull += isFull ? 1 : 0;
        return isFull || BACKLOG - taken.length < FEED_MESSAGES_MAX;
      });
      const messages = await feed.take({ ...BOUNDS, messagesMax: FEED_MESSAGES_MAX });
      if (typeof messages === "string") throw new Error(`the feed says ${messages}`);
      taken.push(...messages);
      consumer.resume(0);
    }
    expect(timesFull).toBeGreaterThan(1);
    expect(taken.map(({ offset }) => offset)).toEqual(count(0, BACKLOG));
    expect(taken.map(({ value }) => value?.toString())).toEqual(
      count(0, BACKLOG).map((it) => `m${it}`),
    );
    const times = taken.map(({ appendedAt }) => appendedAt);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it("reads on in one partition while another's feed is full", async () => {
    await fill(0, BACKLOG);
    const { consumer } = await run();
    const slow = consumer.startFeed(0, 0);
    const quick = consumer.startFeed(1, 0);
    await waitUntil("the slow one is full", () => slow.isFull);
    await fill(1, 500, "q");
    expect((await takeUpTo(quick, 500)).map(({ offset }) => offset)).toEqual(count(0, 500));
    expect(slow.isFull).toBe(true);
    // And the slow one goes on from where it stood.
    const taken: LineMessage[] = [];
    while (taken.length < BACKLOG) {
      const messages = await slow.take(BOUNDS);
      if (typeof messages === "string") throw new Error(`the feed says ${messages}`);
      taken.push(...messages);
      consumer.resume(0);
    }
    expect(taken.map(({ offset }) => offset)).toEqual(count(0, BACKLOG));
  });

  it("starts a feed anywhere, ahead and back", async () => {
    await fill(2, 3_000);
    const { consumer } = await run();
    for (const start of [1_500, 2_990, 0, 2_999]) {
      const feed = consumer.startFeed(2, start);
      // What was fetched before the seek may break it: then it is started again, as the worker does.
      const taken = await waitUntil(`the messages from ${start}`, async () => {
        const messages = await feed.take(BOUNDS);
        if (messages === "stopped" || messages === "doubtful") consumer.startFeed(2, start);
        return typeof messages === "string" ? null : messages;
      });
      expect(taken[0]).toMatchObject({ offset: start, value: Buffer.from(`m${start}`) });
    }
  });

  it("tells Kafka how far a line is decided, for tools that watch the lag", async () => {
    const { consumer } = await run();
    await fill(1, 10);
    await consumer.commitOffset(1, 7);
    const [found] = await withAdmin((admin) =>
      admin.fetchOffsets({ groupId: `${line.prefix}.consumer`, topics: [line.topics.requests] }),
    );
    const offsets = new Map(found?.partitions.map(({ partition, offset }) => [partition, offset]));
    expect(offsets.get(1)).toBe("7");
    expect(offsets.get(0)).toBe("-1");
  });

  it("goes on reading when a callback of ours fails", async () => {
    const { consumer, lines } = await run({
      onAssigned: () => {
        throw new Error("a bug of ours");
      },
    });
    await fill(0, 3);
    expect(await takeUpTo(consumer.startFeed(0, 0), 3)).toHaveLength(3);
    expect(lines.filter(({ msg }) => msg === "a callback of a consumer failed")).toHaveLength(1);
  });

  it("says what to do where the topic does not exist", async () => {
    const topic = `${line.prefix}.nowhere`;
    await expect(run({ topic })).rejects.toThrow(
      `the topic ${topic} does not exist; run the migrate step first`,
    );
  });

  it("shares the partitions with another of its group, and gets them back", async () => {
    const first = await run();
    const second = await run();
    const shared = await waitUntil("they share", () => {
      const mine = first.assigned.at(-1) ?? [];
      const theirs = second.assigned.at(-1) ?? [];
      return mine.length + theirs.length === TEST_PARTITIONS && [...mine, ...theirs];
    });
    expect(shared.toSorted((a, b) => a - b)).toEqual(count(0, TEST_PARTITIONS));
    await second.consumer.close();
    consumers.splice(consumers.indexOf(second.consumer), 1);
    await waitUntil("the first has all", () => first.assigned.at(-1)?.length === TEST_PARTITIONS);
    await fill(0, 3);
    expect(await takeUpTo(first.consumer.startFeed(0, 0), 3)).toHaveLength(3);
  });

  it("is back by itself when the broker was away", async () => {
    const proxy = await openBrokerProxy();
    const { consumer, crashed } = await run({ brokers: [proxy.address] });
    await fill(0, 5);
    await takeUpTo(consumer.startFeed(0, 0), 5);
    const feed = consumer.feedOf(0);
    const broken = feed.take(BOUNDS);
    proxy.cut();
    // Behind a lost connection may be another broker, with another log.
    expect(await broken).toBe("doubtful");
    await fill(0, 5);
    proxy.mend();
    consumer.startFeed(0, 5);
    const next = await waitUntil("it reads again", async () => {
      const messages = await feed.take({ ...BOUNDS, timeoutMs: 1_000 });
      // It may be in doubt more than once, until it is joined again.
      if (messages === "stopped" || messages === "doubtful") consumer.startFeed(0, 5);
      return typeof messages === "string" ? null : messages;
    });
    expect(next[0]?.offset).toBe(5);
    expect(crashed).toEqual([]);
    await consumer.close();
    consumers.length = 0;
    await proxy.close();
  });
});
