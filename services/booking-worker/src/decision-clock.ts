/** The two clocks of a partition: the database's, which starts holds, beside the log's, which ends them. */
import type { Host } from "@seatline/shared/runtime/host.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

/** The log's clock further ahead of the database's than this is somebody's broken clock. */
export const CLOCK_AHEAD_MAX_MS = 10_000;

/** The database's clock, carried on between its answers. It never goes back. */
export class DecisionClock {
  readonly #log: Log;
  readonly #host: Host;
  #databaseMs: number;
  #seenAt: number;
  #now: number;
  #isLogAhead = false;

  constructor(databaseMs: number, { host, log }: { readonly host: Host; readonly log: Log }) {
    this.#databaseMs = databaseMs;
    this.#now = databaseMs;
    this.#log = log;
    this.#host = host;
    this.#seenAt = host.monotonicMs();
  }

  /** What the database has just said. */
  set(databaseMs: number): void {
    this.#databaseMs = databaseMs;
    this.#seenAt = this.#host.monotonicMs();
  }

  /** Milliseconds since 1970. */
  read(): number {
    const elapsed = Math.floor(this.#host.monotonicMs() - this.#seenAt);
    this.#now = Math.max(this.#now, this.#databaseMs + elapsed);
    return this.#now;
  }

  /**
   * The log's clock never goes back either. If the broker's ran ahead for a while and was set right, the
   * log's stands still until real time has caught up, and until then no hold lapses: somebody must know.
   */
  watch(logClock: number): void {
    const aheadMs = logClock - this.#now;
    const isAhead = aheadMs > CLOCK_AHEAD_MAX_MS;
    if (isAhead && !this.#isLogAhead) {
      this.#log.error(
        { aheadMs },
        "the log's clock is ahead of the database's: holds last longer until real time has caught up; check the clocks of broker and database",
      );
    }
    this.#isLogAhead = isAhead;
  }
}
