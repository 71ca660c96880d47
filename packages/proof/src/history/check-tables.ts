/** The tables hold what the records say, row for row, and nothing else. */
import { countPlaces, isLive, limitsCustomers } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import { isSame } from "@seatline/shared/testing/naive-question.ts";

import type { Tables } from "./history.ts";
import type { HistoryIndex } from "./history-index.ts";

export function* findTableFaults(index: HistoryIndex): Generator<string> {
  yield* findBookingRowFaults(index);
  yield* findSeatRowFaults(index);
  yield* findSectionRowFaults(index);
  yield* findCustomerRowFaults(index);
  yield* findShowRowFaults(index);
}

function* findBookingRowFaults({ history, livesById }: HistoryIndex): Generator<string> {
  const rows = new Map(history.tables.bookings.map((booking) => [booking.id, booking]));
  for (const [id, row] of rows) {
    const last = livesById.get(id)?.states.at(-1);
    if (last === undefined) yield `booking ${id} is stored, and no entry made it`;
    else if (!isSame(row, last)) yield `booking ${id} is stored with ${describeMember(row, last)}`;
  }
  for (const id of livesById.keys()) if (!rows.has(id)) yield `booking ${id} is not stored`;
  if (rows.size !== history.tables.bookings.length) yield "a booking is stored twice";
}

function describeMember(row: Booking, due: Booking): string {
  for (const name of Object.keys(due) as (keyof Booking)[]) {
    if (isSame(row[name], due[name])) continue;
    return `${name} ${JSON.stringify(row[name])}, its last entry says ${JSON.stringify(due[name])}`;
  }
  return "other members than it should have";
}

function* findSeatRowFaults({ history, sales }: HistoryIndex): Generator<string> {
  let due = 0;
  for (const { owners } of sales.shows.values()) due += owners.size;
  const { seats } = history.tables;
  for (const { showId, seat, bookingId } of seats) {
    const owner = sales.shows.get(showId)?.owners.get(seat);
    if (owner?.id !== bookingId) {
      yield `seat ${seat} of show ${showId} is stored for ${bookingId}, and is ${owner?.id ?? "nobody"}'s`;
    }
  }
  if (seats.length !== due) yield `${seats.length} seats are stored as taken, ${due} are`;
}

function* findSectionRowFaults({ history, sales }: HistoryIndex): Generator<string> {
  const rows = new Map(history.tables.sections.map((row) => [`${row.showId} ${row.section}`, row]));
  for (const [showId, { last }] of sales.shows) {
    for (const { section, free, held, confirmed } of last?.standing ?? []) {
      const name = `${showId} ${section}`;
      const due = { showId, section, capacity: free + held + confirmed, held, confirmed };
      const row = rows.get(name);
      rows.delete(name);
      if (row === undefined || !isSame(row, due)) {
        yield `section ${section} of show ${showId} is stored as ${JSON.stringify(row ?? null)}, its last record says ${JSON.stringify(due)}`;
      }
    }
  }
  for (const name of rows.keys()) yield `section ${name} is stored, and no record tells of it`;
}

type Usage = Tables["customers"][number];

/** What customers have of shows that limit them, counted from their bookings. */
function* findCustomerRowFaults(index: HistoryIndex): Generator<string> {
  const { history, sales } = index;
  const dueByName = new Map<string, Usage>();
  for (const [showId, { liveById }] of sales.shows) {
    if (!isLimited(index, showId)) continue;
    for (const booking of liveById.values()) {
      const { customer, status } = booking;
      if (customer === null || !isLive(booking)) continue;
      const name = `${showId} ${customer}`;
      const { places, holds } = dueByName.get(name) ?? { places: 0, holds: 0 };
      const isHold = status === "PENDING" ? 1 : 0;
      const its = { places: places + countPlaces(booking), holds: holds + isHold };
      dueByName.set(name, { showId, customer, ...its });
    }
  }
  for (const row of history.tables.customers) {
    const { showId, customer } = row;
    const name = `${showId} ${customer}`;
    const due = dueByName.get(name) ?? { showId, customer, places: 0, holds: 0 };
    dueByName.delete(name);
    if (!isLimited(index, showId)) {
      yield `${customer} is counted in show ${showId}, which limits nobody`;
    } else if (!isSame(row, due)) {
      yield `${customer} is stored with ${row.places} places and ${row.holds} holds of show ${showId}, and has ${due.places} and ${due.holds}`;
    }
  }
  for (const { showId, customer, places } of dueByName.values()) {
    yield `${customer} has ${places} places of show ${showId}, and none is counted`;
  }
}

function isLimited({ creationById }: HistoryIndex, showId: string): boolean {
  const creation = creationById.get(showId);
  return creation !== undefined && limitsCustomers(creation.rules);
}

function* findShowRowFaults({ history, sales, replayed }: HistoryIndex): Generator<string> {
  const rows = new Map(history.tables.shows.map((row) => [row.id, row]));
  for (const [id, { last }] of sales.shows) {
    const row = rows.get(id);
    rows.delete(id);
    if (row === undefined) {
      yield `show ${id} is not stored`;
      continue;
    }
    const facts = replayed.stateByPartition.get(row.place.partition)?.shows.get(id)?.facts ?? {};
    const { capacity, free, held, confirmed, version, hash, updatedAt } = last ?? {};
    const told = { capacity, free, held, confirmed, version, hash, updatedAt };
    for (const [name, due] of Object.entries({ ...facts, ...told })) {
      const is: unknown = Reflect.get(row, name);
      if (isSame(is, due)) continue;
      yield `show ${id} is stored with ${name} ${JSON.stringify(is)}, and should be with ${JSON.stringify(due)}`;
    }
  }
  for (const id of rows.keys()) yield `show ${id} is stored, and no entry made it`;
}
