/** The queue between the broker and the worker: in order, within its bounds, or not at all. */
import { describe, expect, it } from "vitest";

import { AssertionError } from "../core/assert.ts";
import { HOST } from "../runtime/host.ts";
import { FEED_BYTES_MAX, FEED_MESSAGES_MAX, Feed } from "./feed.ts";
import type { LineMessage } from "./feed.ts";

const BOUNDS = { messagesMax: 100, bytesMax: 1_000, timeoutMs: 10_000 };

function message(offset: number, bytes = 1): LineMessage {
  return { offset, appendedAt: offset, key: null, value: Buffer.alloc(bytes) };
}

function startFeed(offset = 0): Feed {
  const feed = new Feed(HOST);
  feed.start(offset);
  return feed;
}

function offsetsOf(taken: LineMessage[] | string): number[] | string {
  return typeof taken === "string" ? taken : taken.map(({ offset }) => offset);
}

describe("a feed", () => {
  it("hands out what it took, in order", async () => {
    const feed = startFeed(7);
    for (const offset of [7, 8, 9]) expect(feed.offer(message(offset))).toBe("taken");
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([7, 8, 9]);
  });

  it("wants nothing before it is started", async () => {
    const feed = new Feed(HOST);
    expect(feed.offer(message(0))).toBe("unwanted");
    expect(await feed.take({ ...BOUNDS, timeoutMs: 1 })).toBe("timeout");
  });

  it("ignores everything until the offset that it wants comes: a seek takes a while", async () => {
    const feed = startFeed(5);
    for (const offset of [90, 3, 4, 6]) expect(feed.offer(message(offset))).toBe("unwanted");
    expect(feed.offer(message(5))).toBe("taken");
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([5]);
  });

  it.each([4, 5, 7, 100])(
    "breaks when %i comes after 5: a gap is never skipped",
    async (offset) => {
      const feed = startFeed(5);
      feed.offer(message(5));
      expect(feed.offer(message(offset))).toBe("unwanted");
      expect(await feed.take(BOUNDS)).toBe("stopped");
      expect(feed.offer(message(6))).toBe("unwanted");
      feed.start(6);
      feed.offer(message(6));
      expect(offsetsOf(await feed.take(BOUNDS))).toEqual([6]);
    },
  );

  it("wakes its reader when a message comes", async () => {
    const feed = startFeed();
    const taken = feed.take(BOUNDS);
    feed.offer(message(0));
    expect(offsetsOf(await taken)).toEqual([0]);
  });

  it("tells its reader when it is stopped, whether it waits or comes later", async () => {
    const feed = startFeed();
    const taken = feed.take(BOUNDS);
    feed.stop();
    expect(await taken).toBe("stopped");
    expect(await feed.take(BOUNDS)).toBe("stopped");
  });

  it("forgets what it has when it is stopped or started anew", async () => {
    const feed = startFeed();
    feed.offer(message(0));
    feed.start(50);
    feed.offer(message(50));
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([50]);
  });

  it("tells its reader when the log is in doubt, and what it has is not to be trusted", async () => {
    const feed = startFeed();
    feed.offer(message(0));
    feed.doubt();
    expect(await feed.take(BOUNDS)).toBe("doubtful");
    expect(feed.offer(message(1))).toBe("unwanted");
    feed.start(0);
    const taken = feed.take(BOUNDS);
    feed.doubt();
    expect(await taken).toBe("doubtful");
  });

  it("is not in doubt while it is stopped, nor after it was started again", async () => {
    const feed = startFeed();
    feed.stop();
    feed.doubt();
    expect(await feed.take(BOUNDS)).toBe("stopped");
    feed.start(3);
    feed.offer(message(3));
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([3]);
  });

  it("does not keep its reader longer than that is willing to wait", async () => {
    expect(await startFeed().take({ ...BOUNDS, timeoutMs: 1 })).toBe("timeout");
  });

  it("has one reader at a time", async () => {
    const feed = startFeed();
    const taken = feed.take(BOUNDS);
    await expect(feed.take(BOUNDS)).rejects.toThrow(AssertionError);
    feed.stop();
    expect(await taken).toBe("stopped");
  });
});

describe("the bounds of a feed", () => {
  it("end a batch by messages", async () => {
    const feed = startFeed();
    for (let offset = 0; offset < 5; offset++) feed.offer(message(offset));
    expect(offsetsOf(await feed.take({ ...BOUNDS, messagesMax: 2 }))).toEqual([0, 1]);
    expect(offsetsOf(await feed.take({ ...BOUNDS, messagesMax: 2 }))).toEqual([2, 3]);
    expect(offsetsOf(await feed.take({ ...BOUNDS, messagesMax: 2 }))).toEqual([4]);
  });

  it("end a batch by bytes, but never let it be empty", async () => {
    const feed = startFeed();
    for (const [offset, bytes] of [400, 600, 1, 2_000, 1].entries()) {
      feed.offer(message(offset, bytes));
    }
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([0, 1]);
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([2]);
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([3]);
    expect(offsetsOf(await feed.take(BOUNDS))).toEqual([4]);
  });

  it("make it full by messages, and it goes on where it stopped", async () => {
    const feed = startFeed();
    for (let offset = 0; offset < FEED_MESSAGES_MAX; offset++) feed.offer(message(offset));
    expect(feed.isFull).toBe(true);
    expect(feed.offer(message(FEED_MESSAGES_MAX))).toBe("full");
    await feed.take({ ...BOUNDS, messagesMax: 1 });
    expect(feed.offer(message(FEED_MESSAGES_MAX))).toBe("taken");
    expect(feed.offer(message(FEED_MESSAGES_MAX + 1))).toBe("full");
  });

  it("make it full by bytes, and all of them are given back", async () => {
    const feed = startFeed();
    feed.offer(message(0, FEED_BYTES_MAX));
    expect(feed.offer(message(1))).toBe("full");
    await feed.take(BOUNDS);
    expect(feed.isFull).toBe(false);
    expect(feed.offer(message(1, FEED_BYTES_MAX))).toBe("taken");
    expect(feed.isFull).toBe(true);
  });

  it("count a message without a value as nothing", async () => {
    const feed = startFeed();
    feed.offer({ ...message(0), value: null });
    expect(offsetsOf(await feed.take({ ...BOUNDS, bytesMax: 0 }))).toEqual([0]);
  });
});
