/** The clock by which holds begin, and the alarm for one that runs away. */
import { setTimeout as pause } from "node:timers/promises";

import { HOST } from "@seatline/shared/runtime/host.ts";
import { buildReadableLog } from "@seatline/shared/testing/log-lines.ts";
import { expect, it } from "vitest";

import { CLOCK_AHEAD_MAX_MS, DecisionClock } from "./decision-clock.ts";

const START = Date.UTC(2026, 0);

function build() {
  const { log, lines } = buildReadableLog();
  return { clock: new DecisionClock(START, { host: HOST, log }), lines };
}

it("goes on between two answers of the database", async () => {
  const { clock } = build();
  await pause(20);
  expect(clock.read()).toBeGreaterThan(START + 10);
  clock.set(START + 60_000);
  expect(clock.read()).toBeGreaterThanOrEqual(START + 60_000);
});

it("never goes back, whatever the database says", () => {
  const { clock } = build();
  clock.set(START + 60_000);
  const before = clock.read();
  clock.set(START);
  expect(clock.read()).toBe(before);
});

it("tells of a log's clock that is ahead, once for each time", () => {
  const { clock, lines } = build();
  clock.watch(START + CLOCK_AHEAD_MAX_MS);
  expect(lines).toHaveLength(0);
  clock.watch(START + CLOCK_AHEAD_MAX_MS + 1);
  clock.watch(START + CLOCK_AHEAD_MAX_MS + 2);
  expect(lines).toMatchObject([{ aheadMs: CLOCK_AHEAD_MAX_MS + 1 }]);
  clock.watch(START);
  clock.watch(START + 86_400_000);
  expect(lines).toHaveLength(2);
});
