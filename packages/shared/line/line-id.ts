/**
 * By what a database and a topic know that they belong together: a number that the migrate step puts
 * into both. A topic that was deleted and made again has the same name and the same offsets, a broker
 * that was wiped even the same cluster id, and a new database fits any topic.
 */
import { randomInt } from "node:crypto";

import type { Admin, ConfigResourceTypes, ConfigSource } from "kafkajs";

import type { StoredLine } from "../db/find-line.ts";
import type { Store } from "../db/store.ts";
import type { Extents, FoundTopic } from "./broker.ts";

/**
 * Where a topic keeps the number: read for compacted topics only, which ours never are. Unlike a
 * message it does not lapse, and unlike a topic's own id this client can read it. See decision 20.
 */
const LINE_ID_SETTING = "delete.retention.ms";
/** Some thirty years: no setting that was meant as one is larger. */
const LINE_ID_MIN = 1_000_000_000_000;
/** The largest number that `randomInt` takes. */
const LINE_ID_END = 2 ** 48 - 1;

/** What kafkajs calls `ConfigResourceTypes.TOPIC`; Node does not find that name among its exports. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
export const TOPIC_RESOURCE = 2 as ConfigResourceTypes.TOPIC;
/** What kafkajs calls `ConfigSource.TOPIC_CONFIG`: set on the topic itself. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const SET_ON_TOPIC = 1 as ConfigSource.TOPIC_CONFIG;
/** UNKNOWN_TOPIC_OR_PARTITION, as kafkajs names it. */
const UNKNOWN_TOPIC = "UNKNOWN_TOPIC_OR_PARTITION";

/** A number that no other line has. */
export function buildLineId(): string {
  return String(randomInt(LINE_ID_MIN, LINE_ID_END));
}

/** The entry for a topic's configuration. */
export function buildLineIdEntry(lineId: string): { name: string; value: string } {
  return { name: LINE_ID_SETTING, value: lineId };
}

/** Null where there is no such topic. Throws what kafkajs throws. */
export async function findTopic(admin: Admin, topic: string): Promise<FoundTopic | null> {
  const resource = { type: TOPIC_RESOURCE, name: topic, configNames: [LINE_ID_SETTING] };
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [resource],
    });
    const value = resources[0]?.configEntries[0]?.configValue ?? "";
    return { lineId: Number(value) >= LINE_ID_MIN ? value : null };
  } catch (error) {
    if (error instanceof Error && "type" in error && error.type === UNKNOWN_TOPIC) return null;
    throw error;
  }
}

/** Puts an id into the configuration of a topic that somebody else made. */
export async function writeLineId(admin: Admin, topic: string, lineId: string): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC_RESOURCE, name: topic }],
  });
  // What is not given again falls back to the broker's own.
  const kept = (resources[0]?.configEntries ?? [])
    .filter(({ configSource, configName }) => {
      return configSource === SET_ON_TOPIC && configName !== LINE_ID_SETTING;
    })
    .map(({ configName, configValue }) => ({ name: configName, value: configValue }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      { type: TOPIC_RESOURCE, name: topic, configEntries: [...kept, buildLineIdEntry(lineId)] },
    ],
  });
}

/** What is wrong with the topic that was found for a database, as a sentence; null if nothing is. */
export type Mismatch = { readonly kind: "missing" | "foreign"; readonly sentence: string };

/**
 * Whether a topic is the one that a database was made with. Throws what the drivers throw. A database
 * without an id has not seen the migrate step since there are any: nothing is known of it.
 */
export async function findTopicMismatch(
  store: Pick<Store, "findLine">,
  extents: Pick<Extents, "topic" | "findTopic">,
): Promise<Mismatch | null> {
  const known = await store.findLine();
  if (known === null) return null;
  return findMismatch(known, { topic: extents.topic, found: await extents.findTopic() });
}

/** Compares what a database was made with and what is there. */
export function findMismatch(
  known: StoredLine,
  { topic, found }: { readonly topic: string; readonly found: FoundTopic | null },
): Mismatch | null {
  if (known.topic !== topic) {
    const prefix = known.topic.replace(/\.requests$/, "");
    const sentence = `This database was made with the topic ${known.topic}, not ${topic}: set TOPIC_PREFIX=${prefix}, or DATABASE_URL to the database of ${topic}.`;
    return { kind: "foreign", sentence };
  }
  if (found === null) {
    const sentence = `The topic ${topic} does not exist, though this database was made with it. If KAFKA_BROKERS names the right broker, its data are gone: ${MEND}`;
    return { kind: "missing", sentence };
  }
  if (found.lineId === known.lineId) return null;
  const sentence = `The topic ${topic} is not the one that this database was made with, but another of the same name (line ${found.lineId ?? "unknown"}, not ${known.lineId}): nothing is decided on it. If KAFKA_BROKERS and DATABASE_URL name the right servers, ${MEND}`;
  return { kind: "foreign", sentence };
}

const MEND =
  "restore what was lost as docs/operations.md says, or start anew with a new database and new topics together (npm run reset, for those of npm start).";
