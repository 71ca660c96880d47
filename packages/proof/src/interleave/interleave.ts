/** `npm run interleave`: every order of a small world, with everything that may go wrong in it. */
import { parseArgs } from "node:util";

import { explore } from "./explorer.ts";
import { buildSmallRequests } from "./small-requests.ts";
import { SmallWorld } from "./small-world.ts";
import type { Trouble } from "./small-world.ts";

/** What goes wrong together. A worker that freezes and wakes is one that does nothing for a while: any order has that. */
const TROUBLES: readonly (readonly Trouble[])[] = [
  [],
  ["crash"],
  ["lost question"],
  ["lost answer"],
  ["crash", "lost answer"],
  ["second owner"],
  ["second owner", "crash"],
  ["second owner", "lost answer"],
];
const STATES_MAX = 5_000_000;

/** True if no order goes wrong. */
export async function runInterleave(
  args: readonly string[],
  print: (line: string) => void,
): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: { short: { type: "boolean", default: false } },
  });
  // Two troubles at once, with two owners, are most of it.
  const lists = TROUBLES.filter((troubles) => !values.short || troubles.length < 2);
  for (const troubles of lists) {
    const requests = buildSmallRequests();
    const startedAt = performance.now();
    const { states, ends, endStates, longest, wrong } = await explore(
      () => new SmallWorld(requests, troubles),
      STATES_MAX,
    );
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const name = troubles.length === 0 ? "nothing" : troubles.join(" and ");
    print(
      `${name}: ${states} states, ${ends} ends in ${endStates} states, up to ${longest} steps, in ${seconds} s`,
    );
    if (wrong === null) continue;
    for (const fault of wrong.faults) print(`NOT SO: ${fault}`);
    for (const step of wrong.path) print(`  ${step}`);
    return false;
  }
  return true;
}
