/** Which seats of one show are held and which confirmed, and who waits for some, at one version. */
import type { RecordShow } from "@seatline/shared/contract/record.ts";
import { rowOfSeat, sectionOfSeat } from "@seatline/shared/core/seats/layout.ts";
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

/** The free seats of a section that are accessible: who does not ask for such seats is given none. */
type AccessibleCounts = {
  readonly free: number;
  /** The most of them that lie side by side. */
  readonly run: number;
};

/** As in the core: the places for everybody, and the accessible seats. Who names no seats gets all from one. */
export type Pool = "general" | "accessible";

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
  #accessible: { flags: SeatFlags; counts: readonly AccessibleCounts[] } | undefined;

  constructor(row: Omit<SeatsRow, "layout">, guide: LayoutGuide) {
    const { version, taken, held, standing, waiting } = row;
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

  /** Of the layout that it has at its version. */
  get guide(): LayoutGuide {
    return this.#guide;
  }

  /** How many seats it has: what it costs to keep. */
  get size(): number {
    return this.#guide.plan.seats;
  }

  isTaken(seat: number): boolean {
    return this.#held.has(seat) || this.#confirmed.has(seat);
  }

  /** Whether a seat is free and accessible: only who asks for such seats, or names it, is given it. */
  isOpenAccessible(seat: number): boolean {
    return this.#findAccessible().flags.has(seat);
  }

  /** How many free seats of a pool have a lower number; a blocked one that is taken counts twice against it. */
  countFreeBefore(seat: number, pool: Pool): number {
    const accessible = this.#findAccessible().flags;
    if (pool === "accessible") return accessible.countBefore(seat);
    const flags = [this.#held, this.#confirmed, this.#guide.blocked, accessible];
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

  /** By section, in the layout's order: which part of what `sections` counts as free is not for everybody. */
  get accessible(): readonly AccessibleCounts[] {
    return this.#findAccessible().counts;
  }

  /** As the show tells it: free, held and confirmed places. */
  get capacity(): number {
    return this.sections.reduce(
      (sum, { free, held, confirmed }) => sum + free + held + confirmed,
      0,
    );
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
    this.#accessible = undefined;
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

  /** Looked for once per version. Costs something for accessible seats only, of which there are few. */
  #findAccessible() {
    if (this.#accessible !== undefined) return this.#accessible;
    const { plan, layout, blocked } = this.#guide;
    const flags = new SeatFlags(plan.seats);
    const counts = plan.sections.map(() => ({ free: 0, run: 0 }));
    let [last, lastRow, run] = [0, 0, 0];
    for (const seat of seatsOf(layout.accessible)) {
      if (this.isTaken(seat) || blocked.has(seat)) continue;
      flags.set(seat, true);
      const row = rowOfSeat(plan, seat);
      run = seat === last + 1 && row === lastRow ? run + 1 : 1;
      [last, lastRow] = [seat, row];
      const count = counts[sectionOfSeat(plan, seat)];
      if (count === undefined) continue;
      count.free += 1;
      count.run = Math.max(count.run, run);
    }
    this.#accessible = { flags, counts };
    return this.#accessible;
  }
}
