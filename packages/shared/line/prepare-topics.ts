/**
 * Makes the topics of a new line, or makes sure that those which are there are the ones that the
 * database was made with. Refuses whatever would be decided on the wrong log.
 */
import type { Admin } from "kafkajs";

import type { StoredLine } from "../db/find-line.ts";
import { ConfigError } from "../runtime/config.ts";
import { connectKafka } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";
import { buildLineId, findMismatch, findTopic, writeLineId } from "./line-id.ts";
import type { FoundTopic } from "./broker.ts";
import { createTopics } from "./topics.ts";
import type { TopicOptions } from "./topics.ts";

type PrepareOptions = KafkaAddress & TopicOptions;

/** What the database knows of its line. */
export type KnownLine = {
  readonly line: StoredLine | null;
  /** How many requests it has decided. */
  readonly decided: number;
};

const ADMIN_REQUEST_TIMEOUT_MS = 10_000;
const ADMIN_RETRIES = 20;

/** Gives the line that the database belongs to; throws a ConfigError where it belongs to another. */
export async function prepareTopics(
  options: PrepareOptions,
  known: KnownLine,
): Promise<StoredLine> {
  const admin = connectKafka({
    ...options,
    requestTimeoutMs: ADMIN_REQUEST_TIMEOUT_MS,
    retries: ADMIN_RETRIES,
  }).admin();
  await admin.connect();
  try {
    const { requests: topic } = options.topics;
    const lineId = await settleLineId(admin, topic, known);
    await createTopics(admin, { ...options, lineId, isLine: known.line !== null });
    // Only after the check of its settings: a topic that is refused stays as it was.
    const made = await findTopic(admin, topic);
    if (made?.lineId !== lineId) await writeLineId(admin, topic, lineId);
    return { topic, lineId };
  } finally {
    await admin.disconnect();
  }
}

async function settleLineId(admin: Admin, topic: string, known: KnownLine): Promise<string> {
  // To ask for a topic that is not there yet would look like a fault in the log of the client.
  const exists = (await admin.listTopics()).includes(topic);
  const found = exists ? await findTopic(admin, topic) : null;
  const problem = await findProblem(admin, { topic, found }, known);
  if (problem !== null) throw new ConfigError([problem]);
  return found?.lineId ?? buildLineId();
}

async function findProblem(
  admin: Admin,
  { topic, found }: { readonly topic: string; readonly found: FoundTopic | null },
  { line, decided }: KnownLine,
): Promise<string | null> {
  if (line !== null) return findMismatch(line, { topic, found })?.sentence ?? null;
  if (found === null) {
    return decided === 0
      ? null
      : `The topic ${topic} does not exist, though this database has decided ${decided} requests: set TOPIC_PREFIX and KAFKA_BROKERS to where they stand, or start anew with a new database and new topics together.`;
  }
  // Whether the database's last decision stands in the topic, every worker looks before it decides.
  if (decided > 0) return null;
  const offsets = await admin.fetchTopicOffsets(topic);
  const asked = offsets.reduce((sum, { high }) => sum + Number(high), 0);
  return asked === 0
    ? null
    : `The topic ${topic} holds the requests of another life (${asked} so far), but this database is new and would decide them all again: set DATABASE_URL to the database that decided them, restore that one from a backup (docs/operations.md), or start anew with new topics, under another TOPIC_PREFIX or after these were deleted (npm run reset, for what npm start keeps).`;
}
