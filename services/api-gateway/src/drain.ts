/** How fast a line is being decided, and whether it stands still. */
import type { Host } from "@seatline/shared/runtime/host.ts";

/** Before anything was measured: cautious for this kind of machine, and soon replaced. */
const PER_SECOND_FIRST = 2_000;
/** Records further apart than this say that the line was empty, not that it was slow. */
const GAP_MAX_MS = 1_000;
const SMOOTHING = 0.2;
/** Requests wait and nothing was decided for so long: the line stands. */
const STALLED_AFTER_MS = 3_000;

export class Drain {
  readonly #host: Host;
  #perSecond = PER_SECOND_FIRST;
  #lastDecidedAt: number | null = null;
  #waitingSince: number | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  get isStalled(): boolean {
    const since = this.#waitingSince;
    return since !== null && this.#host.monotonicMs() - since > STALLED_AFTER_MS;
  }

  /** Whether requests wait. The first to wait starts the clock. */
  noteWaiting(waiting: boolean): void {
    if (waiting) this.#waitingSince ??= this.#host.monotonicMs();
    else this.#waitingSince = null;
  }

  /** So many were decided just now; `waiting` says whether more wait. */
  noteDecided(count: number, waiting: boolean): void {
    const now = this.#host.monotonicMs();
    const gapMs = this.#lastDecidedAt === null ? Infinity : now - this.#lastDecidedAt;
    // A single request after another says how often somebody asks, not how fast we could decide.
    if (gapMs < GAP_MAX_MS && gapMs > 0 && (waiting || count > 1)) {
      this.#perSecond += SMOOTHING * ((count * 1_000) / gapMs - this.#perSecond);
    }
    this.#lastDecidedAt = now;
    this.#waitingSince = waiting ? now : null;
  }
}
