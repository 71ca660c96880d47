import { expect, test } from "vitest";
import { HEALTHY_RUN_MS, nextRestartIndex, restartDelayMs } from "./backoff.ts";

test("the wait doubles from 0.2 s and never passes 5 s", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 50].map(restartDelayMs);
  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
});

test("a process that ran for a while begins anew, one that fell at once goes on", () => {
  expect(nextRestartIndex(4, HEALTHY_RUN_MS)).toBe(0);
  expect(nextRestartIndex(4, HEALTHY_RUN_MS - 1)).toBe(5);
});
