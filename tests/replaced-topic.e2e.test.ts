/** A topic that was wiped under a kept database must never swallow a request. */
import { expect, test } from "vitest";

import { createTestTopics, replaceTopics } from "@seatline/shared/testing/broker.ts";
import { EXIT_CONFIG } from "@seatline/shared/runtime/config.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { problemOf } from "./client.ts";
import { useStack } from "./stack.ts";

const stack = useStack();

/** Catches a gateway that takes any ack for good: it would promise what no worker will ever decide. */
test("a topic that was recreated is refused: 503, not ready, one clear sentence, nothing decided", async () => {
  const { client } = stack();
  const { topics, database } = stack();
  const { id: showId } = await client.createShow();
  for (let count = 0; count < 5; count++) await client.book({ showId, count: 1 });
  const readState = () => database.sql`
    select (select count(*) from bookings) as bookings, (select sum(next_offset) from partitions) as decided`;
  const before = await readState();
  await replaceTopics([topics.requests], () =>
    createTestTopics(topics.requests.replace(/\.requests$/, "")),
  );
  await waitUntil("the gateway notices", async () => {
    const answer = await client.ask({ showId, count: 1 });
    expect(problemOf(answer)).toMatchObject({ status: 503, reason: "unavailable" });
    return (await client.call("/health/ready")).status === 503;
  });
  await stack().gateway().untilLogged("was replaced: a new request");
  expect(problemOf(await client.ask({ showId, count: 1 })).status).toBe(503);
  expect(await stack().worker().untilEnded()).toBe(EXIT_CONFIG);
  await stack().worker().untilLogged("was replaced or cut");
  // Started again, it still refuses: only a person can mend that.
  stack().worker().launch();
  expect(await stack().worker().untilEnded()).toBe(EXIT_CONFIG);
  expect(await readState()).toEqual(before);
});
