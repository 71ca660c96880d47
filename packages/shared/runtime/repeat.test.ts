/** Planted faults: a turn begun before the last one ended, one begun after the close. */
import { setTimeout as pause } from "node:timers/promises";

import { expect, it } from "vitest";

import { waitUntil } from "../testing/wait-until.ts";
import { HOST } from "./host.ts";
import { repeat } from "./repeat.ts";

it("does one turn at a time, and the last one to its end", async () => {
  let begun = 0;
  let ended = 0;
  let together = 0;
  const work = async () => {
    begun += 1;
    together = Math.max(together, begun - ended);
    await pause(2);
    ended += 1;
  };
  const repeated = repeat(work, { host: HOST, intervalMs: 1 });
  await waitUntil("it has gone round, and is at it", () => begun >= 3 && begun > ended);
  await repeated.close();
  expect({ together, open: begun - ended }).toEqual({ together: 1, open: 0 });
  const before = begun;
  await pause(20);
  expect(begun).toBe(before);
});
