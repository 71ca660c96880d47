/**
 * Goes through the sales change by change, knowing nothing of the core: who has which seat follows from the bookings
 * in the records alone, what the show has from the requests that made it. What a record says of a show is compared
 * with that.
 */
import type { RecordShow } from "@seatline/shared/contract/record.ts";
import { countPlaces, isLive } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";

import type { Change, EntrySeen, LineSeen, RecordSeen, Sales } from "./history-index.ts";
import { ShowPlan } from "./show-plan.ts";
import { listSeats } from "./seat-lists.ts";

type Faults = { -readonly [Name in keyof Omit<Sales, "shows">]: string[] };

export function walkSales(lines: readonly LineSeen[]): Sales {
  const walk = new SaleWalk();
  for (const { records } of lines) for (const record of records) walk.takeRecord(record);
  return { ...walk.faults, shows: walk.shows };
}

class Sale {
  readonly plan = new ShowPlan();
  readonly owners = new Map<number, Booking>();
  readonly liveById = new Map<string, Booking>();
  /** By the index of a standing section, what of it is held and confirmed. */
  readonly standing = new Map<number, { held: number; confirmed: number }>();
  held = 0;
  confirmed = 0;
  /** Seats whose owners changed in the record at hand, and what each was before it. */
  readonly dirty = new Map<number, SeatState>();
  last: RecordShow | null = null;
  wasSoldOut = false;
}

type SeatState = "free" | "held" | "confirmed";

class SaleWalk {
  readonly shows = new Map<string, Sale>();
  readonly faults: Faults = {
    doubles: [],
    oversold: [],
    foreign: [],
    unbalanced: [],
    misnumbered: [],
    mapless: [],
  };

  /** The shows of which the record at hand must tell. */
  readonly #touched = new Set<string>();

  takeRecord({ record, entries }: RecordSeen): void {
    const touched = this.#touched;
    touched.clear();
    for (const entry of entries) {
      if (entry.showId !== null) touched.add(entry.showId);
      this.#saleOf(entry.showId)?.plan.follow(entry);
      for (const change of entry.changes) this.#takeChange(entry, change);
    }
    if (record === null) return;
    const where = `record ${record.partition}-${record.first}`;
    for (const show of record.shows) {
      const sale = this.#saleOf(show.id);
      if (sale === undefined) continue;
      if (!touched.delete(show.id)) {
        this.faults.misnumbered.push(`${where} tells of show ${show.id}, and no entry of it does`);
      }
      this.#checkShow(where, sale, show);
    }
    for (const id of touched) {
      this.faults.misnumbered.push(`${where} has entries of show ${id} and does not tell of it`);
    }
  }

