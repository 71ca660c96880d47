/**
 * Keeps our patch of kafkajs (patches/): a connection with nothing to send arms no timer. Without it
 * every connection wakes the process a thousand times a second, for ever (kafkajs#1751).
 */
import { createRequire } from "node:module";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

type RequestQueue = {
  readonly throttleCheckTimeoutId: NodeJS.Timeout | null | undefined;
  throttledUntil: number;
  readonly pending: unknown[];
  scheduleCheckPendingRequests(): void;
  destroy(): void;
};
type Constructor = new (options: Record<string, unknown>) => RequestQueue;

const RequestQueue = createRequire(import.meta.url)(
  "kafkajs/src/network/requestQueue",
) as Constructor;

const LATER_MS = 60_000;
const quiet = { debug: () => {}, error: () => {} };

describe("kafkajs, as we have patched it,", () => {
  let queue: RequestQueue;
  beforeEach(() => {
    queue = new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: LATER_MS,
      enforceRequestTimeout: false,
      clientId: "test",
      broker: "none:0",
      logger: { namespace: () => quiet },
      isConnected: () => true,
    });
  });
  afterEach(() => {
    clearTimeout(queue.throttleCheckTimeoutId ?? undefined);
    queue.destroy();
  });

  it("arms no timer while nothing waits and nothing throttles", () => {
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId ?? null).toBeNull();
  });

  it("arms one for what waits", () => {
    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId ?? null).not.toBeNull();
  });

  it("arms one for the end of a throttle", () => {
    queue.throttledUntil = Date.now() + LATER_MS;
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId ?? null).not.toBeNull();
  });
});
