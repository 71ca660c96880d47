/**
 * The words of the sale as types: wants, bookings, shows. Everything the core takes and gives is
 * one of these plain values, so it can be written to a log and read back unchanged. Times are whole
 * milliseconds since 1970, UTC; money is whole minor units of the show's currency.
 */
import type { Layout } from "./seats/layout.ts";

/** A request's position in the line, for ever. */
export type Place = { readonly partition: number; readonly offset: number };

/** Which places a want takes: in these sections, at this price each at most, of the accessible ones. */
export type WantFilter = {
  readonly sections?: readonly string[];
  readonly priceMax?: number;
  readonly accessible?: true;
};

/**
 * What a customer would accept: exactly these seats, groups that each sit side by side, or that many
 * places anywhere.
 */
export type Want = WantFilter &
  (
    | { readonly seats: readonly number[] }
    | { readonly together: readonly number[] }
    | { readonly count: number }
  );

/** Places in a standing section; `section` is its index in the layout. */
export type StandingPlaces = { readonly section: number; readonly count: number };

export type Places = {
  readonly seats: readonly number[];
  readonly standing: readonly StandingPlaces[];
};

/** What one place of a section cost when it was given; `section` is its index in the layout. */
type SectionPrice = { readonly section: number; readonly price: number };

export type Allocation = Places & {
  /** Index into the booking's wants: the one that was taken. */
  readonly want: number;
};

/**
 * Why a request was refused, in the order in which the reasons are checked. The order is part of
 * the contract: the same request in the same state always gets the same answer.
 */
export const REFUSAL_REASONS = [
  "key-reused",
  "show-not-found",
  "show-cancelled",
  "sale-not-open",
  "sale-closed",
  "booking-not-found",
  "hold-expired",
  "booking-not-pending",
  "seat-unknown",
  "too-many-seats",
  "customer-limit-reached",
  "seats-taken",
  "not-enough-together",
  "not-enough-seats",
  "hold-limit-reached",
  "cancel-not-allowed",
  "internal",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** What a refusal can say beyond its reason. Every number was true at the moment of the decision. */
export type RefusalFacts = {
  /** Places that the want could have had, free and held. */
  readonly free?: number;
  readonly held?: number;
  /** The seats that stood in the way. */
  readonly seats?: readonly number[];
  /** Sections that the show does not have. */
  readonly sections?: readonly string[];
  /** When the sale opens, or closed. */
  readonly opensAt?: number;
  readonly closesAt?: number;
  /** Which limit was reached, its size, and how much of it was used before. */
  readonly limitOf?: (typeof LIMITS)[number];
  readonly limit?: number;
  readonly used?: number;
};

export const LIMITS = [
  "seats-per-booking",
  "seats-per-customer",
  "holds-per-customer",
  "places-per-show",
] as const;

export const BOOKING_STATUSES = ["WAITING", "PENDING", "CONFIRMED", "CANCELLED", "FAILED"] as const;
export type BookingStatus = (typeof BOOKING_STATUSES)[number];

export type Booking = Places & {
  readonly id: string;
  readonly showId: string;
  readonly place: Place;
  /** SHA-256 (hex) over what was asked, so that a key used again for something else is noticed. */
  readonly requestHash: string;
  readonly customer: string | null;
  readonly wants: readonly Want[];
  /** Asks for confirmed places, not for a hold. */
  readonly confirmNow: boolean;
  readonly status: BookingStatus;
  /** Why it is FAILED, what it is WAITING for, or that its show was CANCELLED. */
  readonly reason: RefusalReason | null;
  readonly facts: RefusalFacts | null;
  // Its places stay written down after they are given up: `isLive` says whether they are its own.
  readonly want: number | null;
  /** Seats that it has given back one by one. */
  readonly returned: readonly number[];
  /** What its places cost together, and each by section, fixed when they were given; null without prices. */
  readonly price: number | null;
  readonly prices: readonly SectionPrice[] | null;
  readonly payment: string | null;
  /** Whether it was confirmed after its hold had lapsed. */
  readonly rescued: boolean;
  /** When the request reached the line, by the log's clock. */
  readonly createdAt: number;
  readonly decidedAt: number;
  readonly updatedAt: number;
  /** When its hold lapses or lapsed, or its waiting ends; null for who never had either. */
  readonly expiresAt: number | null;
  /** The latest to which its hold may be extended. */
  readonly holdLimit: number | null;
  readonly confirmedAt: number | null;
};

export const CONFIRMATIONS = ["manual", "automatic"] as const;

export type ShowRules = {
  readonly holdMs: number;
  /** How long a hold may last with all its extensions. */
  readonly holdMaxMs: number;
  /** How long after its hold lapsed a booking can still be confirmed, if its places are free. */
  readonly rescueMs: number;
  readonly confirmation: (typeof CONFIRMATIONS)[number];
  readonly cancelConfirmed: boolean;
  readonly seatsPerBookingMax: number;
  /** Held and confirmed places of one customer, and holds; null for no limit. */
  readonly seatsPerCustomerMax: number | null;
  readonly holdsPerCustomerMax: number | null;
};

/** Whether a show counts what each customer has. */
export function limitsCustomers({ seatsPerCustomerMax, holdsPerCustomerMax }: ShowRules): boolean {
  return seatsPerCustomerMax !== null || holdsPerCustomerMax !== null;
}

export const SALES = ["open", "closed", "cancelled"] as const;

export type ShowFacts = {
  readonly id: string;
  readonly name: string;
  readonly startsAt: number;
  readonly layout: Layout;
  readonly rules: ShowRules;
  /** From when on, and until when, bookings are taken; null for no bound. */
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  /** What those who run the sale have said, whatever the time. */
  readonly sale: (typeof SALES)[number];
  /** Out of the lists; an archived show sells nothing. */
  readonly archived: boolean;
  /** SHA-256 (hex) over what was asked, as for a booking. */
  readonly requestHash: string;
  /** Where the request to create it stands, and when it reached the line. */
  readonly place: Place;
  readonly createdAt: number;
};

/** How many places a want asks for. */
export function wantedPlaces(want: Want): number {
  if ("seats" in want) return want.seats.length;
  if ("together" in want) return want.together.reduce((sum, size) => sum + size, 0);
  return want.count;
}

/** How many places these are. */
export function countPlaces({ seats, standing }: Places): number {
  return standing.reduce((sum, { count }) => sum + count, seats.length);
}

/** Whether it holds or waits, and so ends by itself when its time comes. */
export function isUnsettled({ status }: Pick<Booking, "status">): boolean {
  return status === "PENDING" || status === "WAITING";
}

/** Whether a booking's places are its own. */
export function isLive({ status }: Pick<Booking, "status">): boolean {
  return status === "PENDING" || status === "CONFIRMED";
}