  #saleOf(showId: string | null): Sale | undefined {
    if (showId === null) return undefined;
    let sale = this.shows.get(showId);
    if (sale === undefined) {
      sale = new Sale();
      this.shows.set(showId, sale);
    }
    return sale;
  }

  #takeChange(entry: EntrySeen, { before, after }: Change): void {
    const had = before !== null && isLive(before) ? before : null;
    const has = isLive(after) ? after : null;
    if (had === null && has === null) return;
    const sale = this.#saleOf(after.showId);
    if (sale === undefined) return;
    this.#touched.add(after.showId);
    if (had !== null) release(sale, had);
    if (has !== null) this.#claim(entry, sale, { had, has });
  }

  #claim(
    entry: EntrySeen,
    sale: Sale,
    { had, has }: { readonly had: Booking | null; readonly has: Booking },
  ): void {
    const at = `${entry.partition}-${entry.offset}`;
    for (const seat of has.seats) {
      noteDirty(sale, seat);
      const owner = sale.owners.get(seat);
      if (owner !== undefined) {
        this.faults.doubles.push(
          `at ${at} seat ${seat} of show ${has.showId} goes to ${has.id} while ${owner.id} has it`,
        );
      }
      sale.owners.set(seat, has);
    }
    this.#checkPlaces(entry, sale, { had, has });
    count(sale, has, 1);
    sale.liveById.set(has.id, has);
    for (const { section } of has.standing) {
      const { held = 0, confirmed = 0 } = sale.standing.get(section) ?? {};
      const capacity = sale.plan.standing.get(section) ?? 0;
      if (held + confirmed > capacity) {
        this.faults.oversold.push(
          `at ${at} ${held + confirmed} of the ${capacity} places of section ${section} of show ${has.showId} are taken, the last by ${has.id}`,
        );
      }
    }
  }

  /** Seats that were not the booking's before must be for sale, unless staff asks for them. */
  #checkPlaces(
    entry: EntrySeen,
    { plan }: Sale,
    { had, has }: { readonly had: Booking | null; readonly has: Booking },
  ): void {
    const request = entry.message?.request;
    const byStaff =
      request?.kind === "book" && request.byStaff && request.requestId === has.id && had === null;
    for (const seat of has.seats) {
      const name = `seat ${seat} of show ${has.showId}, which ${has.id} has at ${entry.partition}-${entry.offset},`;
      if (seat < 1 || seat > plan.seats) this.faults.foreign.push(`${name} does not exist`);
      else if (!byStaff && plan.isBlocked(seat) && had?.seats.includes(seat) !== true) {
        this.faults.foreign.push(`${name} is not for sale`);
      }
    }
  }

  #checkShow(where: string, sale: Sale, show: RecordShow): void {
    const { unbalanced, misnumbered } = this.faults;
    const name = `${where}, show ${show.id}:`;
    for (const [what, said, due] of findFigures(sale, show)) {
      if (said !== due) unbalanced.push(`${name} ${what} is ${said}, by its bookings ${due}`);
    }
    const version = (sale.last?.version ?? 0) + 1;
    if (show.version !== version) {
      misnumbered.push(`${name} version ${show.version} follows ${version - 1}`);
    }
    this.#checkMap(name, sale, show);
    sale.last = show;
    sale.wasSoldOut ||= show.confirmed === show.capacity;
    sale.dirty.clear();
  }

  /** Whoever follows the seats that records name must know who has which. */
  #checkMap(name: string, sale: Sale, { seats }: RecordShow): void {
    const named = new Set<number>();
    for (const state of ["free", "held", "confirmed"] as const) {
      for (const seat of listSeats(seats[state])) {
        named.add(seat);
        const is = stateOf(sale.owners.get(seat));
        if (is !== state) this.faults.mapless.push(`${name} seat ${seat} is ${is}, told ${state}`);
      }
    }
    for (const [seat, was] of sale.dirty) {
      const is = stateOf(sale.owners.get(seat));
      if (is !== was && !named.has(seat)) {
        this.faults.mapless.push(`${name} seat ${seat} is ${is} now, and nobody is told`);
      }
    }
  }
}

function stateOf(owner: Booking | undefined): SeatState {
  if (owner === undefined) return "free";
  return owner.status === "PENDING" ? "held" : "confirmed";
}

function noteDirty({ dirty, owners }: Sale, seat: number): void {
  if (!dirty.has(seat)) dirty.set(seat, stateOf(owners.get(seat)));
}

function release(sale: Sale, had: Booking): void {
  for (const seat of had.seats) {
    noteDirty(sale, seat);
    if (sale.owners.get(seat)?.id === had.id) sale.owners.delete(seat);
  }
  count(sale, had, -1);
  sale.liveById.delete(had.id);
}

function count(sale: Sale, booking: Booking, sign: 1 | -1): void {
  const state = booking.status === "PENDING" ? "held" : "confirmed";
  sale[state] += sign * countPlaces(booking);
  for (const { section, count: places } of booking.standing) {
    const counters = sale.standing.get(section) ?? { held: 0, confirmed: 0 };
    counters[state] += sign * places;
    sale.standing.set(section, counters);
  }
}

/** What a record says of a show, and what it must say. */
function findFigures(sale: Sale, show: RecordShow): [string, number, number][] {
  const { plan, owners, held, confirmed } = sale;
  const capacity = plan.countPlaces((seat) => owners.has(seat));
  const figures: [string, number, number][] = [
    ["free + held + confirmed", show.free + show.held + show.confirmed, show.capacity],
    ["capacity", show.capacity, capacity],
    ["held", show.held, held],
    ["confirmed", show.confirmed, confirmed],
    ["the number of standing sections", show.standing.length, plan.standing.size],
  ];
  for (const { section, ...its } of show.standing) {
    const due = sale.standing.get(section) ?? { held: 0, confirmed: 0 };
    const places = plan.standing.get(section) ?? 0;
    figures.push(
      [`held of section ${section}`, its.held, due.held],
      [`confirmed of section ${section}`, its.confirmed, due.confirmed],
      [`free of section ${section}`, its.free, places - due.held - due.confirmed],
    );
  }
  return figures;
}
