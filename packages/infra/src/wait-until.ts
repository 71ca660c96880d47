/**
 * Waits for something that cannot call back: ask again until it is so, with a
 * deadline. Never waits without one.
 */
import { setTimeout as delay } from "node:timers/promises";

export type WaitOptions = {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
};

const INTERVAL_DEFAULT_MS = 50;

/**
 * True as soon as `isSo` says true; false at the deadline. Rejects only with the reason of
 * `signal`, or when `isSo` itself throws.
 */
export async function waitUntil(
  isSo: () => Promise<boolean> | boolean,
  { timeoutMs, intervalMs = INTERVAL_DEFAULT_MS, signal }: WaitOptions,
): Promise<boolean> {
  const deadlineAt = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    if (await isSo()) return true;
    if (performance.now() >= deadlineAt) return false;
    // An aborted wait must tell the reason that was given, not that a timer was cut short.
    await delay(intervalMs, undefined, signal && { signal }).catch(() => undefined);
  }
}
