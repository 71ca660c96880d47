/**
 * Batches that were decided before the database was restored from a backup that does not have them: they
 * are decided again with the same messages, by the same clock, and so alike. Pure.
 */
import type { RedoRow } from "@seatline/shared/db/redo.ts";

/** Read at once; where there are more, the partition is taken again when these are used up. */
export const REDO_MAX = 10_000;

export class Redo {
  readonly #rows: readonly RedoRow[];
  #index = 0;

  /** In the order of their offsets. */
  constructor(rows: readonly RedoRow[]) {
    this.#rows = rows;
  }

  /** The batch in which the message at `next` was decided; undefined if none is known. `next` never goes back. */
  at(next: number): RedoRow | undefined {
    while ((this.#rows[this.#index]?.next ?? Infinity) <= next) this.#index += 1;
    const row = this.#rows[this.#index];
    return row !== undefined && row.first <= next ? row : undefined;
  }

  /** Whether all that was read is used up, and there may be more. */
  get isUsedUp(): boolean {
    return this.#rows.length === REDO_MAX && this.#index === REDO_MAX;
  }
}
