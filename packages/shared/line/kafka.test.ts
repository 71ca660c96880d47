/**
 * What kafkajs says many times a second while the broker is away stands in the log once; a consumer that does not end
 * holds up nobody.
 */
import type { Consumer } from "kafkajs";
import { expect, test } from "vitest";

import { buildReadableLog } from "../testing/log-lines.ts";
import { connectKafka, leave } from "./kafka.ts";

test("a broker that is away is told of, and not again at every try of every client", async () => {
  const { log, lines } = buildReadableLog();
  const options = { brokers: ["127.0.0.1:1"], clientId: "test", log };
  for (let count = 0; count < 2; count++) {
    const admin = connectKafka({ ...options, requestTimeoutMs: 1_000, retries: 2 }).admin();
    await expect(admin.connect()).rejects.toThrow("ECONNREFUSED");
    await admin.disconnect();
  }
  const said = lines.filter(({ msg }) => msg.includes("ECONNREFUSED"));
  const told = said.filter(({ level }) => level === "info").map(({ msg }) => msg);
  expect(told.length).toBeGreaterThan(0);
  expect(new Set(told).size).toBe(told.length);
  expect(said.length).toBeGreaterThan(2 * told.length);
});

test("a consumer that never says that it has ended is left behind, and told of", async () => {
  const { log, lines } = buildReadableLog();
  const stuck = { disconnect: () => new Promise<void>(() => {}) } as Consumer;
  await leave(stuck, log);
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    ["warn", "the consumer group was not left; its session will end by itself"],
  ]);
});
