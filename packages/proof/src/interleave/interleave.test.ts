/**
 * Every order in which two workers can decide three bookings for two shows, with what may go wrong at any moment of
 * it: in each of them every promise is kept, and everything ends decided and published. `npm run interleave` goes
 * through more of them.
 */
import { describe, expect, it } from "vitest";

import { explore } from "./explorer.ts";
import { buildSmallRequests } from "./small-requests.ts";
import { SmallWorld } from "./small-world.ts";
import type { Trouble } from "./small-world.ts";

const STATES_MAX = 50_000;

it.each<{ readonly troubles: readonly Trouble[]; readonly statesMin: number }>([
  { troubles: [], statesMin: 10 },
  { troubles: ["crash"], statesMin: 70 },
  { troubles: ["lost question"], statesMin: 100 },
  { troubles: ["lost answer"], statesMin: 150 },
  { troubles: ["crash", "lost answer"], statesMin: 500 },
  { troubles: ["second owner"], statesMin: 4_000 },
])(
  "keeps every promise with $troubles, in every order",
  async ({ troubles, statesMin }) => {
    const requests = buildSmallRequests();
    const { wrong, states } = await explore(() => new SmallWorld(requests, troubles), STATES_MAX);
    expect(wrong).toBeNull();
    expect(states).toBeGreaterThan(statesMin);
  },
  120_000,
);

/** What one worker does when nothing goes wrong: the questions that it asks, in their order. */
async function findSteps(): Promise<readonly string[]> {
  const world = new SmallWorld(buildSmallRequests(), []);
  const steps: string[] = [];
  for (let [step] = world.options(); step !== undefined; [step] = world.options()) {
    steps.push(step);
    await world.choose(step);
  }
  return steps;
}

describe("a worker that dies", async () => {
  const steps = await findSteps();

  it("does so at every step of a batch", () => {
    expect([...new Set(steps.map((step) => step.replace("one: ", "")))]).toEqual([
      "loadPartitions",
      "findLine",
      "extents",
      "fetch",
      "loadRedo",
      "loadShows",
      "commitDecisions",
      "send",
      "loadBookings",
      "time passes",
    ]);
  });

  it.each(
    steps
      .map((step, index) => ({ index, step: step.replace("one: ", "") }))
      .filter(({ step }) => step !== "time passes")
      .flatMap((at) => ["before", "after"].map((when) => ({ ...at, when }))),
  )("$when $step (step $index) loses nothing, and nothing is done twice", async (at) => {
    const world = new SmallWorld(buildSmallRequests(), ["crash"]);
    for (const step of steps.slice(0, at.index)) await world.choose(step);
    await world.choose(`one: dies ${at.when} ${at.step}`);
    for (let [step] = world.options(); step !== undefined; [step] = world.options()) {
      await world.choose(step);
    }
    expect(world.judge()).toEqual([]);
  });
});
