/**
 * A database, a topic and secrets that do not belong together: a wiped broker under a kept database, a
 * wiped database beside a kept broker, a mistyped setting. The migrate step, the worker and the gateway
 * each refuse with one sentence, and nothing is made or decided.
 */
import { afterEach, expect, test } from "vitest";

import { createTestTopics, replaceTopics, withAdmin } from "@seatline/shared/testing/broker.ts";
import { createDatabase } from "@seatline/shared/testing/database.ts";
import type { TestDatabase } from "@seatline/shared/testing/database.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";
import { EXIT_CONFIG } from "@seatline/shared/runtime/config.ts";

import { runMigrateStep } from "@seatline/shared/testing/migrate-step.ts";
import { ID_SECRET, useStack } from "./stack.ts";

const stack = useStack();
const databases: TestDatabase[] = [];
afterEach(async () => {
  await Promise.all(databases.splice(0).map((database) => database.close()));
});

const prefix = () => stack().topics.requests.replace(/\.requests$/, "");
const listTopics = () =>
  withAdmin(async (admin) =>
    (await admin.listTopics()).filter((name) => name.startsWith(prefix())),
  );
const readState = () => stack().database.sql`
  select (select count(*) from bookings) as bookings, (select sum(next_offset) from partitions) as decided`;

const migrate = (env: Readonly<Record<string, string>> = {}) =>
  runMigrateStep({ ...stack().env, PARTITIONS: String(TEST_PARTITIONS), ...env });

/** The code that a service ends with, and whether it said so. */
async function endOf(service: "gateway" | "worker", sentence: string) {
  const its = stack()[service]();
  its.launch();
  const code = await its.untilEnded();
  return { code, said: its.log.includes(sentence) };
}

const REFUSED = { code: EXIT_CONFIG, said: true };

test("a prefix that was mistyped is named", async () => {
  const { code, words } = await migrate({ TOPIC_PREFIX: `${prefix()}x` });
  expect({ code, words }).toEqual({
    code: EXIT_CONFIG,
    words: [expect.stringContaining(`set TOPIC_PREFIX=${prefix()}, or DATABASE_URL`)],
  });
  expect((await listTopics()).sort()).toEqual(Object.values(stack().topics).sort());
});

test("a wiped database: what stands in the topic is not decided again", async () => {
  const { topics, client } = stack();
  const { id: showId } = await client.createShow();
  await client.book({ showId, count: 1 });
  const wiped = await createDatabase("nothing");
  databases.push(wiped);
  const elsewhere = { DATABASE_URL: wiped.url };
  const { code, words } = await migrate(elsewhere);
  const sentence = `migrate: The topic ${topics.requests} holds the requests of another life (2 so far), but this database is new`;
  expect({ code, words }).toEqual({
    code: EXIT_CONFIG,
    words: [expect.stringContaining(sentence)],
  });
  // Whoever starts the services all the same does not get further.
  const noLine = "the database has no line yet; run the migrate step first";
  for (const service of [await stack().addGateway(elsewhere), await stack().addWorker(elsewhere)]) {
    service.launch();
    expect(await service.untilEnded()).toBe(EXIT_CONFIG);
    expect(service.log).toContain(noLine);
  }
  const [row] = await wiped.sql<{ count: number }[]>`select count(*)::int from bookings`;
  expect(row?.count).toBe(0);
});

test("secrets that are not those of the bookings are refused", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  await client.book({ showId, count: 1 });
  const stranger = await stack().addGateway({ ID_SECRETS: "another secret than until now" });
  stranger.launch();
  expect(await stranger.untilEnded()).toBe(EXIT_CONFIG);
  expect(stranger.log).toContain("ID_SECRETS holds none of the secrets behind the newest bookings");
  const rotated = await stack().addGateway({ ID_SECRETS: `a new secret in front,${ID_SECRET}` });
  await rotated.start();
});

test("a wiped broker: no topics are made for a database that has a line, and none is served", async () => {
  const { client, topics } = stack();
  const { id: showId } = await client.createShow();
  await client.book({ showId, count: 1 });
  expect(await migrate()).toEqual({ code: 0, words: [] });
  await stack().gateway().stop();
  await stack().worker().stop();
  const before = await readState();

  await replaceTopics(Object.values(topics), async () => {
    const { code, words } = await migrate();
    const sentence = `migrate: The topic ${topics.requests} does not exist, though this database was made with it.`;
    expect({ code, words }).toEqual({
      code: EXIT_CONFIG,
      words: [expect.stringContaining(sentence)],
    });
    expect(await listTopics()).toEqual([]);
    await createTestTopics(prefix(), { lineId: "1000000000002" });
  });
  const foreign = `The topic ${topics.requests} is not the one that this database was made with`;
  const step = await migrate();
  expect(step).toEqual({ code: EXIT_CONFIG, words: [expect.stringContaining(foreign)] });
  expect(await endOf("worker", foreign)).toEqual(REFUSED);
  expect(await endOf("gateway", foreign)).toEqual(REFUSED);
  expect(await readState()).toEqual(before);
});
