/** The topics of a line: their names, and how they must be set up. */
import { setTimeout as pause } from "node:timers/promises";

import type { Admin } from "kafkajs";

import { ConfigError } from "../runtime/config.ts";
import { TOPIC_RESOURCE, buildLineIdEntry } from "./line-id.ts";

export type Topics = {
  readonly requests: string;
  readonly outcomes: string;
  readonly events: string;
};

/** The names of the topics; the prefix is `seatline` unless a deployment has several lines. */
export function buildTopics(prefix: string): Topics {
  return {
    requests: `${prefix}.requests`,
    outcomes: `${prefix}.outcomes`,
    events: `${prefix}.events`,
  };
}

/**
 * The largest record that may stand in a topic. A batch is bounded by requests, bytes and changes so
 * that even its worst record stays below it.
 */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;

const SERVED_TIMEOUT_MS = 30_000;
const SERVED_LOOK_MS = 50;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Retention must exceed the longest outage; nothing is ever deleted by size. */
const REQUESTS_RETENTION_MS = 30 * DAY_MS;
const OUTCOMES_RETENTION_MS = 7 * DAY_MS;

/**
 * What must hold of a topic whoever made it. The broker's append time is the log's clock: else a
 * customer's own would judge holds. kafkajs cannot read most compressed messages. A compacted log has
 * holes, and one that is cut by its size may lose what is not decided yet.
 */
const FIXED_SETTINGS = [
  { name: "message.timestamp.type", value: "LogAppendTime" },
  { name: "compression.type", value: "uncompressed" },
  { name: "cleanup.policy", value: "delete" },
  { name: "retention.bytes", value: "-1" },
  { name: "max.message.bytes", value: String(RECORD_BYTES_MAX) },
];

export type TopicOptions = {
  readonly topics: Topics;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  /** Whether the topics are known to be those of a line that exists. */
  readonly isLine?: boolean;
};

/**
 * Creates the topics that do not exist yet, that of the requests with the id of its line. Throws a
 * ConfigError if one that does has another number of partitions (shows would be looked for in lines
 * where they are not), or a setting that breaks the line.
 */
export async function createTopics(
  admin: Admin,
  options: TopicOptions & { readonly lineId: string },
): Promise<void> {
  const { topics, partitionCount, replicationFactor, lineId } = options;
  const configEntries = (retentionMs: number) => [
    ...FIXED_SETTINGS,
    { name: "retention.ms", value: String(retentionMs) },
    { name: "min.insync.replicas", value: String(Math.max(1, replicationFactor - 1)) },
  ];
  const existing = await admin.listTopics();
  const known = Object.values(topics).filter((topic) => existing.includes(topic));
  await checkTopics(admin, known, options);
  const wanted = [
    {
      topic: topics.requests,
      configEntries: [...configEntries(REQUESTS_RETENTION_MS), buildLineIdEntry(lineId)],
    },
    { topic: topics.outcomes, configEntries: configEntries(OUTCOMES_RETENTION_MS) },
    { topic: topics.events, configEntries: configEntries(OUTCOMES_RETENTION_MS) },
  ].filter(({ topic }) => !existing.includes(topic));
  if (wanted.length === 0) return;
  await admin.createTopics({
    // kafkajs' own wait gives up when the broker does not know the topic yet.
    waitForLeaders: false,
    topics: wanted.map((topic) => ({ ...topic, numPartitions: partitionCount, replicationFactor })),
  });
  for (const { topic } of wanted) await untilServed(admin, topic);
}

/** A topic that somebody else made, or made by hand, must be one that the line can stand on. */
async function checkTopics(
  admin: Admin,
  topics: readonly string[],
  { partitionCount, isLine = false }: Pick<TopicOptions, "partitionCount" | "isLine">,
): Promise<void> {
  // Asked for no topics, a broker tells of all that it has.
  if (topics.length === 0) return;
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
  const problems = found
    // Partitions that a line's own topic was given later cannot be taken away, and are left alone.
    .filter(
      ({ partitions: { length } }) =>
        length < partitionCount || (length > partitionCount && !isLine),
    )
    .map(
      ({ name, partitions }) =>
        `PARTITIONS is ${partitionCount}, but the topic ${name} has ${partitions.length}`,
    );
  const configNames = FIXED_SETTINGS.map(({ name }) => name);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: TOPIC_RESOURCE, name, configNames })),
  });
  for (const { resourceName, configEntries } of resources) {
    for (const { configName, configValue } of configEntries) {
      const setting = FIXED_SETTINGS.find(({ name }) => name === configName);
      if (setting === undefined || setting.value === configValue) continue;
      problems.push(
        `the topic ${resourceName} has ${configName}=${configValue}; set it to ${setting.value}`,
      );
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** A new topic takes a moment until its leaders serve every partition. */
async function untilServed(admin: Admin, topic: string): Promise<void> {
  const deadline = performance.now() + SERVED_TIMEOUT_MS;
  for (;;) {
    try {
      await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(SERVED_LOOK_MS);
    }
  }
}
