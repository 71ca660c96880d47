/** Requests that wait for an outcome, by the id of what they wait for. Bounded. */
import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";

/** Each costs about 18 KB with its connection. Beyond this, people poll. */
export const WAITERS_MAX = 20_000;

export type Waiter = {
  /** The entry that was waited for, or null when the time is up or the waiter was cancelled. */
  readonly outcome: Promise<RecordEntry | null>;
  readonly cancel: () => void;
};

type Waiting = {
  readonly isOwn: (entry: RecordEntry) => boolean;
  readonly settle: (entry: RecordEntry | null) => void;
};

/** What was waited for; null when the time is up, or `signal` says that nobody waits any more. */
export async function untilAborted(
  waiter: Waiter,
  signal: AbortSignal,
): Promise<RecordEntry | null> {
  if (signal.aborted) waiter.cancel();
  else signal.addEventListener("abort", waiter.cancel, { once: true });
  const entry = await waiter.outcome;
  signal.removeEventListener("abort", waiter.cancel);
  return entry;
}

export class Waiters {
  readonly #host: Host;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #count = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Waits for the next entry told for `id` that `isOwn` says is the caller's. Null if too many wait already. Register
   * before the request is published: the outcome may be quicker than the ack.
   */
  wait(
    id: string,
    timeoutMs: number,
    isOwn: (entry: RecordEntry) => boolean = () => true,
  ): Waiter | null {
    if (this.#count >= WAITERS_MAX) return null;
    this.#count += 1;
    const set = this.#waiting.get(id) ?? new Set<Waiting>();
    this.#waiting.set(id, set);
    let cancel: () => void = () => {};
    const outcome = new Promise<RecordEntry | null>((resolve) => {
      const settle = (entry: RecordEntry | null) => {
        if (!set.delete(waiting)) return;
        this.#count -= 1;
        if (set.size === 0) this.#waiting.delete(id);
        cancelTimer();
        resolve(entry);
      };
      const waiting: Waiting = { isOwn, settle };
      const cancelTimer = this.#host.schedule(timeoutMs, () => {
        settle(null);
      });
      set.add(waiting);
      cancel = () => {
        settle(null);
      };
    });
    return { outcome, cancel };
  }

  tell(id: string, entry: RecordEntry): void {
    for (const waiting of this.#waiting.get(id) ?? []) {
      if (waiting.isOwn(entry)) waiting.settle(entry);
    }
  }

  /** Lets everybody go, empty-handed: the process is stopping. */
  close(): void {
    for (const set of this.#waiting.values()) for (const { settle } of set) settle(null);
  }
}
