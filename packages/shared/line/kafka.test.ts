/** What kafkajs says many times a second while the broker is away stands in the log once. */
import { expect, test } from "vitest";

import { buildReadableLog } from "../testing/log-lines.ts";
import { connectKafka } from "./kafka.ts";

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
