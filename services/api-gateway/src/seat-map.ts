/** Which seats of one show are held and which confirmed, and who waits for some, at one version. */
import type { RecordShow } from "@seatline/shared/contract/record.ts";
import { sectionOfSeat } from "@seatline/shared/core/seats/layout.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import { encodeRanges, seatsOf } from "@seatline/shared/core/seats/ranges.ts";
import { SeatFlags } from "@seatline/shared/core/seats/seat-flags.ts";
import type { SeatsRow } from "@seatline/shared/db/load-shows.ts";

import type { LayoutGuide } from "./layouts.ts";

/** What one record changed of a show. */
export type SeatChange = {
  readonly head: RecordShow;
  readonly changed: readonly Booking[];
  /** Whether the show itself is another now: then everything must be read anew. */
  readonly isOtherShow: boolean;
};

type SectionCounts = {
  readonly name: string;
  readonly free: number;
  readonly held: number;
  readonly confirmed: number;
};

export class SeatMap {
  readonly #guide: LayoutGuide;
  #version: number;
  readonly #held: SeatFlags;
  readonly #confirmed: SeatFlags;
  #standing: readonly { section: number; held: number; confirmed: number }[];
  /** Places in the line of those who wait, ascending. */
  readonly #waiting: number[];
  #encoded: { held: string; confirmed: string } | undefined;
  #counts: readonly SectionCounts[] | undefined;

  constructor({ version, taken, held, standing, waiting }: SeatsRow, guide: LayoutGuide) {
    this.#guide = guide;
    this.#version = version;
    this.#held = new SeatFlags(guide.plan.seats);
    this.#confirmed = new SeatFlags(guide.plan.seats);
    for (const seat of taken) this.#confirmed.set(seat, true);
    for (const seat of held) {
      this.#held.set(seat, true);
      this.#confirmed.set(seat, false);
    }
    this.#standing = standing;
    this.#waiting = [...waiting];
  }

  get version(): number {
    return this.#version;
  }

  /** How many seats it has: what it costs to keep. */
  get size(): number {
    return this.#guide.plan.seats;
  }

  isTaken(seat: number): boolean {
    return this.#held.has(seat) || this.#confirmed.has(seat);
  }

  /** How many free seats have a lower number; a blocked one that is taken counts twice against it. */
  countFreeBefore(seat: number): number {
    const flags = [this.#held, this.#confirmed, this.#guide.blocked];
    return flags.reduce((free, its) => free - its.countBefore(seat), seat - 1);
  }

  /** Both lists as ranges, like `3-4,9`. Encoded once per version, however many ask. */
  get ranges(): { held: string; confirmed: string } {
    this.#encoded ??= { held: encodeRanges(this.#held), confirmed: encodeRanges(this.#confirmed) };
    return this.#encoded;
  }

  /** The sections by name, in the layout's order. Counted once per version. */
  get sections(): readonly SectionCounts[] {
    this.#counts ??= this.#count();
    return this.#counts;
  }

  /** How many stand before the booking that waits at this place, and itself; null if it waits no more. */
  rankOf(offset: number): number | null {
    const index = this.#findWaiting(offset);
    return this.#waiting[index] === offset ? index + 1 : null;
  }

  /** Follows a record; false if it cannot, and the map must be loaded anew. */
  apply({ head, changed, isOtherShow }: SeatChange): boolean {
    if (head.version <= this.#version) return true;
    if (head.version !== this.#version + 1 || isOtherShow) return false;
    this.#version = head.version;
    this.#encoded = undefined;
    this.#counts = undefined;
    this.#standing = head.standing;
    const { free, held, confirmed } = head.seats;
    this.#mark(free, { held: false, confirmed: false });
    this.#mark(held, { held: true, confirmed: false });
    this.#mark(confirmed, { held: false, confirmed: true });
    for (const { place, status } of changed) this.#noteWaiting(place.offset, status === "WAITING");
    return true;
  }

  #mark(ranges: string, { held, confirmed }: { held: boolean; confirmed: boolean }): void {
    for (const seat of seatsOf(ranges)) {
      this.#held.set(seat, held);
      this.#confirmed.set(seat, confirmed);
    }
  }

  #noteWaiting(offset: number, waits: boolean): void {
    const index = this.#findWaiting(offset);
    const isKnown = this.#waiting[index] === offset;
    if (isKnown !== waits) this.#waiting.splice(index, isKnown ? 1 : 0, ...(waits ? [offset] : []));
  }

  /** Where the offset is, or would be. */
  #findWaiting(offset: number): number {
    let [low, high] = [0, this.#waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiting[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #count(): SectionCounts[] {
    const { plan, layout } = this.#guide;
    const counts = plan.sections.map(({ seats: free }) => ({ free, held: 0, confirmed: 0 }));
    const take = (seats: Iterable<number>, from: "held" | "confirmed" | null) => {
      for (const seat of seats) {
        const count = counts[sectionOfSeat(plan, seat)];
        if (count === undefined || (from === null && this.isTaken(seat))) continue;
        count.free -= 1;
        if (from !== null) count[from] += 1;
      }
    };
    take(this.#held, "held");
    take(this.#confirmed, "confirmed");
    take(seatsOf(layout.blocked), null);
    for (const { section, held, confirmed } of this.#standing) {
      const shape = layout.sections[section];
      if (shape?.kind !== "standing") continue;
      counts[section] = { free: shape.capacity - held - confirmed, held, confirmed };
    }
    return layout.sections.map(({ name, ...shape }, index) => {
      const none = { free: shape.kind === "standing" ? shape.capacity : 0, held: 0, confirmed: 0 };
      return { name, ...(counts[index] ?? none) };
    });
  }
}
