/** Topics of its own for every test file, and the few things that tests want from a broker. */
import type { Admin } from "kafkajs";
import { inject } from "vitest";

import type { Broker } from "../line/broker.ts";
import { buildKafkaBroker } from "../line/kafka-broker.ts";
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

const SILENT = buildLog("test", "silent");

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
  partitionCount: number = TEST_PARTITIONS,
): Promise<Topics> {
  const topics = buildTopics(prefix);
  await createTopics({ ...testBroker(), topics, partitionCount, replicationFactor: 1 });
  return topics;
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
