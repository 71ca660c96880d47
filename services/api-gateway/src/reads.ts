/**
 * Postgres as the gateway reads it. The driver would let statements wait in a queue without an end
 * while Postgres is away; here they are few, nobody waits long, and the rest hear so at once.
 */
import { withDeadline } from "@seatline/shared/runtime/deadline.ts";
import { READ_REFUSED } from "@seatline/shared/runtime/faults.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";

/** Reads that may be under way at once, those included that nobody waits for any more. */
export const READS_MAX = 500;
/** A little more than a statement may take, so that Postgres' own error is heard where there is one. */
export const READ_DEADLINE_MS = 1_300;

export class Reads {
  readonly #host: Host;
  #pending = 0;
  #isAway = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Whether Postgres was seen to be away: until it is back, reads are refused without a try. */
  noteAway(isAway: boolean): void {
    this.#isAway = isAway;
  }

  /** Does the read; throws a transient fault if it is refused or takes too long. */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#isAway) throw refuseRead("Postgres is away");
    if (this.#pending >= READS_MAX) throw refuseRead("too many reads are under way");
    this.#pending += 1;
    const work = read().finally(() => {
      this.#pending -= 1;
    });
    return withDeadline(work, {
      host: this.#host,
      deadlineMs: READ_DEADLINE_MS,
      late: () => refuseRead("Postgres did not answer in time"),
    });
  }
}

/** The fault of a read that we do not do: transient, so its caller hears 503. */
export function refuseRead(why: string): Error {
  return Object.assign(new Error(why), { code: READ_REFUSED });
}
