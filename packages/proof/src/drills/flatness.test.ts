/** Planted faults: a slope per second, a rise that one odd value makes. */
import { expect, test } from "vitest";

import { riseOf, slopePerHour } from "./flatness.ts";

const HOUR_MS = 3_600_000;
const rising = Array.from({ length: 11 }, (_, index) => ({
  atMs: (index * HOUR_MS) / 10,
  value: 100 + 5 * index,
}));

test("what grows by 50 in an hour has that slope, and rises by about half of it from half to half", () => {
  expect(slopePerHour(rising)).toBeCloseTo(50);
  expect(riseOf(rising)).toBe(30);
});

test("what stays has no slope and does not rise, and one odd value makes no rise", () => {
  const flat = rising.map(({ atMs }) => ({ atMs, value: 7 }));
  expect(slopePerHour(flat)).toBe(0);
  expect(slopePerHour(flat.slice(0, 1))).toBe(0);
  const odd = flat.map((sample, index) => (index === 9 ? { ...sample, value: 900 } : sample));
  expect(riseOf(odd)).toBe(0);
});
