/**
 * Many writes of a batch become the few that the tables need: every show, booking and seat in it once.
 * Pure.
 */
import type { Write } from "../core/decision.ts";
import { isLive } from "../core/model.ts";
import type { Booking, ShowFacts } from "../core/model.ts";
import { encodeRanges } from "../core/seats/ranges.ts";

type SeatClaim = {
  readonly showId: string;
  readonly seat: number;
  readonly bookingId: string;
};

export type NetWrites = {
  /** As they are after the batch; `isNew` for those that were not there before it. */
  readonly shows: readonly { readonly isNew: boolean; readonly facts: ShowFacts }[];
  readonly bookings: readonly { readonly first: Booking | null; readonly last: Booking }[];
  readonly released: readonly SeatClaim[];
  readonly taken: readonly SeatClaim[];
};

/** Folds the writes of a batch, in order, into their net effect. */
export function buildNetWrites(writes: readonly Write[]): NetWrites {
  const shows = new Map<string, { isNew: boolean; facts: ShowFacts }>();
  const changes = new Map<string, { first: Booking | null; last: Booking }>();
  for (const write of writes) {
    switch (write.kind) {
      case "show-created":
        shows.set(write.show.id, { isNew: true, facts: write.show });
        break;
      case "show-changed": {
        const isNew = shows.get(write.after.id)?.isNew ?? false;
        shows.set(write.after.id, { isNew, facts: write.after });
        break;
      }
      case "booking": {
        const known = changes.get(write.after.id);
        if (known === undefined) {
          changes.set(write.after.id, { first: write.before, last: write.after });
        } else known.last = write.after;
      }
    }
  }
  const bookings = [...changes.values()];
  const released = bookings.flatMap(({ first, last }) => claims(first, last));
  const taken = bookings.flatMap(({ first, last }) => claims(last, first));
  return { shows: [...shows.values()], bookings, released, taken };
}

/** The seats that one of two states of a booking owns and the other does not. */
function claims(owner: Booking | null, other: Booking | null): SeatClaim[] {
  if (owner === null || !isLive(owner)) return [];
  const { id: bookingId, showId, seats } = owner;
  const others = other !== null && isLive(other) ? other.seats : [];
  // A booking mostly keeps its seats from hold to confirmation.
  if (others === seats) return [];
  return seats
    .filter((seat) => !others.includes(seat))
    .map((seat) => ({ showId, seat, bookingId }));
}

type SeatChanges = { readonly free: string; readonly held: string; readonly confirmed: string };

/** By show, the seats that a batch made free, held or confirmed, as ranges. */
export function buildSeatChanges({ bookings }: NetWrites): Map<string, SeatChanges> {
  const seatsByShow = new Map<string, Map<number, keyof SeatChanges>>();
  const seatsOf = (showId: string) => {
    const seats = seatsByShow.get(showId) ?? new Map<number, keyof SeatChanges>();
    seatsByShow.set(showId, seats);
    return seats;
  };
  // What one booking gave up another may have got: what they have in the end counts.
  for (const { first } of bookings) {
    if (first === null || !isLive(first)) continue;
    for (const seat of first.seats) seatsOf(first.showId).set(seat, "free");
  }
  for (const { last } of bookings) {
    if (!isLive(last)) continue;
    const state = last.status === "PENDING" ? "held" : "confirmed";
    for (const seat of last.seats) seatsOf(last.showId).set(seat, state);
  }
  return new Map(
    [...seatsByShow].map(([showId, seats]) => {
      const inState = (state: keyof SeatChanges) =>
        encodeRanges(
          [...seats]
            .filter(([, its]) => its === state)
            .map(([seat]) => seat)
            .sort((a, b) => a - b),
        );
      const free = inState("free");
      return [showId, { free, held: inState("held"), confirmed: inState("confirmed") }];
    }),
  );
}
