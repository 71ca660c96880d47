/**
 * Postgres as the gateway reads it. The driver would let statements wait in a queue without an end
 * while Postgres is away; here they are few, nobody waits long, and the rest hear so at once.
 */
import type { Sql } from "@seatline/shared/db/client.ts";
import { withDeadline } from "@seatline/shared/runtime/deadline.ts";
import { READ_REFUSED } from "@seatline/shared/runtime/faults.ts";

/** Reads that may be under way at once, those included that nobody waits for any more. */
export const READS_MAX = 500;
/** A little more than a statement may take, so that Postgres' own error is heard where there is one. */
export const READ_DEADLINE_MS = 1_300;

export class Reads {
  readonly #sql: Sql;
  #pending = 0;
  #isAway = false;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Whether Postgres was seen to be away: until it is back, reads are refused without a try. */
  noteAway(isAway: boolean): void {
    this.#isAway = isAway;
  }

  /** Does the read; throws a transient fault if it is refused or takes too long. */
  async run<T>(read: (sql: Sql) => Promise<T>): Promise<T> {
    if (this.#isAway) throw refuseRead("Postgres is away");
    if (this.#pending >= READS_MAX) throw refuseRead("too many reads are under way");
    this.#pending += 1;
    const work = read(this.#sql).finally(() => {
      this.#pending -= 1;
    });
    return withDeadline(work, READ_DEADLINE_MS, () =>
      refuseRead("Postgres did not answer in time"),
    );
  }
}

/** The fault of a read that we do not do: transient, so its caller hears 503. */
export function refuseRead(why: string): Error {
  return Object.assign(new Error(why), { code: READ_REFUSED });
}
