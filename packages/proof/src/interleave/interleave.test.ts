/**
 * Every order in which two workers can decide three requests for two shows, with what may go wrong at any moment of
 * it: in each of them every promise is kept, and everything ends decided and published. `npm run interleave` goes
 * through more of them.
 */
import { expect, it } from "vitest";

import { explore } from "./explorer.ts";
import { buildSmallRequests } from "./small-requests.ts";
import { SmallWorld } from "./small-world.ts";
import type { Trouble } from "./small-world.ts";

const STATES_MAX = 50_000;

it.each<{ readonly troubles: readonly Trouble[]; readonly statesMin: number }>([
  { troubles: [], statesMin: 10 },
  { troubles: ["crash"], statesMin: 70 },
  { troubles: ["lost answer"], statesMin: 150 },
  { troubles: ["crash", "lost answer"], statesMin: 500 },
  { troubles: ["second owner"], statesMin: 5_000 },
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
