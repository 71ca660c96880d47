/**
 * What a show has to sell, as the requests that created and changed it say: its seats, those that are blocked, its
 * standing places. Knows nothing of the core's own account of the same.
 */
import { layoutPlaces } from "@seatline/shared/core/seats/layout.ts";
import type { Layout } from "@seatline/shared/core/seats/layout.ts";
import type { ShowChanges } from "@seatline/shared/core/requests.ts";

import type { EntrySeen } from "./history-index.ts";
import { listSeats } from "./seat-lists.ts";

export class ShowPlan {
  seats = 0;
  readonly blocked = new Set<number>();
  /** Blocked by the entry at hand: until it was decided, they were for sale. */
  readonly #justBlocked = new Set<number>();
  /** The places of each standing section, by its index in the layout. */
  readonly standing = new Map<number, number>();
  readonly #sectionByName = new Map<string, number>();

  /** Takes what an entry did to the show itself. */
  follow({ changesShow, message }: EntrySeen): void {
    if (this.#justBlocked.size > 0) this.#justBlocked.clear();
    if (!changesShow) return;
    const request = message?.request;
    if (request?.kind === "create-show") this.#begin(request.layout);
    if (request?.kind === "change-show") this.#change(request.changes);
  }

  /** Whether a seat cannot have been for sale at any moment of the entry at hand. */
  isBlocked(seat: number): boolean {
    return this.blocked.has(seat) && !this.#justBlocked.has(seat);
  }

  /** All places but the blocked ones that nobody has. */
  countPlaces(isTaken: (seat: number) => boolean): number {
    let places = this.seats;
    for (const capacity of this.standing.values()) places += capacity;
    for (const seat of this.blocked) if (!isTaken(seat)) places -= 1;
    return places;
  }

  #begin(layout: Layout): void {
    let standing = 0;
    for (const [index, section] of layout.sections.entries()) {
      this.#sectionByName.set(section.name, index);
      if (section.kind !== "standing") continue;
      this.standing.set(index, section.capacity);
      standing += section.capacity;
    }
    this.seats = layoutPlaces(layout) - standing;
    for (const seat of listSeats(layout.blocked)) this.blocked.add(seat);
  }

  #change({ block = "", unblock = "", sections = [] }: ShowChanges): void {
    for (const seat of listSeats(block)) {
      if (!this.blocked.has(seat)) this.#justBlocked.add(seat);
      this.blocked.add(seat);
    }
    for (const seat of listSeats(unblock)) this.blocked.delete(seat);
    for (const { name, standing } of sections) {
      const index = this.#sectionByName.get(name);
      if (index !== undefined && standing !== undefined) this.standing.set(index, standing);
    }
  }
}
