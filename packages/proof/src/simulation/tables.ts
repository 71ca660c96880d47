/**
 * The tables of Postgres in memory, and `commit_decisions` on them, with every check that the real one makes. A
 * suite runs the same histories on both.
 */
import { FIRST_TAIL } from "@seatline/shared/contract/record.ts";
import type { LineRecord } from "@seatline/shared/contract/record.ts";
import { limitsCustomers } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import { NO_USAGE } from "@seatline/shared/core/show.ts";
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";
import type { StoredLine } from "@seatline/shared/db/find-line.ts";
import type { UsageRow, ShowRow } from "@seatline/shared/db/load-shows.ts";

type Partition = {
  nextOffset: number;
  tail: string;
  publishedOffset: number;
  logClock: number;
  lastDigest: string | null;
};

type StoredRecord = {
  readonly first: number;
  readonly next: number;
  readonly body: string;
  readonly tail: string;
  readonly createdAt: number;
};

type StoredSection = {
  readonly showId: string;
  readonly section: number;
  readonly capacity: number;
  readonly held: number;
  readonly confirmed: number;
};

type StoredLetter = {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly fault: string;
};

/** What of a booking an update may change; the rest stays as it was inserted. */
function updateBooking(stored: Booking, last: Booking): Booking {
  const { id, showId, place, requestHash, customer, wants, confirmNow, createdAt, decidedAt } =
    stored;
  const kept = { id, showId, place, requestHash, customer, wants, confirmNow };
  return { ...last, ...kept, createdAt, decidedAt };
}

export class Tables {
  /** To which topic it belongs. */
  line: StoredLine | null = null;
  readonly partitions: Partition[];
  readonly shows = new Map<string, ShowRow>();
  readonly bookings = new Map<string, Booking>();
  /** By show, who has a seat. */
  readonly seats = new Map<string, Map<number, string>>();
  readonly sections = new Map<string, StoredSection>();
  readonly customers = new Map<string, UsageRow>();
  readonly records: StoredRecord[][];
  readonly deadLetters = new Map<string, StoredLetter>();
  #number = 0;
  readonly #numbers = new Map<string, number>();

  constructor(partitionCount: number) {
    this.partitions = Array.from({ length: partitionCount }, () => ({
      nextOffset: 0,
      tail: FIRST_TAIL,
      publishedOffset: 0,
      logClock: 0,
      lastDigest: null,
    }));
    this.records = this.partitions.map(() => []);
  }

  /** All of the batch or nothing. False if the partition is not where the batch begins. */
  commit(batch: Batch, clockMs: number): boolean {
    const { record } = batch;
    const partition = this.partitions[record.partition];
    if (partition?.nextOffset !== record.first || partition.tail !== record.previousTail) {
      return false;
    }
    this.#check(batch);
    this.#writeShows(batch);
    for (const { first, last } of batch.net.bookings) {
      const stored = first === null ? undefined : this.bookings.get(last.id);
      this.bookings.set(last.id, stored === undefined ? last : updateBooking(stored, last));
    }
    for (const { showId, seat } of batch.net.released) this.seats.get(showId)?.delete(seat);
    for (const { showId, seat, bookingId } of batch.net.taken) {
      this.#seatsOf(showId).set(seat, bookingId);
    }
    for (const section of findSections(record)) {
      this.sections.set(`${section.showId} ${section.section}`, section);
    }
    for (const usage of findUsage(batch)) {
      this.customers.set(`${usage.showId} ${usage.customer}`, usage);
    }
    for (const letter of batch.deadLetters) {
      const { partition } = record;
      this.deadLetters.set(`${partition}-${letter.offset}`, { ...letter, partition });
    }
    const { first, next } = record;
    const { body, tail, logClock, lastDigest } = batch;
    this.records[record.partition]?.push({ first, next, body, tail, createdAt: clockMs });
    Object.assign(partition, { nextOffset: next, tail, logClock, lastDigest });
    partition.publishedOffset = first;
    return true;
  }

