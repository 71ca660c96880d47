/** What can be asked for: the messages of the line as plain values. */
import { unreachable } from "./assert.ts";
import type { Layout } from "./seats/layout.ts";
import type { SALES, ShowFacts, ShowRules, Want } from "./model.ts";

export type CreateShow = {
  readonly kind: "create-show";
  readonly requestId: string;
  readonly showId: string;
  readonly name: string;
  readonly startsAt: number;
  readonly layout: Layout;
  readonly rules: ShowRules;
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  readonly requestHash: string;
};

/** What of a show shall be otherwise; what is left out stays. */
export type ShowChanges = Partial<
  Pick<ShowFacts, "name" | "startsAt" | "opensAt" | "closesAt" | "archived">
> & {
  readonly sale?: (typeof SALES)[number];
  /** Seats, as ranges, that shall not be for sale, and seats that shall be again. */
  readonly block?: string;
  readonly unblock?: string;
  /** By name: what a place costs from now on, and how many standing places there are. */
  readonly sections?: readonly SectionChange[];
};
export type SectionChange = {
  readonly name: string;
  readonly price?: number;
  readonly standing?: number;
};

export type ChangeShow = {
  readonly kind: "change-show";
  readonly requestId: string;
  readonly showId: string;
  readonly changes: ShowChanges;
  /** Where a cancellation of the show goes on: behind the booking at this offset; null at its beginning. */
  readonly after: number | null;
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
  /** Asks to wait, where nothing that is wanted is free, at the latest until `until` (null: the show's start). */
  readonly wait: { readonly until: number | null } | null;
  /** Whether blocked seats may be taken, by their numbers. */
  readonly byStaff: boolean;
  readonly requestHash: string;
};

export type Confirm = {
  readonly kind: "confirm";
  readonly requestId: string;
  readonly bookingId: string;
  readonly payment: string | null;
};

export type Extend = {
  readonly kind: "extend";
  readonly requestId: string;
  readonly bookingId: string;
  /** From the decision on; null for as long as a new hold of the show. */
  readonly holdMs: number | null;
};

export type Cancel = {
  readonly kind: "cancel";
  readonly requestId: string;
  readonly bookingId: string;
  /** What to give back; null for all. Standing places are told by what is kept, so that asking twice is asking once. */
  readonly places: {
    readonly seats: readonly number[];
    readonly standing: readonly { readonly section: string; readonly keep: number }[];
  } | null;
  /** Whether confirmed places may be given back whatever the show's rule is. */
  readonly byStaff: boolean;
};

export type Expire = {
  readonly kind: "expire";
  readonly requestId: string;
  readonly bookingId: string;
};

export type Request = CreateShow | ChangeShow | Book | Confirm | Extend | Cancel | Expire;

/** The ids that a request names. Which show a change of a booking belongs to, only its booking knows. */
export function readIds(request: Request): {
  readonly showId: string | null;
  readonly bookingId: string | null;
} {
  switch (request.kind) {
    case "create-show":
    case "change-show":
      return { showId: request.showId, bookingId: null };
    case "book":
      return { showId: request.showId, bookingId: request.requestId };
    case "confirm":
    case "extend":
    case "cancel":
    case "expire":
      return { showId: null, bookingId: request.bookingId };
    default:
      return unreachable(request);
  }
}
