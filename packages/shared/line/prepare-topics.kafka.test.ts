/** A database and a topic that do not belong together are refused before anything is made. */
import { ConfigResourceTypes } from "kafkajs";
import { beforeEach, describe, expect, it } from "vitest";

import {
  createTestTopics,
  buildTopicPrefix,
  testBroker,
  testGround,
  withAdmin,
} from "../testing/broker.ts";
import { TEST_PARTITIONS } from "../testing/servers.ts";
import { findTopic } from "./line-id.ts";
import { prepareTopics } from "./prepare-topics.ts";
import type { KnownLine } from "./prepare-topics.ts";
import { Publisher } from "./publisher.ts";
import { buildTopics } from "./topics.ts";

const NEW: KnownLine = { line: null, decided: 0 };

describe("prepareTopics", () => {
  let prefix: string;
  beforeEach(() => {
    prefix = buildTopicPrefix();
  });
  const topic = () => buildTopics(prefix).requests;
  const prepare = (known: KnownLine) => {
    const topics = buildTopics(prefix);
    const line = { topics, partitionCount: TEST_PARTITIONS, replicationFactor: 1 };
    return prepareTopics({ ...testBroker(), ...line }, known);
  };
  const readId = async () => (await withAdmin((admin) => findTopic(admin, topic())))?.lineId;
  const listOwn = () =>
    withAdmin(async (admin) =>
      (await admin.listTopics()).filter((name) => name.startsWith(`${prefix}.`)),
    );
  const ask = async () => {
    const publisher = new Publisher({ ...testGround(), deadlineMs: 10_000, queueMax: 10 });
    await publisher.publish({ topic: topic(), partition: 1, key: "k", value: "v" });
    await publisher.close();
  };
  const refusalOf = async (known: KnownLine) => {
    const before = { topics: await listOwn(), lineId: await readId() };
    const problem = await prepare(known).then(
      () => null,
      (error: { name: string; problems: string[] }) => error,
    );
    expect({ topics: await listOwn(), lineId: await readId() }).toEqual(before);
    expect(problem?.name).toBe("ConfigError");
    return problem?.problems.join();
  };

  it("makes the topics of a new line, and knows them again", async () => {
    const line = await prepare(NEW);
    expect(line).toEqual({ topic: topic(), lineId: await readId() });
    expect(await listOwn()).toHaveLength(3);
    await ask();
    expect(await prepare({ line, decided: 0 })).toEqual(line);
    expect(await prepare({ line, decided: 1 })).toEqual(line);
  });

  it("gives another line another id", async () => {
    const first = await prepare(NEW);
    prefix = buildTopicPrefix();
    expect((await prepare(NEW)).lineId).not.toBe(first.lineId);
  });

  it("takes topics that somebody made by hand, as long as they are empty, with their own settings", async () => {
    await createTestTopics(prefix, { lineId: "86400000" });
    expect(await readId()).toBeNull();
    const line = await prepare(NEW);
    expect(await readId()).toBe(line.lineId);
    const { resources } = await withAdmin((admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic() }],
      }),
    );
    const settings = new Map(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    expect(settings.get("message.timestamp.type")).toBe("LogAppendTime");
    expect(settings.get("retention.ms")).toBe(String(30 * 86_400_000));
  });

  it("gives an id to the topic of a database that is older than the ids", async () => {
    await createTestTopics(prefix, { lineId: "86400000" });
    await ask();
    const { lineId } = await prepare({ line: null, decided: 1 });
    expect(await readId()).toBe(lineId);
  });

  it("refuses a new database where the topic has had requests", async () => {
    await prepare(NEW);
    await ask();
    expect(await refusalOf(NEW)).toContain("(1 so far), but this database is new");
  });

  it("refuses a kept database whose topic is gone, and makes none in its place", async () => {
    const line = { topic: topic(), lineId: "1234567890123" };
    expect(await refusalOf({ line, decided: 0 })).toContain("does not exist, though");
    expect(await refusalOf({ line: null, decided: 7 })).toContain("has decided 7 requests");
  });

  it("refuses a topic of the same name that belongs to another database, or to none", async () => {
    const { lineId } = await prepare(NEW);
    const line = { topic: topic(), lineId: "1234567890123" };
    const sentence = await refusalOf({ line, decided: 0 });
    expect(sentence).toContain(`(line ${lineId}, not 1234567890123)`);
    prefix = buildTopicPrefix();
    await createTestTopics(prefix, { lineId: "86400000" });
    const unknown = await refusalOf({ line: { topic: topic(), lineId }, decided: 0 });
    expect(unknown).toContain(`(line unknown, not ${lineId})`);
  });

  it("leaves partitions alone that the topic of a line was given later", async () => {
    const line = await prepare(NEW);
    await withAdmin((admin) =>
      admin.createPartitions({
        topicPartitions: [{ topic: topic(), count: TEST_PARTITIONS + 1 }],
      }),
    );
    expect(await prepare({ line, decided: 1 })).toEqual(line);
    expect(await refusalOf(NEW)).toContain(`has ${TEST_PARTITIONS + 1}`);
  });

  it("refuses another prefix, and says which it was", async () => {
    const line = await prepare(NEW);
    const { topic: first } = line;
    prefix = buildTopicPrefix();
    const own = first.replace(".requests", "");
    expect(await refusalOf({ line, decided: 0 })).toContain(`set TOPIC_PREFIX=${own}`);
  });
});
