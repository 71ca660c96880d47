/** Seat ranges; latency targets. */
import { expect, test } from "vitest";

import { findMissedTargets } from "./latency-report.ts";
import { parseSeatRanges } from "./seat-ranges.ts";

test("seat ranges are read whole or not at all", () => {
  expect(parseSeatRanges("")).toEqual([]);
  expect(parseSeatRanges("3-4,9")).toEqual([3, 4, 9]);
  const malformed = ["4-3", "9,3", "3-5,5", "3,", "a", "0", "1-9999999"];
  expect(malformed.filter((text) => parseSeatRanges(text) !== null)).toEqual([]);
});

test("a target is missed by what is slower, and by what was not measured", () => {
  const fast = { toAck: [2], toPolled: [6], toOutcome: [6] };
  expect(findMissedTargets(fast)).toEqual([]);
  expect(findMissedTargets({ ...fast, toAck: [5.2] })).toHaveLength(1);
  expect(findMissedTargets({ ...fast, toOutcome: [...Array(98).fill(6), 31, 31] })).toHaveLength(1);
  expect(findMissedTargets({ ...fast, toOutcome: [] })).toHaveLength(2);
});
