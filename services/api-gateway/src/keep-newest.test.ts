import { expect, test } from "vitest";

import { keepNewest } from "./keep-newest.ts";

test("the map never holds more than its bound, and what was set longest ago goes first", () => {
  const map = new Map<string, number>();
  for (const [index, key] of ["a", "b", "c", "a", "d"].entries()) {
    keepNewest(map, 3, [key, index]);
    expect(map.size).toBeLessThanOrEqual(3);
  }
  expect([...map]).toEqual([
    ["c", 2],
    ["a", 3],
    ["d", 4],
  ]);
});
