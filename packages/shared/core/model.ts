/**
 * The words of the sale as types: bookings, requests, decisions. Everything the core takes and
 * gives is one of these plain values, so it can be written to a log and read back unchanged.
 * Times are whole milliseconds since 1970, UTC.
 */
import { unreachable } from "./assert.ts";
import type { Layout } from "./layout.ts";

/** A request's position in the line, for ever. */
export type Place = { readonly partition: number; readonly offset: number };

/** What a customer would accept: exactly these seats, or that many anywhere. */
export type Want = { readonly seats: readonly number[] } | { readonly count: number };

/** Places in a standing section; `section` is its index in the layout. */
export type StandingPlaces = { readonly section: number; readonly count: number };

export type Allocation = {
  /** Index into the booking's wants: the one that was taken. */
  readonly want: number;
  readonly seats: readonly number[];
  readonly standing: readonly StandingPlaces[];
};

/**
 * Why a request was refused, in the order in which the reasons are checked. The order is part of
 * the contract: the same request in the same state always gets the same answer.
 */
export const REFUSAL_REASONS = [
  "key-reused",
  "show-not-found",
  "booking-not-found",
  "hold-expired",
  "booking-not-pending",
  "seat-unknown",
  "seats-taken",
  "not-enough-seats",
  "cancel-not-allowed",
  "internal",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** What a refusal can say beyond its reason. Every number was true at the moment of the decision. */
export type RefusalFacts = {
  readonly free?: number;
  readonly held?: number;
  /** The seats that stood in the way. */
  readonly seats?: readonly number[];
};

export const BOOKING_STATUSES = ["PENDING", "CONFIRMED", "CANCELLED", "FAILED"] as const;
export type BookingStatus = (typeof BOOKING_STATUSES)[number];

export type Booking = {
  readonly id: string;
  readonly showId: string;
  readonly place: Place;
  /** SHA-256 (hex) over what was asked, so that a key used again for something else is noticed. */
  readonly requestHash: string;
  readonly customer: string | null;
  readonly wants: readonly Want[];
  readonly status: BookingStatus;
  readonly reason: RefusalReason | null;
  readonly facts: RefusalFacts | null;
  readonly want: number | null;
  readonly seats: readonly number[];
  readonly standing: readonly StandingPlaces[];
  readonly payment: string | null;
  /** When the request reached the line, by the log's clock. */
  readonly createdAt: number;
  readonly decidedAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | null;
  readonly confirmedAt: number | null;
};

export const CONFIRMATIONS = ["manual", "automatic"] as const;

export type ShowRules = {
  readonly holdMs: number;
  readonly confirmation: (typeof CONFIRMATIONS)[number];
  readonly cancelConfirmed: boolean;
};

export type ShowFacts = {
  readonly id: string;
  readonly name: string;
  readonly startsAt: number;
  readonly layout: Layout;
  readonly rules: ShowRules;
  /** SHA-256 (hex) over what was asked, as for a booking. */
  readonly requestHash: string;
  /** When the request to create it reached the line. */
  readonly createdAt: number;
};

export type CreateShow = {
  readonly kind: "create-show";
  readonly requestId: string;
  readonly showId: string;
  readonly name: string;
  readonly startsAt: number;
  readonly layout: Layout;
  readonly rules: ShowRules;
  readonly requestHash: string;
};
export type Book = {
  readonly kind: "book";
  /** The booking's id: a book request and its booking share it. */
  readonly requestId: string;
  readonly showId: string;
  readonly customer: string | null;
  readonly wants: readonly Want[];
  readonly confirmNow: boolean;
  /** Asks for a hold of this length, whatever the show's own rules say; null leaves it to them. */
  readonly holdMs: number | null;
  readonly requestHash: string;
};
export type Confirm = {
  readonly kind: "confirm";
  readonly requestId: string;
  readonly bookingId: string;
  readonly payment: string | null;
};
export type Cancel = {
  readonly kind: "cancel";
  readonly requestId: string;
  readonly bookingId: string;
};
export type Expire = {
  readonly kind: "expire";
  readonly requestId: string;
  readonly bookingId: string;
};
export type Request = CreateShow | Book | Confirm | Cancel | Expire;

/**
 * When and where a request is decided. `appendedAt` is the log's clock (the running maximum of the
 * broker's append times): it alone judges whether a hold has lapsed. `now` is one figure per batch
 * and only starts holds.
 */
export type Moment = {
  readonly place: Place;
  readonly appendedAt: number;
  readonly now: number;
};

export type Outcome =
  | { readonly kind: "show"; readonly showId: string }
  | { readonly kind: "booking"; readonly bookingId: string }
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason;
      readonly facts: RefusalFacts | null;
      /** The booking that the refusal speaks of, where the asker may know it. */
      readonly bookingId: string | null;
    };

export type Write =
  | { readonly kind: "show-created"; readonly show: ShowFacts }
  | { readonly kind: "booking"; readonly before: Booking | null; readonly after: Booking };

export type Decision = { readonly outcome: Outcome; readonly writes: readonly Write[] };

/** How many places a want asks for. */
export function wantedPlaces(want: Want): number {
  return "seats" in want ? want.seats.length : want.count;
}

/** The ids that a request names. Which show a change belongs to, only its booking knows. */
export function readIds(request: Request): {
  readonly showId: string | null;
  readonly bookingId: string | null;
} {
  switch (request.kind) {
    case "create-show":
      return { showId: request.showId, bookingId: null };
    case "book":
      return { showId: request.showId, bookingId: request.requestId };
    case "confirm":
    case "cancel":
    case "expire":
      return { showId: null, bookingId: request.bookingId };
    default:
      return unreachable(request);
  }
}
