/**
 * Sweeps again and again, one sweep at a time, and lets go of old records. A sweep that fails is told
 * and tried at the next turn.
 */
import { sweep } from "@seatline/shared/line/sweep.ts";
import type { SweepDeps } from "@seatline/shared/line/sweep.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import type { Checks } from "@seatline/shared/runtime/health.ts";
import type { GiveUp } from "@seatline/shared/runtime/lifecycle.ts";
import { repeat } from "@seatline/shared/runtime/repeat.ts";
import type { Repeated } from "@seatline/shared/runtime/repeat.ts";

/** Per partition. At one sweep in 30 s, more than a busy line can write in that time. */
const PRUNED_PER_SWEEP_MAX = 500;

type SweeperDeps = SweepDeps & {
  readonly intervalMs: number;
  readonly recordsRetentionDays: number;
  readonly giveUp: GiveUp;
};

export class Sweeper {
  readonly #deps: SweeperDeps;
  #repeated: Repeated | undefined;
  #postgres = false;
  #hasSwept = false;
  /** How many records of each partition the next turn tries to let go. */
  #pruned = PRUNED_PER_SWEEP_MAX;

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
    this.#repeated = repeat(() => this.#turn(), this.#deps);
  }

  async close(): Promise<void> {
    await this.#repeated?.close();
  }

  async #turn(): Promise<void> {
    await this.#attempt("a bug in the sweep", async () => {
      const { requested } = await sweep(this.#deps);
      if (requested > 0)
        this.#deps.log.info({ requested }, "asked for what is due: lapsed holds, opened sales");
      if (!this.#postgres && this.#hasSwept) this.#deps.log.info("Postgres is back");
      this.#postgres = true;
      this.#hasSwept = true;
    });
    // Apart from the sweep: a table too large to be pruned in time holds no seat back.
    const { store, recordsRetentionDays: days } = this.#deps;
    await this.#attempt("a bug in the pruning of records", async () => {
      try {
        await store.pruneRecords({ days, limit: this.#pruned });
        this.#pruned = Math.min(PRUNED_PER_SWEEP_MAX, 2 * this.#pruned);
      } catch (error) {
        // Large records, many at once: fewer must do, or none would ever be let go.
        if (classifyFault(error) === "too-slow") this.#pruned = Math.max(1, this.#pruned >> 2);
        throw error;
      }
    });
  }

  async #attempt(whatFails: string, work: () => Promise<void>): Promise<void> {
    const { log, giveUp } = this.#deps;
    try {
      await work();
    } catch (error) {
      const kind = classifyFault(error);
      if (kind === "bug") giveUp(whatFails, error);
      else if (kind === "transient") {
        // Said once, not at every turn.
        const level = this.#postgres ? "warn" : "debug";
        log[level]({ err: error }, "Postgres is away or busy; the next sweep tries again");
        this.#postgres = false;
      } else log.warn({ err: error }, "a turn of the sweep failed; the next one tries again");
    }
  }
}
