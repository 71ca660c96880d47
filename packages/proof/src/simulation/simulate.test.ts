/**
 * Simulated runs: the whole system in one process, with something going wrong in every one of them. Each is the same
 * whenever it is played, and whatever happens in it, its history keeps every promise.
 */
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { expect, it } from "vitest";

import { judge } from "./judge.ts";
import { buildPlan } from "./plan.ts";
import { runSimulate } from "./simulate-many.ts";
import { simulate } from "./simulate.ts";
import { addVerdict, buildTally, medianOf } from "./tally.ts";

const RUNS = 2_000;
const RUNS_TWICE = 5;
const TIMEOUT_MS = 300_000;
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

it(`keeps every promise, ${RUNS} times (SEED=${seed})`, { timeout: TIMEOUT_MS }, async () => {
  const tally = buildTally();
  for (let index = 0; index < RUNS; index++) {
    const verdict = await judge(buildPlan((seed + index) % 0x7fff_ffff));
    expect(verdict.wrong, `npm run simulate -- --only ${verdict.seed}`).toEqual([]);
    addVerdict(tally, verdict);
  }
  expect(medianOf(tally.requests)).toBeGreaterThanOrEqual(50);
  expect(medianOf(tally.faults)).toBeGreaterThanOrEqual(3);
});

it("plays as many as it is told to, in threads, and says what they had in them", async () => {
  const lines: string[] = [];
  const isWell = await runSimulate(["--runs", "60", "--threads", "1", "--seed", "1"], (line) =>
    lines.push(line),
  );
  expect(isWell).toBe(true);
  expect(lines.at(-1)).toMatch(/^60 runs in \d+ s, 0 went wrong$/);
});
