/**
 * The servers that the other tests stand on, killed the hard way: what was acknowledged is there
 * again, at the same addresses.
 */
import { Kafka, logLevel } from "kafkajs";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startInfrastructure } from "./infrastructure.ts";
import type { Infrastructure } from "./infrastructure.ts";

const START_MS = 300_000;
const KILL_MS = 90_000;
let infra: Infrastructure;

beforeAll(async () => {
  // Its own servers, whatever the other tests were given: these get killed.
  const { DATABASE_URL: _, KAFKA_BROKERS: __, ...env } = process.env;
  const mode = env["INFRA"] === "external" ? "auto" : (env["INFRA"] ?? "auto");
  infra = await startInfrastructure({
    purpose: "test",
    env: { ...env, INFRA: mode },
    log: () => undefined,
  });
}, START_MS);
afterAll(() => infra.close(), KILL_MS);

async function kill(name: "postgres" | "kafka"): Promise<void> {
  const part = infra.parts.find((part) => part.name === name);
  await part?.kill();
  await part?.revive();
}

test("a committed row is there after Postgres was killed", { timeout: KILL_MS }, async () => {
  const connect = (): postgres.Sql => postgres(infra.databaseUrl, { max: 1 });
  const before = connect();
  await before`create table kept (id int primary key)`;
  await before`insert into kept values (7)`;
  await before.end();
  await kill("postgres");
  const after = connect();
  expect(await after`select id from kept`).toEqual([{ id: 7 }]);
  await after.end();
});

test("an acknowledged message is there after Kafka was killed", { timeout: KILL_MS }, async () => {
  const kafka = new Kafka({ brokers: [...infra.kafkaBrokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "kept", numPartitions: 1 }] });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({ topic: "kept", acks: -1, messages: [{ value: "7" }] });
  await producer.disconnect();
  await admin.disconnect();
  await kill("kafka");
  const again = kafka.admin();
  await again.connect();
  expect(await again.fetchTopicOffsets("kept")).toMatchObject([{ low: "0", high: "1" }]);
  await again.disconnect();
});

test("a topic that nobody made is not made by a typing error", { timeout: KILL_MS }, async () => {
  const kafka = new Kafka({
    brokers: [...infra.kafkaBrokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const producer = kafka.producer();
  await producer.connect();
  await expect(producer.send({ topic: "typo", messages: [{ value: "1" }] })).rejects.toThrow(
    "does not host this topic",
  );
  await producer.disconnect();
});
