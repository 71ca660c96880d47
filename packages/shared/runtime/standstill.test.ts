/** Planted faults: every look taken for a standstill, looking on after the end, a standstill told twice. */
import { expect, it } from "vitest";

import { HOST } from "./host.ts";
import { watchStandstill } from "./standstill.ts";

const LIMIT_MS = 1_000;

it("tells once of each time that was too long, and of no shorter one", () => {
  let now = 0;
  let look = () => {};
  let isOver = false;
  const host = {
    ...HOST,
    monotonicMs: () => now,
    schedule: (_: number, call: () => void) => {
      look = call;
      return () => {
        isOver = true;
      };
    },
  };
  const told: number[] = [];
  const onStandstill = (silentMs: number) => told.push(silentMs);
  const close = watchStandstill({ host, limitMs: LIMIT_MS, onStandstill });
  for (const passedMs of [250, LIMIT_MS, LIMIT_MS + 1, 250, 60_000, 250]) {
    now += passedMs;
    look();
  }
  expect(told).toEqual([LIMIT_MS + 1, 60_000]);
  close();
  expect(isOver).toBe(true);
});
