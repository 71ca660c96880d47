/**
 * Shows, requests and short histories for tests of the core, so that a test says only what matters
 * to it. Everything is fixed: no clock, no randomness.
 */
import { buildPlainLayout } from "../core/layout.ts";
import type { Layout } from "../core/layout.ts";
import type {
  Book,
  Cancel,
  Confirm,
  CreateShow,
  Decision,
  Expire,
  Outcome,
  Request,
  ShowFacts,
  ShowRules,
  Want,
  Write,
} from "../core/model.ts";
import { buildLineState } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import { step } from "../core/step.ts";

export const SHOW_ID = "show";
export const HOLD_MS = 1_000;

type ShowOptions = {
  readonly id?: string;
  readonly layout?: Layout;
  readonly rules?: Partial<ShowRules>;
};

/** A plain show of two seats, unless told otherwise. */
export function buildShowFacts({ id, layout, rules }: ShowOptions = {}): ShowFacts {
  return {
    id: id ?? SHOW_ID,
    name: "A night at the test house",
    startsAt: 1_000_000,
    layout: layout ?? buildPlainLayout(2),
    rules: { holdMs: HOLD_MS, confirmation: "manual", cancelConfirmed: false, ...rules },
    requestHash: "asked so",
    createdAt: 0,
  };
}

export function createShow(options: ShowOptions = {}): CreateShow {
  const { id: showId, createdAt: _, ...asked } = buildShowFacts(options);
  return { kind: "create-show", requestId: `create-${showId}`, showId, ...asked };
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
    requestHash: `hash of ${JSON.stringify(wants)}`,
  };
}

export function confirm(bookingId: string, payment: string | null = null): Confirm {
  return { kind: "confirm", requestId: `confirm-${bookingId}`, bookingId, payment };
}

export function cancel(bookingId: string): Cancel {
  return { kind: "cancel", requestId: `cancel-${bookingId}`, bookingId };
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

export type Played = { readonly state: LineState; readonly decisions: readonly Decision[] };

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
  if (write.kind === "show-created") return `show ${write.show.id} created`;
  const { before, after } = write;
  const move = `${after.id}: ${before?.status ?? "new"} → ${after.status}`;
  if (after.reason !== null) return `${move} (${after.reason})`;
  const seats = after.seats.length === 0 ? "" : ` seats ${after.seats.join(" ")}`;
  const standing = after.standing.map(({ section, count }) => ` standing ${section}×${count}`);
  return `${move}${seats}${standing.join("")}`;
}
