/**
 * A worker without Kafka and Postgres: it loads by batches, forgets and evicts as `partition-loop.ts` of the
 * booking worker does, from what maps have stored.
 */
import { needsBatchOfItsOwn } from "../line/batch.ts";
import { cancelPageOf } from "../core/bounds.ts";
import type { Bounds } from "../core/bounds.ts";
import type { Decision, Moment, Write } from "../core/decision.ts";
import { isUnsettled, limitsCustomers } from "../core/model.ts";
import type { Booking, ShowFacts } from "../core/model.ts";
import { readIds } from "../core/requests.ts";
import type { Request } from "../core/requests.ts";
import { NO_USAGE, buildLineState, restoreShow } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import { step } from "../core/step.ts";
import { endsWithShow } from "./naive-change.ts";
import { describeStored, describeUsage } from "./stored.ts";

/** What `PartitionLoop` keeps in memory, and what it would have in Postgres. */
export class ForgetfulWorker {
  readonly stored = { bookings: new Map<string, Booking>(), facts: new Map<string, ShowFacts>() };
  readonly #state: LineState;
  readonly #writes: Write[] = [];
  #prefetched: readonly string[] = [];
  /** How often a booking was loaded that had been forgotten as settled, because a request named it. */
  loadedAgain = 0;

  constructor(bounds: Bounds) {
    this.#state = buildLineState(bounds);
  }

  get showIds(): string[] {
    return [...this.#state.shows.keys()];
  }

  /** Whatever is still known: of bookings only those that are not settled. */
  get known(): Booking[] {
    return [...this.#state.bookings.values()];
  }

  /** Loads what the batch names and memory lacks. */
  prefetch(requests: readonly Request[]): void {
    const { bookings, shows } = this.#state;
    const ids = requests.map(readIds);
    const missing = ids
      .map(({ bookingId }) => bookingId)
      .filter((id) => id !== null && !bookings.has(id));
    const loaded = [...new Set(missing)]
      .map((id) => this.stored.bookings.get(id ?? ""))
      .filter((booking) => booking !== undefined);
    this.loadedAgain += loaded.filter((booking) => !isUnsettled(booking)).length;
    const [first] = requests;
    if (first?.kind === "change-show" && needsBatchOfItsOwn(first)) {
      loaded.push(...this.#loadToCancel(first.showId, first.after ?? -1));
    }
    for (const booking of loaded) bookings.set(booking.id, booking);
    this.#prefetched = loaded.map(({ id }) => id);
    const showIds = [...ids, ...loaded].map(({ showId }) => showId).filter((id) => id !== null);
    for (const id of new Set(showIds)) if (!shows.has(id)) this.#loadShow(id);
    this.#loadUsage([...requests.filter((request) => request.kind === "book"), ...loaded]);
  }

  #loadToCancel(showId: string, after: number): Booking[] {
    return [...this.stored.bookings.values()]
      .filter((booking) => booking.showId === showId && booking.place.offset > after)
      .filter(endsWithShow)
      .sort((a, b) => a.place.offset - b.place.offset)
      .slice(0, cancelPageOf(this.#state.bounds));
  }

  #loadShow(id: string): void {
    const facts = this.stored.facts.get(id);
    if (facts === undefined) return;
    const stored = describeStored(this.stored, id);
    // In the order in which Postgres hands them over.
    const bookings = stored.bookings.toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0));
    restoreShow(this.#state, facts, { ...stored, bookings });
    this.#loadUsage(bookings);
  }

  #loadUsage(wanted: readonly Pick<Booking, "showId" | "customer">[]): void {
    for (const { showId, customer } of wanted) {
      const show = this.#state.shows.get(showId);
      if (show === undefined || customer === null || show.usage.has(customer)) continue;
      if (!limitsCustomers(show.facts.rules)) continue;
      const usage = describeUsage(this.stored, show.facts).get(customer) ?? NO_USAGE;
      show.usage.set(customer, usage);
    }
  }

  decide(request: Request, moment: Moment): Decision {
    const decision = step(this.#state, request, moment);
    this.#writes.push(...decision.writes);
    return decision;
  }

  /** Stores the batch and forgets what is settled. */
  commit(): void {
    const { bookings, facts } = this.stored;
    const touched = new Set(this.#prefetched);
    for (const write of this.#writes.splice(0)) {
      if (write.kind === "show-created") facts.set(write.show.id, write.show);
      else if (write.kind === "show-changed") facts.set(write.after.id, write.after);
      else {
        bookings.set(write.after.id, write.after);
        touched.add(write.after.id);
      }
    }
    for (const id of touched) {
      const booking = this.#state.bookings.get(id);
      if (booking !== undefined && !isUnsettled(booking)) this.#state.bookings.delete(id);
    }
  }

  evict(showId: string): void {
    this.#state.shows.delete(showId);
    for (const booking of this.known) {
      if (booking.showId === showId) this.#state.bookings.delete(booking.id);
    }
  }
}
