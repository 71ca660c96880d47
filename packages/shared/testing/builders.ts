/**
 * Shows, requests and short histories for tests of the core, so that a test says only what matters
 * to it. Everything is fixed: no clock, no randomness.
 */
import type { Decision, Outcome, Write } from "../core/decision.ts";
import { buildPlainLayout } from "../core/seats/layout.ts";
import type { Layout, Section } from "../core/seats/layout.ts";
import { isLive } from "../core/model.ts";
import type { ShowFacts, ShowRules, Want } from "../core/model.ts";
import type {
  Book,
  Cancel,
  ChangeShow,
  Confirm,
  CreateShow,
  Expire,
  Extend,
  Request,
  ShowChanges,
} from "../core/requests.ts";
import { buildLineState } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import { step } from "../core/step.ts";

const SHOW_ID = "show";
export const HOLD_MS = 1_000;

/** How long after its hold lapsed a booking is still rescued. */
export const RESCUE_MS = 500;
/** How long a hold lasts with all its extensions. */
export const HOLD_MAX_MS = 3_000;

export type ShowOptions = {
  readonly id?: string;
  readonly layout?: Layout;
  readonly rules?: Partial<ShowRules>;
  readonly opensAt?: number | null;
  readonly closesAt?: number | null;
};

/** A plain show of two seats, unless told otherwise. No late confirm is rescued unless the rules say so. */
export function buildShowFacts(options: ShowOptions = {}): ShowFacts {
  return {
    id: options.id ?? SHOW_ID,
    name: "A night at the test house",
    startsAt: 1_000_000,
    layout: options.layout ?? buildPlainLayout(2),
    rules: {
      holdMs: HOLD_MS,
      holdMaxMs: HOLD_MAX_MS,
      rescueMs: 0,
      confirmation: "manual",
      cancelConfirmed: false,
      seatsPerBookingMax: 50,
      seatsPerCustomerMax: null,
      holdsPerCustomerMax: null,
      ...options.rules,
    },
    opensAt: options.opensAt ?? null,
    closesAt: options.closesAt ?? null,
    sale: "open",
    archived: false,
    requestHash: "asked so",
    place: { partition: 0, offset: 0 },
    createdAt: 0,
  };
}

type LayoutOptions = Partial<Pick<Layout, "currency" | "accessible" | "blocked">>;

/** A layout of these sections; nothing is blocked, and nothing has a price, unless told otherwise. */
export function layoutOf(sections: readonly Section[], options: LayoutOptions = {}): Layout {
  return { sections, currency: null, accessible: "", blocked: "", ...options };
}

/** A seated section: rows `A`, `B` … of so many seats each. */
export function seated(
  name: string,
  rows: string,
  { seatsPerRow = 10, aislesAfter = [], price = 0 }: SeatedOptions = {},
): Section {
  return { kind: "seated", name, rows, seatsPerRow, aislesAfter, price };
}
type SeatedOptions = {
  readonly seatsPerRow?: number | readonly number[];
  readonly aislesAfter?: readonly number[];
  readonly price?: number;
};

export function standing(name: string, capacity: number, price = 0): Section {
  return { kind: "standing", name, capacity, price };
}

export function createShow(options: ShowOptions = {}): CreateShow {
  const {
    id: showId,
    name,
    startsAt,
    layout,
    rules,
    opensAt,
    closesAt,
    requestHash,
  } = buildShowFacts(options);
  return {
    kind: "create-show",
    requestId: `create-${showId}`,
    showId,
    name,
    startsAt,
    layout,
    rules,
    opensAt,
    closesAt,
    requestHash,
  };
}

export function changeShow(changes: ShowChanges, after: number | null = null): ChangeShow {
  return { kind: "change-show", requestId: "change", showId: SHOW_ID, changes, after };
}

