/** Makes a plan that goes wrong as small as it can be while the same thing goes wrong. */
import { judge } from "./judge.ts";
import type { Plan } from "./plan.ts";

/** Tries without end would help nobody: what is found within these is mostly small. */
const TRIES_MAX = 400;

/** The smallest plan found. `name` is what goes wrong. */
export async function shrink(plan: Plan, name: string): Promise<Plan> {
  let smallest = plan;
  let left = TRIES_MAX;
  for (let before = Infinity; sizeOf(smallest) < before && left > 0;) {
    before = sizeOf(smallest);
    for (const drop of dropParts(smallest)) {
      // From what is smallest by now.
      const smaller = drop(smallest);
      if (sizeOf(smaller) === sizeOf(smallest)) continue;
      if (left === 0) break;
      left -= 1;
      const { wrong } = await judge(smaller);
      if (wrong.some((it) => it.name === name)) smallest = smaller;
    }
  }
  return smallest;
}

function sizeOf({ faults, errands, staff, gateways, workers, expiryWorkers }: Plan): number {
  const follow = errands.reduce((sum, { next }) => sum + next.length, 0);
  return (
    faults.length + errands.length + follow + staff.length + gateways + workers + expiryWorkers
  );
}

type Drop = (plan: Plan) => Plan;

/** Ways to make a plan smaller: large cuts first. */
function* dropParts(plan: Plan): Generator<Drop> {
  for (const list of ["errands", "faults", "staff"] as const) {
    for (let length = plan[list].length; length >= 1; length = Math.floor(length / 2)) {
      for (let from = 0; from < plan[list].length; from += length) {
        yield (it) => ({
          ...it,
          [list]: [...it[list].slice(0, from), ...it[list].slice(from + length)],
        });
      }
    }
  }
  for (const count of ["gateways", "workers", "expiryWorkers"] as const) {
    yield (it) => ({ ...it, [count]: Math.max(1, it[count] - 1) });
  }
  for (let index = 0; index < plan.errands.length; index++) {
    yield (it) => ({
      ...it,
      errands: it.errands.map((errand, at) =>
        at === index ? { ...errand, next: errand.next.slice(0, -1) } : errand,
      ),
    });
  }
}
