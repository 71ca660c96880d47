/** A member of a group that comes while the broker is away waits for it, and can be told to stop waiting. */
import { afterEach, beforeEach, expect, it } from "vitest";

import { createTestTopics, openBrokerProxy, testBroker } from "../testing/broker.ts";
import { buildReadableLog } from "../testing/log-lines.ts";
import type { Proxy } from "../testing/proxy.ts";
import { waitUntil } from "../testing/wait-until.ts";
import { KafkaGroupReader } from "./kafka-group.ts";

const SESSION_TIMEOUT_MS = 6_000;
let proxy: Proxy;
let assigned: number[];
const { log, lines } = buildReadableLog();

beforeEach(async () => {
  proxy = await openBrokerProxy();
  proxy.cut();
  assigned = [];
});
afterEach(() => proxy.close());

async function buildReader(): Promise<KafkaGroupReader> {
  const { requests: topic } = await createTestTopics();
  return new KafkaGroupReader(
    { ...testBroker(), brokers: [proxy.address], log },
    {
      topic,
      groupId: topic,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      events: {
        onAssigned: (partitions) => assigned.push(...partitions),
        onMessages: (_, messages) => messages.length,
        onFetch: () => {},
        onDisconnect: () => {},
        onCrash: (error) => {
          throw error;
        },
      },
    },
  );
}

const waiting = () => lines.filter(({ msg }) => msg === "the broker is away; waiting for it");

it("joins as soon as the broker is there", async () => {
  const reader = await buildReader();
  const running = reader.run();
  await waitUntil("it waits", () => waiting().some(({ level }) => level === "warn"));
  expect(assigned).toEqual([]);
  proxy.mend();
  await running;
  await waitUntil("it has its partitions", () => assigned.length > 0);
  // A place that is sought before or between joins is no fault: partitions are handed out after each join.
  await reader.close();
  reader.seek(0, 0);
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
});

it("does not wait any longer once it is closed", async () => {
  const reader = await buildReader();
  const running = reader.run();
  const before = waiting().length;
  await waitUntil("it waits", () => waiting().length > before);
  await reader.close();
  await running;
  expect(assigned).toEqual([]);
});
