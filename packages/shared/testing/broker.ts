/** Topics of its own for every test file, and the few things that tests want from a broker. */
import type { Admin } from "kafkajs";
import { inject } from "vitest";

import type { Broker } from "../line/broker.ts";
import { buildKafkaBroker } from "../line/kafka-broker.ts";
import type { Sql } from "../db/client.ts";
import { connectKafka } from "../line/kafka.ts";
import type { KafkaAddress } from "../line/kafka.ts";
import { buildTopics, createTopics } from "../line/topics.ts";
import type { Topics } from "../line/topics.ts";
import { HOST } from "../runtime/host.ts";
import type { Host } from "../runtime/host.ts";
import { buildLog } from "../runtime/log.ts";
import type { Log } from "../runtime/log.ts";
import { TEST_PARTITIONS } from "./servers.ts";
import { Proxy } from "./proxy.ts";
import { waitUntil } from "./wait-until.ts";

const SILENT = buildLog("test", "silent");

/** The same for every test: a topic that is made again passes for the old one, unless told. */
const TEST_LINE_ID = "1000000000001";

let made = 0;

/** The broker of this run. */
export function testBroker(clientId = "test"): KafkaAddress {
  return { brokers: inject("kafkaBrokers"), clientId, log: SILENT };
}

/** What stands on a broker wants: the one of this run, unless told otherwise. */
export function testGround(
  clientId = "test",
  address: Partial<KafkaAddress> = {},
): { readonly host: Host; readonly broker: Broker; readonly log: Log } {
  const whole = { ...testBroker(clientId), ...address };
  return { host: HOST, broker: buildKafkaBroker(whole), log: whole.log };
}

/** A prefix that nobody else has. */
export function buildTopicPrefix(): string {
  return `${inject("runName")}.${process.pid}.${(made += 1)}`;
}

/** The topics of a line, as the migrate step makes them. */
export async function createTestTopics(
  prefix: string = buildTopicPrefix(),
  {
    partitionCount = TEST_PARTITIONS,
    lineId = TEST_LINE_ID,
  }: { readonly partitionCount?: number; readonly lineId?: string } = {},
): Promise<Topics> {
  const topics = buildTopics(prefix);
  await withAdmin((admin) =>
    createTopics(admin, { topics, partitionCount, replicationFactor: 1, lineId }),
  );
  return topics;
}

/** What the migrate step writes once it knows the topics. */
export async function bindDatabase(sql: Sql, { requests: topic }: Topics): Promise<void> {
  await sql`insert into line (topic, line_id) values (${topic}, ${TEST_LINE_ID})`;
}

/** Deletes topics of one line, and makes them again. */
export async function replaceTopics(
  topics: readonly string[],
  make: () => Promise<unknown>,
): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [...topics] });
    await waitUntil("the topics are gone", async () => {
      const left = await admin.listTopics();
      return !topics.some((topic) => left.includes(topic));
    });
  });
  await make();
}

/** Work with an admin client that is gone afterwards. */
export async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const options = { ...testBroker(), requestTimeoutMs: 10_000, retries: 20 };
  const admin = connectKafka(options).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A proxy that clients take for the broker. */
export async function openBrokerProxy(): Promise<Proxy> {
  const { brokers } = await withAdmin((admin) => admin.describeCluster());
  const [broker] = brokers;
  if (broker === undefined) throw new Error("the cluster has a broker");
  return await Proxy.openBroker(broker);
}
