/** Which seats of one show are held and which confirmed, at one version. */
import { unreachable } from "@seatline/shared/core/assert.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import type { SeatsRow } from "@seatline/shared/db/load-shows.ts";

export class SeatMap {
  #version: number;
  /** The holds, each with its seats: a booking that lapsed does not say what it had. */
  readonly #holds: Map<string, readonly number[]>;
  readonly #held: Set<number>;
  readonly #confirmed: Set<number>;
  #encoded: { held: string; confirmed: string } | undefined;

  constructor({ version, taken, holds }: SeatsRow) {
    this.#version = version;
    this.#holds = new Map(holds.map(({ bookingId, seats }) => [bookingId, seats]));
    this.#held = new Set(holds.flatMap(({ seats }) => seats));
    this.#confirmed = new Set(taken.filter((seat) => !this.#held.has(seat)));
  }

  get version(): number {
    return this.#version;
  }

  get held(): ReadonlySet<number> {
    return this.#held;
  }

  get confirmed(): ReadonlySet<number> {
    return this.#confirmed;
  }

  /** Both lists as ranges, like `3-4,9`. Encoded once per version, however many ask. */
  get ranges(): { held: string; confirmed: string } {
    this.#encoded ??= { held: encodeRanges(this.#held), confirmed: encodeRanges(this.#confirmed) };
    return this.#encoded;
  }

  /** Follows a record's changes; false if it cannot, and the map must be loaded anew. */
  apply(version: number, changed: readonly Booking[]): boolean {
    if (version <= this.#version) return true;
    if (version !== this.#version + 1) return false;
    this.#version = version;
    this.#encoded = undefined;
    return changed.every((booking) => this.#applyBooking(booking));
  }

  #applyBooking({ id, status, seats, confirmedAt }: Booking): boolean {
    const hold = this.#holds.get(id);
    this.#holds.delete(id);
    for (const seat of hold ?? []) this.#held.delete(seat);
    switch (status) {
      case "PENDING":
        this.#holds.set(id, seats);
        for (const seat of seats) this.#held.add(seat);
        return true;
      case "CONFIRMED":
        for (const seat of seats) this.#confirmed.add(seat);
        return true;
      case "FAILED":
        return true;
      case "CANCELLED":
        // What a confirmed booking had is not kept here.
        return hold !== undefined || confirmedAt === null;
      default:
        return unreachable(status);
    }
  }
}

/** Seat numbers as ascending ranges: `1-2,5`. */
export function encodeRanges(seats: Iterable<number>): string {
  const sorted = [...seats].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let index = 0; index < sorted.length;) {
    const first = sorted[index] ?? 0;
    let last = first;
    index += 1;
    while (sorted[index] === last + 1) {
      last += 1;
      index += 1;
    }
    ranges.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return ranges.join(",");
}
