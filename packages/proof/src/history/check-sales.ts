/** What must hold of seats and counters, at every moment of the records and in the tables. */
import { isLive } from "@seatline/shared/core/model.ts";

import type { HistoryIndex } from "./history-index.ts";

export function* findDoubleSales({ history, sales }: HistoryIndex): Generator<string> {
  yield* sales.doubles;
  const { seats, bookings } = history.tables;
  const seen = new Set<string>();
  for (const { showId, seat, bookingId } of seats) {
    const name = `${showId} ${seat}`;
    if (seen.has(name)) yield `seat ${seat} of show ${showId} stands twice, once for ${bookingId}`;
    seen.add(name);
  }
  const owners = new Map<string, string>();
  for (const booking of bookings) {
    if (!isLive(booking)) continue;
    for (const seat of booking.seats) {
      const name = `${booking.showId} ${seat}`;
      const owner = owners.get(name);
      if (owner !== undefined) {
        yield `by the tables seat ${seat} of show ${booking.showId} is ${owner}'s and ${booking.id}'s`;
      }
      owners.set(name, booking.id);
    }
  }
}

export function* findOversold({ history, sales }: HistoryIndex): Generator<string> {
  yield* sales.oversold;
  for (const { showId, section, capacity, held, confirmed } of history.tables.sections) {
    if (held < 0 || confirmed < 0 || held + confirmed > capacity) {
      yield `section ${section} of show ${showId} has ${held} held and ${confirmed} confirmed of ${capacity}`;
    }
  }
}

export function findForeignSeats({ sales }: HistoryIndex): Iterable<string> {
  return sales.foreign;
}

export function* findUnbalanced({ history, sales }: HistoryIndex): Generator<string> {
  yield* sales.unbalanced;
  for (const { id, capacity, free, held, confirmed } of history.tables.shows) {
    const isWhole = free >= 0 && held >= 0 && confirmed >= 0;
    if (!isWhole || free + held + confirmed !== capacity) {
      yield `show ${id} has ${free} free + ${held} held + ${confirmed} confirmed, and ${capacity} places`;
    }
  }
}

export function findMisnumbered({ sales }: HistoryIndex): Iterable<string> {
  return sales.misnumbered;
}

export function findMapFaults({ sales }: HistoryIndex): Iterable<string> {
  return sales.mapless;
}
