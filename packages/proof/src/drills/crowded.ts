/** What drills with a crowd have in common: what they sell, and how much the system can take. */
import { setTimeout as pause } from "node:timers/promises";

import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import type { RealSystem } from "../real/real-system.ts";
import type { Crowd, Tally } from "./crowd.ts";

/** So many that nobody is ever refused for want of places. */
export const SOLD_TO_CROWDS = {
  sections: [{ name: "Floor", standing: 1_000_000, price: 1_000 }],
  currency: "EUR",
};
/** Clients that ask one thing after the other. */
export const LANES = 64;
const WARM_UP_MS = 5_000;
const MEASURE_MS = 10_000;
const QUIET_MS = 2_000;
const QUIET_MAX_MS = 5 * 60_000;

/** Presses for so long that everything is warm, and then says how much was decided per second. */
export async function measureSustained(
  system: RealSystem,
  crowd: Crowd,
): Promise<{ readonly perSecond: number; readonly tally: Tally }> {
  await crowd.press(LANES, after(WARM_UP_MS));
  const before = await system.countDecided();
  const tally = await crowd.press(LANES, after(MEASURE_MS));
  const decided = (await system.countDecided()) - before;
  return { perSecond: decided / (MEASURE_MS / 1_000), tally };
}

/** Waits until nothing more is decided; throws where that never comes. */
export async function untilQuiet(system: RealSystem): Promise<void> {
  let last = -1;
  const look = async (): Promise<boolean> => {
    const decided = await system.countDecided();
    const isQuiet = decided === last;
    last = decided;
    await pause(QUIET_MS);
    return isQuiet;
  };
  await waitUntil("the line comes to rest", look, QUIET_MAX_MS);
}

/** What to watch the memory of. */
export function listProcesses({ members }: RealSystem) {
  return members.map(({ name, service }) => ({ name, pid: () => service.pid }));
}

/** Whether so much time has passed since now. */
export function after(ms: number): () => boolean {
  const endsAt = performance.now() + ms;
  return () => performance.now() >= endsAt;
}
