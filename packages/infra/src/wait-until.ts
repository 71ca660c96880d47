/**
 * The one way to wait for something that cannot call back: ask again until it is so, with a
 * deadline. Never waits without one.
 */
import { setTimeout as delay } from "node:timers/promises";

export type WaitOptions = {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
};

const intervalDefaultMs = 50;

/**
 * True as soon as `isSo` says true; false at the deadline. Rejects only when `signal` aborts or
 * `isSo` itself throws.
 */
export async function waitUntil(
  isSo: () => Promise<boolean> | boolean,
  { timeoutMs, intervalMs = intervalDefaultMs, signal }: WaitOptions,
): Promise<boolean> {
  const deadlineAt = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    if (await isSo()) return true;
    if (performance.now() >= deadlineAt) return false;
    await delay(intervalMs, undefined, signal && { signal });
  }
}
