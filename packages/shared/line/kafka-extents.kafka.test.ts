/** The ends of a topic are told, and one that cannot be asked can be asked again. */
import { afterEach, describe, expect, it } from "vitest";

import { buildTopicPrefix, createTestTopics, testBroker, testGround } from "../testing/broker.ts";
import { TEST_PARTITIONS } from "../testing/servers.ts";
import { KafkaExtents } from "./kafka-extents.ts";
import { Publisher } from "./publisher.ts";
import { buildTopics } from "./topics.ts";

describe("the extents of a topic", () => {
  const open: { close: () => Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((it) => it.close()));
  });

  it("tells where each partition begins and ends", async () => {
    const topics = await createTestTopics();
    const publisher = new Publisher({ ...testGround(), deadlineMs: 10_000, queueMax: 10 });
    const extents = new KafkaExtents(testBroker(), topics.requests);
    open.push(publisher, extents);
    const message = { topic: topics.requests, partition: 1, key: "k", value: "v" };
    await Promise.all([1, 2, 3].map(() => publisher.publish(message)));
    const found = await extents.load();
    expect(found.size).toBe(TEST_PARTITIONS);
    expect(found.get(0)).toEqual({ low: 0, end: 0 });
    expect(found.get(1)).toEqual({ low: 0, end: 3 });
  });

  it("fails where there is no broker or no topic, and can be asked again", async () => {
    const prefix = buildTopicPrefix();
    const { requests: topic } = buildTopics(prefix);
    const nowhere = new KafkaExtents({ ...testBroker(), brokers: ["127.0.0.1:1"] }, topic);
    const extents = new KafkaExtents(testBroker(), topic);
    open.push(nowhere, extents);
    await expect(nowhere.load()).rejects.toThrow(/KafkaJS|Connection error|connect/);
    await expect(extents.load()).rejects.toThrow(/topic/);
    await createTestTopics(prefix);
    expect((await extents.load()).size).toBe(TEST_PARTITIONS);
    await expect(extents.find(TEST_PARTITIONS)).rejects.toThrow("has no partition 3");
  });
});
