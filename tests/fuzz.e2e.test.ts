/**
 * Whatever is sent, over HTTP or straight into the line: no crash, no 5xx that is not meant, no partition held up.
 * A small run of `npm run fuzz`, new each time; the seed is printed, and taken again from SEED.
 */
import { runFuzz } from "@seatline/proof/fuzz/fuzz.ts";
import type { FuzzTarget } from "@seatline/proof/fuzz/target.ts";
import { seedOfRun } from "@seatline/shared/testing/random.ts";
import { expect, inject, test } from "vitest";

import { ID_SECRET, useStack } from "./stack.ts";

const REQUESTS = 4_000;
const MESSAGES = 2_000;
/** Here a busy machine is not to be told for a partition that is held up: `npm run fuzz` is stricter. */
const GOOD_MS_MAX = 3_000;

const stack = useStack({ expiryWorkers: 1 });

function buildTarget(): FuzzTarget {
  const { gateways, workers, expiryWorkers, topics } = stack();
  const services = [...gateways, ...workers, ...expiryWorkers];
  const read = new Map<string, number>();
  return {
    url: stack().gateway().url,
    adminToken: null,
    kafkaBrokers: inject("kafkaBrokers"),
    topics,
    idSecrets: [ID_SECRET],
    processes: () => services.map(({ name, pid }) => ({ name, pid })),
    readLogs: () =>
      services.flatMap(({ name, log }) => {
        const lines = log.split("\n");
        const news = lines.slice(read.get(name) ?? 0);
        read.set(name, lines.length);
        return news;
      }),
  };
}

test("nothing that nobody should send does any harm", async () => {
  const seed = seedOfRun();
  const lines: string[] = [];
  const { signal } = new AbortController();
  const print = (line: string) => lines.push(line);
  const counts = { requests: REQUESTS, messages: MESSAGES, goodMsMax: GOOD_MS_MAX };
  const job = { target: buildTarget(), ...counts, seed, print, signal };
  const isFine = await runFuzz(job);
  expect(lines.filter((line) => line.startsWith("FAULT"))).toEqual([]);
  expect(isFine, lines.join("\n")).toBe(true);
  const report = lines.join("\n");
  expect(report).toContain(`HTTP: ${REQUESTS} requests`);
  // Every operation was answered, and every kind of poison sent and parked as it must.
  expect(report).not.toContain("  0  none");
  const parked = Number(/Topic: \d+ messages in \d+ s, (\d+) parked/.exec(report)?.[1]);
  expect(parked).toBeGreaterThan(MESSAGES / 2);
  const { sql } = stack().database;
  const [letters] = await sql<{ count: number }[]>`select count(*)::int as count from dead_letters`;
  expect(letters?.count).toBe(parked);
});
