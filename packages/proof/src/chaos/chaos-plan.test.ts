/** What goes wrong in runs of chaos: the same for the same seed, everything sooner or later, nothing twice at once. */
import { expect, test } from "vitest";

import { buildChaosPlan, describeFault } from "./chaos-plan.ts";
import type { FaultKind } from "./chaos-plan.ts";

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const OPTIONS = { episodes: 4, without: [] };

function kindsOf(seeds: readonly number[], without: readonly FaultKind[]): Set<FaultKind> {
  const plans = seeds.flatMap((seed) => buildChaosPlan(seed, { ...OPTIONS, without }));
  return new Set(plans.flat().map(({ kind }) => kind));
}

test("equal seeds have equal plans, and others have others", () => {
  expect(buildChaosPlan(7, OPTIONS)).toEqual(buildChaosPlan(7, OPTIONS));
  expect(buildChaosPlan(7, OPTIONS)).not.toEqual(buildChaosPlan(8, OPTIONS));
});

test("forty runs have every kind of fault, but what cannot be had", () => {
  expect(kindsOf(SEEDS, [])).satisfy((kinds: Set<string>) => kinds.size === 12);
  const without = kindsOf(SEEDS, ["disk-full"]);
  expect(without).satisfy((kinds: Set<string>) => kinds.size === 11);
  expect(without).not.toContain("disk-full");
});

test("every victim is named, once in an episode", () => {
  for (const seed of SEEDS) {
    for (const episode of buildChaosPlan(seed, OPTIONS)) {
      expect(episode.length).toBeGreaterThan(0);
      const words = episode.map((fault) =>
        describeFault(fault).replace(/ (for [\d.]+ s|\w+)$/, ""),
      );
      expect(new Set(words).size).toBe(words.length);
    }
  }
});
