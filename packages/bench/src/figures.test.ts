/** Percentiles, gaps and their spelling; seat ranges; latency targets. */
import { expect, test } from "vitest";

import { countWords, encodeMs, longestGap, percentile } from "./figures.ts";
import { findMissedTargets } from "./latency-report.ts";
import { parseSeatRanges } from "./seat-ranges.ts";

test("a percentile is a value that was measured", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 50, 99, 100]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBeNull();
});

test("the longest gap does not depend on the order of what is given", () => {
  expect(longestGap([10, 2, 3])).toBe(7);
  expect(longestGap([5])).toBeNull();
});

test("words are counted, the most frequent first", () => {
  expect(countWords(["a", "b", "b"])).toEqual([
    ["b", 2],
    ["a", 1],
  ]);
});

test("what was not measured has no figure", () => {
  expect([null, 1.25, 1_500].map(encodeMs)).toEqual(["–", "1.3 ms", "1.50 s"]);
});

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
