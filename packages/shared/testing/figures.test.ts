/** Percentiles, gaps and their spelling. */
import { expect, test } from "vitest";

import { countWords, encodeMs, longestGap, percentile } from "./figures.ts";

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
