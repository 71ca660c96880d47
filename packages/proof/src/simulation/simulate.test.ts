/** A simulated run is the same each time, comes to rest whatever happened in it, and loses nothing that was asked. */
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { expect, it } from "vitest";

import { buildPlan } from "./plan.ts";
import { simulate } from "./simulate.ts";

const RUNS_TWICE = 5;
const seed = seedOfRun();

it(`is the same run, byte for byte, from the same seed (SEED=${seed})`, async () => {
  const random = buildRandom(seed);
  for (let count = 0; count < RUNS_TWICE; count++) {
    const plan = buildPlan(random.int(1, 0x7fff_ffff));
    const play = async () => {
      const lines: string[] = [];
      const run = await simulate(plan, (line) => lines.push(line));
      return JSON.stringify({ lines, run: { ...run, injected: [...run.injected] } });
    };
    expect(await play()).toBe(await play());
  }
});
