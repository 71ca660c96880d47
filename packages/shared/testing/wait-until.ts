/** Waiting in tests: for a thing to be so, never for a time to pass. */
import { setTimeout as pause } from "node:timers/promises";

const INTERVAL_MS = 10;
const DEADLINE_MS = 30_000;

/** Looks again and again until it finds something; throws, saying what it waited for, if that never comes. */
export async function waitUntil<T>(
  what: string,
  look: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > deadline) throw new Error(`not so within ${deadlineMs} ms: ${what}`);
    await pause(INTERVAL_MS);
  }
}