  /** Everything that makes the real statement fail, before anything is written. */
  #check({ record, net, deadLetters }: Batch): void {
    const created = new Set(net.shows.filter(({ isNew }) => isNew).map(({ facts }) => facts.id));
    for (const show of record.shows.filter(({ id }) => !created.has(id))) {
      const isThere = this.shows.get(show.id)?.version === show.version - 1;
      demand(isThere, "SL001", `show ${show.id} is elsewhere`);
      checkCounters(show);
    }
    for (const show of record.shows.filter(({ id }) => created.has(id))) {
      // As an identity column does: what fails has used its number up.
      this.#numbers.set(show.id, (this.#number += 1));
      demand(!this.shows.has(show.id), "23505", `show ${show.id} is there`);
      checkCounters(show);
    }
    for (const { first, last } of net.bookings) {
      const isThere = this.bookings.has(last.id);
      if (first === null) demand(!isThere, "23505", `booking ${last.id} is there`);
      else demand(isThere, "SL001", `booking ${last.id} is not there`);
    }
    const released = new Set<string>();
    for (const { showId, seat, bookingId } of net.released) {
      const owner = this.seats.get(showId)?.get(seat);
      demand(owner === bookingId, "SL001", `seat ${seat} of ${showId} is not ${bookingId}'s`);
      released.add(`${showId} ${seat}`);
    }
    const taken = new Set<string>();
    for (const { showId, seat } of net.taken) {
      const key = `${showId} ${seat}`;
      const isFree = this.seats.get(showId)?.has(seat) !== true || released.has(key);
      demand(isFree && !taken.has(key), "23505", `seat ${seat} of ${showId} is taken`);
      taken.add(key);
    }
    for (const { held, confirmed, capacity, section } of findSections(record)) {
      demand(held + confirmed <= capacity, "23514", `section ${section} is oversold`);
      demand(Math.min(held, confirmed) >= 0, "23514", `the counters of section ${section}`);
    }
    for (const { offset } of deadLetters) {
      demand(!this.deadLetters.has(`${record.partition}-${offset}`), "23505", `letter ${offset}`);
    }
  }

  #writeShows({ record, net }: Batch): void {
    const facts = new Map(net.shows.map((show) => [show.facts.id, show.facts]));
    for (const show of record.shows) {
      const { id, version, capacity, free, held, confirmed, hash, updatedAt } = show;
      const head = { version, capacity, free, held, confirmed, hash, updatedAt };
      const stored = this.shows.get(id);
      const its = facts.get(id);
      if (stored !== undefined) {
        const { name, startsAt, layout, opensAt, closesAt, sale, archived } = its ?? stored;
        const changed = { name, startsAt, layout, opensAt, closesAt, sale, archived };
        this.shows.set(id, { ...stored, ...changed, ...head });
      } else if (its !== undefined) {
        this.shows.set(id, { ...its, ...head, number: this.#numbers.get(id) ?? 0 });
      }
    }
  }

  #seatsOf(showId: string): Map<number, string> {
    const known = this.seats.get(showId);
    if (known !== undefined) return known;
    const seats = new Map<number, string>();
    this.seats.set(showId, seats);
    return seats;
  }
}

function findSections(record: LineRecord): StoredSection[] {
  return record.shows.flatMap(({ id: showId, standing }) =>
    standing.map(({ section, free, held, confirmed }) => {
      return { showId, section, capacity: free + held + confirmed, held, confirmed };
    }),
  );
}

/** What the customers whose bookings changed have now, in shows that limit them. */
function findUsage({ net, state }: Batch): UsageRow[] {
  return net.bookings.flatMap(({ first, last }) => {
    const { showId, customer } = last;
    const show = state.shows.get(showId);
    const counts = [first, last].some(
      (it) => it?.status === "PENDING" || it?.status === "CONFIRMED",
    );
    if (!counts || customer === null || show === undefined) return [];
    if (!limitsCustomers(show.facts.rules)) return [];
    return [{ showId, customer, ...(show.usage.get(customer) ?? NO_USAGE) }];
  });
}

function checkCounters({ id, capacity, free, held, confirmed }: LineRecord["shows"][number]): void {
  const isWhole = free + held + confirmed === capacity && Math.min(free, held, confirmed) >= 0;
  demand(isWhole, "23514", `the counters of show ${id}`);
}

/** Fails as Postgres does: with a SQLSTATE. */
function demand(isSo: boolean, code: string, what: string): void {
  if (!isSo) throw Object.assign(new Error(`${code}: ${what}`), { code });
}
