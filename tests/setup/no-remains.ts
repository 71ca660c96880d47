/**
 * Runs around every test file: whatever connection, server, process or timer a file leaves open
 * fails it. What is closing just now gets a moment to do so.
 */
import { setTimeout as pause } from "node:timers/promises";

import { afterAll, beforeAll } from "vitest";

const CLOSING_MAX_MS = 5_000;
const INTERVAL_MS = 10;

/** What the runner itself keeps open. Its timers are short: they do not count, they are waited for. */
let before: ReadonlyMap<string, number>;

beforeAll(() => {
  before = countResources().set("Timeout", 0);
});

afterAll(async () => {
  const deadline = performance.now() + CLOSING_MAX_MS;
  while (listRemains().length > 0 && performance.now() < deadline) await pause(INTERVAL_MS);
  const remains = listRemains();
  if (remains.length > 0) throw new Error(`the file left open: ${remains.join(", ")}`);
});

function listRemains(): string[] {
  return [...countResources()]
    .map(([name, count]) => ({ name, more: count - (before.get(name) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ name, more }) => `${more} ${name}`);
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