/** The hash covers the wants: the same id with other wants is a key that was used again. */
export function book(bookingId: string, ...wants: readonly Want[]): Book {
  return {
    kind: "book",
    requestId: bookingId,
    showId: SHOW_ID,
    customer: null,
    wants,
    confirmNow: false,
    holdMs: null,
    wait: null,
    byStaff: false,
    requestHash: `hash of ${JSON.stringify(wants)}`,
  };
}

/** The same by a customer, or for who would wait, or by the staff. */
export function bookAs(
  options: Partial<Pick<Book, "customer" | "wait" | "byStaff" | "confirmNow">>,
  bookingId: string,
  ...wants: readonly Want[]
): Book {
  return { ...book(bookingId, ...wants), ...options };
}

/** Asks to wait where nothing is free, until the show starts unless told otherwise. */
export function bookOrWait(bookingId: string, want: Want, until: number | null = null): Book {
  return bookAs({ wait: { until } }, bookingId, want);
}

export function confirm(bookingId: string, payment: string | null = null): Confirm {
  return { kind: "confirm", requestId: `confirm-${bookingId}`, bookingId, payment };
}

export function extend(bookingId: string, holdMs: number | null = null): Extend {
  return { kind: "extend", requestId: `extend-${bookingId}`, bookingId, holdMs };
}

export function cancel(bookingId: string, places: Cancel["places"] = null): Cancel {
  const requestId = `cancel-${bookingId}`;
  return { kind: "cancel", requestId, bookingId, places, byStaff: false };
}

export function expire(bookingId: string): Expire {
  return { kind: "expire", requestId: `expire-${bookingId}`, bookingId };
}

/** A request with the two times that its moment has. */
export type Timed = {
  readonly request: Request;
  readonly appendedAt: number;
  readonly now: number;
};

/** A request that reached the line at `appendedAt`; the worker's clock says the same unless told. */
export function at(appendedAt: number, request: Request, now = appendedAt): Timed {
  return { request, appendedAt, now };
}

type Played = { readonly state: LineState; readonly decisions: readonly Decision[] };

/** Decides a history one after the other, from an empty line or from `state`, which it consumes. */
export function play(history: readonly Timed[], state: LineState = buildLineState()): Played {
  const decisions = history.map(({ request, appendedAt, now }, index) =>
    step(state, request, { place: { partition: 0, offset: index }, appendedAt, now }),
  );
  return { state, decisions };
}

/** The last decision of a history: what a table's `then` speaks of. */
export function decideLast(history: readonly Timed[]): Decision {
  const decision = play(history).decisions.at(-1);
  if (decision === undefined) throw new RangeError("a history has at least one request");
  return decision;
}

/** A decision in words: first the outcome, then one line per write. */
export function tell({ outcome, writes }: Decision): string[] {
  return [tellOutcome(outcome), ...writes.map(tellWrite)];
}

function tellOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "show":
      return `show ${outcome.showId}`;
    case "booking":
      return `booking ${outcome.bookingId}`;
    case "refused":
      return outcome.bookingId === null
        ? `refused: ${outcome.reason}`
        : `refused: ${outcome.reason}, booking ${outcome.bookingId}`;
  }
}

function tellWrite(write: Write): string {
  switch (write.kind) {
    case "show-created":
      return `show ${write.show.id} created`;
    case "show-changed":
      return `show ${write.after.id} changed`;
    case "booking": {
      const { before, after } = write;
      const move = `${after.id}: ${before?.status ?? "new"} → ${after.status}`;
      if (after.reason !== null) return `${move} (${after.reason})`;
      if (!isLive(after)) return move;
      const seats = after.seats.length === 0 ? "" : ` seats ${after.seats.join(" ")}`;
      const places = after.standing.map(({ section, count }) => ` standing ${section}×${count}`);
      const rescued = after.rescued && after.status !== before?.status ? " rescued" : "";
      return `${move}${seats}${places.join("")}${rescued}`;
    }
  }
}
