/**
 * Keeps our patch of kafkajs (patches/). A connection with nothing to send arms no timer: without that, every
 * connection wakes the process a thousand times a second, for ever (kafkajs#1751). And a consumer that crashed is
 * started again wherever we say so: without that, one for whose group no coordinator was found ends for ever.
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

type Crash = { readonly payload: { readonly restart: boolean } };
type PlainConsumer = {
  on(event: "consumer.crash", listener: (crash: Crash) => void): void;
  run(options: { readonly eachMessage: () => Promise<void> }): Promise<void>;
  disconnect(): Promise<void>;
};
type CreateConsumer = (options: Record<string, unknown>) => PlainConsumer;

const require = createRequire(import.meta.url);
const RequestQueue = require("kafkajs/src/network/requestQueue") as Constructor;
const createConsumer = require("kafkajs/src/consumer") as CreateConsumer;
const { KafkaJSGroupCoordinatorNotFound } = require("kafkajs/src/errors") as {
  readonly KafkaJSGroupCoordinatorNotFound: new (message: string) => Error;
};

const LATER_MS = 60_000;
const quiet = {
  debug: () => {},
  error: () => {},
  info: () => {},
  warn: () => {},
  namespace: () => quiet,
};

describe("kafkajs, as we have patched it,", () => {
  let queue: RequestQueue;
  beforeEach(() => {
    queue = new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: LATER_MS,
      enforceRequestTimeout: false,
      clientId: "test",
      broker: "none:0",
      logger: quiet,
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

  it.each([true, false])(
    "starts a consumer that found no coordinator again, if it is told to (%s)",
    async (isToldTo) => {
      const cluster = {
        connect: () => Promise.resolve(),
        disconnect: () => Promise.resolve(),
        refreshMetadataIfNecessary: () => Promise.resolve(),
        findGroupCoordinator: () =>
          Promise.reject(new KafkaJSGroupCoordinatorNotFound("it has just been started")),
      };
      const consumer = createConsumer({
        cluster,
        groupId: "a group",
        logger: quiet,
        retry: { retries: 0, restartOnFailure: () => Promise.resolve(isToldTo) },
      });
      const crashed = new Promise<Crash>((resolve) => {
        consumer.on("consumer.crash", resolve);
      });
      await consumer.run({ eachMessage: () => Promise.resolve() });
      expect((await crashed).payload.restart).toBe(isToldTo);
      await consumer.disconnect();
    },
  );
});
