/** A reader of a tail gets everything that is published once it has joined, from every partition. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { testBroker } from "../testing/broker.ts";
import { TestLine } from "../testing/line.ts";
import { buildReadableLog } from "../testing/log-lines.ts";
import { TEST_PARTITIONS } from "../testing/servers.ts";
import { waitUntil } from "../testing/wait-until.ts";
import type { TailMessage } from "./broker.ts";
import { KafkaTailReader } from "./kafka-tail.ts";

describe("a reader of a tail", () => {
  let line: TestLine;
  const readers: KafkaTailReader[] = [];

  const run = async (onMessage: (message: TailMessage) => void) => {
    const { log, lines } = buildReadableLog();
    let joins = 0;
    const reader = new KafkaTailReader(
      { ...testBroker("test-reader"), log },
      {
        topic: line.topics.requests,
        onMessage,
        onJoined: () => (joins += 1),
        onCrash: (error) => {
          throw error;
        },
      },
    );
    readers.push(reader);
    await reader.run();
    await waitUntil("it has joined", () => joins > 0);
    return lines;
  };

  beforeEach(async () => {
    line = await TestLine.open();
  });
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.close()));
    await line.close();
  });

  it("reads every partition, in order, from the present end on", async () => {
    const seen: [number, string][] = [];
    await line.put({ partition: 0, value: "before" });
    await run(({ partition, text }) => {
      seen.push([partition, text]);
    });
    // What comes right after the join may fall to either side: a first one shows that it reads.
    await waitUntil("it reads", async () => {
      await line.put({ partition: 0, value: "probe" });
      return seen.length > 0;
    });
    const wanted = Array.from({ length: 200 }, (_, index) => ({
      partition: index % TEST_PARTITIONS,
      value: `record ${index}`,
    }));
    await line.put(...wanted);
    await waitUntil("all of them came", () => {
      const records = seen.filter(([, body]) => body.startsWith("record"));
      return records.length >= wanted.length;
    });
    for (let partition = 0; partition < TEST_PARTITIONS; partition++) {
      const records = seen.filter(([of, body]) => of === partition && body.startsWith("record"));
      expect(records.map(([, body]) => body)).toEqual(
        wanted.filter((it) => it.partition === partition).map(({ value }) => value),
      );
    }
    expect(seen.map(([, body]) => body)).not.toContain("before");
  });

  it("goes to every reader, not to one of them", async () => {
    const seen: string[][] = [[], []];
    for (const bodies of seen) {
      await run(({ text }) => {
        bodies.push(text);
      });
    }
    await waitUntil("both read", async () => {
      await line.put({ partition: 1, value: "probe" });
      return seen.every((bodies) => bodies.length > 0);
    });
    await line.put({ partition: 1, value: "for both" });
    await waitUntil("both have it", () => seen.every((bodies) => bodies.includes("for both")));
    expect(readers).toHaveLength(2);
  });

  it("goes on when it fails on a record, and says so", async () => {
    const seen: string[] = [];
    const lines = await run(({ text }) => {
      if (text === "poison") throw new Error("a bug of ours");
      seen.push(text);
    });
    await waitUntil("it reads", async () => {
      await line.put({ partition: 0, value: "probe" });
      return seen.length > 0;
    });
    await line.put({ partition: 0, value: "poison" });
    await waitUntil("it has said so", () =>
      lines.some(({ msg }) => msg.includes("callback of a consumer failed")),
    );
    await line.put({ partition: 0, value: "after" });
    await waitUntil("the next one came", () => seen.includes("after"));
    expect(seen).not.toContain("poison");
  });
});
