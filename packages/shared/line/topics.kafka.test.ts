/** Topics are made as the line needs them. */
import { ConfigResourceTypes } from "kafkajs";
import { describe, expect, it } from "vitest";

import { createTestTopics, buildTopicPrefix, withAdmin } from "../testing/broker.ts";
import { waitUntil } from "../testing/wait-until.ts";
import { RECORD_BYTES_MAX, buildTopics } from "./topics.ts";

async function readConfig(topic: string): Promise<Record<string, string>> {
  const { resources } = await withAdmin((admin) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    }),
  );
  const entries = resources[0]?.configEntries ?? [];
  return Object.fromEntries(
    entries.map(({ configName, configValue }) => [configName, configValue]),
  );
}

describe("createTopics", () => {
  it("sets up every topic of the line", async () => {
    const topics = await createTestTopics();
    for (const topic of Object.values(topics)) {
      expect(await readConfig(topic)).toMatchObject({
        // The log's clock: without it, a customer's own clock would decide when holds lapse.
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "uncompressed",
        "cleanup.policy": "delete",
        "retention.bytes": "-1",
        "max.message.bytes": String(RECORD_BYTES_MAX),
      });
    }
    const { topics: made } = await withAdmin((admin) =>
      admin.fetchTopicMetadata({ topics: Object.values(topics) }),
    );
    expect(made.map(({ partitions }) => partitions.length)).toEqual([3, 3, 3]);
  });

  it("keeps requests for longer than any outage", async () => {
    const topics = await createTestTopics();
    const { "retention.ms": retention } = await readConfig(topics.requests);
    expect(Number(retention)).toBeGreaterThanOrEqual(30 * 86_400_000);
  });

  it("may be run by several at once, and again", async () => {
    const prefix = buildTopicPrefix();
    await Promise.all([1, 2, 3].map(() => createTestTopics(prefix)));
    await createTestTopics(prefix);
    const names = Object.values(buildTopics(prefix));
    const existing = await withAdmin((admin) => admin.listTopics());
    expect(existing.filter((name) => names.includes(name))).toHaveLength(3);
  });

  it("refuses topics that have another number of partitions", async () => {
    const prefix = buildTopicPrefix();
    await createTestTopics(prefix, { partitionCount: 2 });
    const problems = Object.values(buildTopics(prefix)).map(
      (topic) => `PARTITIONS is 3, but the topic ${topic} has 2`,
    );
    await expect(createTestTopics(prefix, { partitionCount: 3 })).rejects.toMatchObject({
      name: "ConfigError",
      problems: expect.arrayContaining(problems) as string[],
    });
  });

  it("refuses topics that the line cannot stand on, and says what to set", async () => {
    const prefix = buildTopicPrefix();
    const topics = await createTestTopics(prefix);
    await withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name: topics.requests,
            configEntries: [{ name: "message.timestamp.type", value: "CreateTime" }],
          },
        ],
      }),
    );
    // The broker hears of it from its controller, a moment later.
    await waitUntil("the setting is changed", async () => {
      const config = await readConfig(topics.requests);
      return config["message.timestamp.type"] === "CreateTime";
    });
    const problem = `the topic ${topics.requests} has message.timestamp.type=CreateTime; set it to LogAppendTime`;
    await expect(createTestTopics(prefix)).rejects.toMatchObject({
      name: "ConfigError",
      problems: expect.arrayContaining([problem]) as string[],
    });
  });
});
