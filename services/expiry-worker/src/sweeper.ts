/**
 * Sweeps again and again, one sweep at a time, and lets go of old records. A sweep that fails is told
 * and tried at the next turn.
 */
import { pruneRecords } from "@seatline/shared/db/prune-records.ts";
import { sweep } from "@seatline/shared/line/sweep.ts";
import type { SweepDeps } from "@seatline/shared/line/sweep.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import type { Checks } from "@seatline/shared/runtime/health.ts";

/** Per partition. At one sweep in 30 s, more than a busy line can write in that time. */
const PRUNED_PER_SWEEP_MAX = 500;

export type SweeperDeps = SweepDeps & {
  readonly intervalMs: number;
  readonly recordsRetentionDays: number;
  readonly giveUp: (why: string, error?: unknown) => void;
};

export class Sweeper {
  readonly #deps: SweeperDeps;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #closed = false;
  #postgres = false;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
  }

  get checks(): Checks {
    return {
      kafka: this.#deps.publisher.isConnected ? "ok" : "down",
      postgres: this.#postgres ? "ok" : "down",
    };
  }

  start(): void {
    this.#deps.publisher.connect();
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#sweepOnce().finally(() => {
        if (!this.#closed) this.#schedule(this.#deps.intervalMs);
      });
    }, delayMs);
  }

  async #sweepOnce(): Promise<void> {
    const { log, giveUp, sql, recordsRetentionDays } = this.#deps;
    try {
      const { requested } = await sweep(this.#deps);
      await pruneRecords(sql, { days: recordsRetentionDays, limit: PRUNED_PER_SWEEP_MAX });
      this.#postgres = true;
      if (requested > 0) log.info({ requested }, "asked for the release of lapsed holds");
    } catch (error) {
      this.#postgres = false;
      if (classifyFault(error) === "bug") giveUp("a bug in the sweep", error);
      else log.warn({ err: error }, "the sweep could not look; the next one will");
    }
  }
}
