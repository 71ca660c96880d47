/**
 * What a process has of the machine that it runs on: its time and its chance. What decides, waits or makes
 * ids takes them from here, so that the simulation can bring its own.
 */
import { randomFillSync, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

export type Host = {
  /** Milliseconds since some moment of this process. Never goes back. */
  readonly monotonicMs: () => number;
  /** Milliseconds since 1970, as this host believes. Goes into ids; nothing is decided by it. */
  readonly dateMs: () => number;
  /** Calls back once, in so many milliseconds; what it returns takes that back. */
  readonly schedule: (delayMs: number, call: () => void) => () => void;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly uuid: () => string;
  /** A few at a time: ids need no more. */
  readonly randomBytes: (count: number) => Buffer;
};

// Random bytes are drawn in bulk: one call of the system per 16 costs ten times as much.
const pool = Buffer.alloc(4096);
let poolUsed = pool.length;

/** The real one. */
export const HOST: Host = {
  monotonicMs: () => performance.now(),
  dateMs: () => Date.now(),
  schedule: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  pause: (delayMs) => pause(delayMs),
  uuid: () => randomUUID(),
  randomBytes: (count) => {
    if (poolUsed + count > pool.length) {
      randomFillSync(pool);
      poolUsed = 0;
    }
    poolUsed += count;
    return Buffer.from(pool.subarray(poolUsed - count, poolUsed));
  },
};
