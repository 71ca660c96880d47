/**
 * The servers that the other tests stand on, killed the hard way: what was acknowledged is there
 * again, at the same addresses.
 */
import { setTimeout as delay } from "node:timers/promises";

import { Kafka, logLevel } from "kafkajs";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Infrastructure } from "./infrastructure.ts";
import { startOwnServers } from "./own-servers.ts";
import type { InfraPart } from "./running-infra.ts";

const START_MS = 300_000;
const KILL_MS = 90_000;
const FROZEN_MS = 500;
let infra: Infrastructure;

beforeAll(async () => {
  infra = await startOwnServers({ env: process.env, log: () => undefined });
}, START_MS);
afterAll(() => infra.close(), KILL_MS);

function partOf(name: InfraPart["name"]): InfraPart {
  const found = infra.parts.find((part) => part.name === name);
  if (found === undefined) throw new Error(`${name} is not ours`);
  return found;
}

async function kill(name: InfraPart["name"]): Promise<void> {
  await partOf(name).kill();
  await partOf(name).revive();
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

test(
  "a frozen Postgres answers nobody, and everybody when it is awake",
  { timeout: KILL_MS },
  async () => {
    const sql = postgres(infra.databaseUrl, { max: 1 });
    await sql`select 1`;
    await partOf("postgres").freeze();
    let isAnswered = false;
    const answer = sql`select 7 as seven`.then((rows) => {
      isAnswered = true;
      return rows;
    });
    await delay(FROZEN_MS);
    expect(isAnswered).toBe(false);
    await partOf("postgres").wake();
    expect(await answer).toEqual([{ seven: 7 }]);
    await sql.end();
  },
);

test.for(["killed", "out of disk"])(
  "an acknowledged message is there after Kafka was %s",
  { timeout: KILL_MS },
  async (end, { skip }) => {
    const topic = `kept-${end.replaceAll(" ", "-")}`;
    const kafka = new Kafka({
      brokers: [...infra.kafkaBrokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const send = () => producer.send({ topic, acks: -1, messages: [{ value: "7" }] });
    await send();
    let kept = 1;
    await admin.disconnect();
    const broker = partOf("kafka");
    if (end === "killed") await broker.kill();
    else if (broker.fillDisk === null) skip("a container has no limit that could be changed");
    else {
      const gone = broker.fillDisk();
      while (await send().then(Boolean, () => false)) kept += 1;
      await gone;
    }
    await broker.revive();
    await producer.disconnect();
    const again = kafka.admin();
    await again.connect();
    expect(await again.fetchTopicOffsets(topic)).toMatchObject([{ low: "0", high: String(kept) }]);
    await again.disconnect();
  },
);

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
