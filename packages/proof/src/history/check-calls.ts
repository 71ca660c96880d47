/** Whoever was told that their request is accepted, or what became of it, stands in the line with exactly that. */
import { REFUSAL_REASONS } from "@seatline/shared/core/model.ts";
import type { Booking, Place } from "@seatline/shared/core/model.ts";
import type { Request } from "@seatline/shared/core/requests.ts";

import { buildBookingSeen, isSameSeen } from "./booking-seen.ts";
import type { Asked, BookingSeen, Call, Heard } from "./history.ts";
import { entryAt, messageAt } from "./history-index.ts";
import type { EntrySeen, HistoryIndex } from "./history-index.ts";

type Change = Extract<Asked, { readonly kind: "confirm" | "extend" | "cancel" }>;
type Book = Extract<Asked, { readonly kind: "book" }>;
type Find = Extract<Asked, { readonly kind: "find" }>;

/** What the gateway says by itself, where it can never change, of a booking without a key. */
const DOOR_REASONS = ["show-cancelled", "seat-unknown", "not-enough-seats"];
const LINE_REASONS: ReadonlySet<string> = new Set(REFUSAL_REASONS);

export function* findUnkeptPromises(index: HistoryIndex): Generator<string> {
  const book = new AnswerBook(index);
  for (const call of index.history.calls) {
    if (call.heard?.kind === "queued") yield* findUnkeptPlace(index, call, call.heard);
    if (call.heard?.kind === "queued") book.noteQueued(call.asked, call.heard.place);
  }
  for (const { asked, heard } of index.history.calls) {
    if (heard?.kind !== "booking" && heard?.kind !== "refused") continue;
    if (heard.kind === "refused" && !LINE_REASONS.has(heard.reason)) continue;
    switch (asked.kind) {
      case "book":
        yield* findUnaskedBook(index, asked, heard);
        break;
      case "find":
        yield* findUnaskedFind(index, asked, heard);
        break;
      case "confirm":
      case "extend":
      case "cancel":
        yield* book.take(asked, heard);
    }
  }
  yield* findLostRequests(index);
}

/** The place that was told is the place of that very request. */
function* findUnkeptPlace(
  index: HistoryIndex,
  { asked }: Call,
  { id, place }: Extract<Heard, { readonly kind: "queued" }>,
): Generator<string> {
  const name = `${asked.kind} of ${id}`;
  if (asked.kind !== "book" && asked.bookingId !== id) {
    yield `who asked to ${asked.kind} ${asked.bookingId} was told of ${id}`;
  }
  if (asked.kind === "find") {
    const isThePlace =
      asked.place?.partition === place?.partition && asked.place?.offset === place?.offset;
    if (!isThePlace) yield `${name} was told another place than it asked for`;
    if (place !== null && messageAt(index, place) === undefined) {
      yield `${name} was told that ${encode(place)} is in the line, and nothing is there`;
    }
    return;
  }
  if (place === null) {
    yield `${name} was accepted without a place`;
    return;
  }
  const message = messageAt(index, place);
  const request = message?.request ?? null;
  if (message === undefined) yield `${name} was accepted at ${encode(place)}, and is not there`;
  else if (request === null || !isRequestOf(asked, id, request)) {
    yield `${name} was accepted at ${encode(place)}, where ${request?.kind ?? "no request"} of ${message.requestId} stands`;
  } else if (entryAt(index, place)?.requestId !== message.requestId) {
    yield `${name} at ${encode(place)} has no outcome of its own`;
  }
}

function isRequestOf(asked: Asked, id: string, request: Request): boolean {
  if (request.kind === "book") {
    return asked.kind === "book" && request.requestId === id && request.showId === asked.showId;
  }
  return request.kind === asked.kind && "bookingId" in request && request.bookingId === id;
}

/** A booking that was shown was asked for in this show; a refusal is one of the line, or of the door. */
function* findUnaskedBook(
  { livesById, entries, sales }: HistoryIndex,
  asked: Book,
  heard: Outcome,
): Generator<string> {
  const { booking } = heard;
  if (booking !== null) {
    const state = livesById.get(booking.id)?.states[0];
    if (state === undefined) yield `${booking.id} was shown to its client, and no entry made it`;
    else if (state.showId !== asked.showId) {
      yield `${booking.id} of show ${state.showId} was shown to who asked for show ${asked.showId}`;
    }
    if (heard.kind === "refused" && booking.reason !== heard.reason) {
      yield `${booking.id} was refused as ${heard.reason}, and is shown as ${booking.reason}`;
    }
    return;
  }
  if (heard.kind !== "refused") return;
  const { reason } = heard;
  if (asked.key === null && DOOR_REASONS.includes(reason)) {
    const wasSoldOut = sales.shows.get(asked.showId)?.wasSoldOut ?? false;
    if (reason === "not-enough-seats" && !wasSoldOut) {
      yield `a booking of show ${asked.showId} was turned away as if it was sold out`;
    }
    return;
  }
  const isGiven = entries.some(({ outcome, message }) => {
    if (outcome.kind !== "refused" || outcome.reason !== reason) return false;
    const request = message?.request;
    return reason === "internal" || (request?.kind === "book" && request.showId === asked.showId);
  });
  const canBe = reason === "key-reused" || reason === "internal";
  if (!canBe || !isGiven) {
    yield `a booking of show ${asked.showId} was refused as ${reason}, and no entry says so`;
  }
}

/** Who looks is shown what they look for; a refusal is that of the request at the place. */
function* findUnaskedFind(index: HistoryIndex, asked: Find, heard: Outcome): Generator<string> {
  const { bookingId, place } = asked;
  const { booking } = heard;
  if (booking !== null && booking.id !== bookingId) {
    yield `who looked for ${bookingId} was shown ${booking.id}`;
  }
  if (heard.kind !== "refused" || heard.reason === "booking-not-found") return;
  const entry = place === null ? undefined : entryAt(index, place);
  if (entry?.outcome.kind !== "refused" || entry.outcome.reason !== heard.reason) {
    yield `${bookingId} was told ${heard.reason}, and its place ${place === null ? "" : encode(place)} does not say so`;
  } else if (heard.booking !== null && !isShownBy(entry, heard.booking)) {
    yield `${bookingId} was told ${heard.reason} with another booking than at ${encode(entry)}`;
  }
}

type Outcome = { readonly booking: BookingSeen | null } & Extract<
  Heard,
  { readonly kind: "booking" | "refused" }
>;

/** A request that was told a place is there for everybody who asks later, with the place or without it. */
function* findLostRequests(index: HistoryIndex): Generator<string> {
  const toldAt = new Map<string, number>();
  const note = (name: string, at: number) => {
    toldAt.set(name, Math.min(at, toldAt.get(name) ?? at));
  };
  for (const { asked, heard, heardAt } of index.history.calls) {
    if (heard?.kind !== "queued" || heard.place === null || asked.kind === "find") continue;
    if (wasParked(index, heard.place)) continue;
    note(`${heard.id} ${encode(heard.place)}`, heardAt);
    if (asked.kind === "book") note(heard.id, heardAt);
  }
  for (const { asked, heard, askedAt } of index.history.calls) {
    if (asked.kind !== "find" || heard?.kind !== "refused") continue;
    if (heard.reason !== "booking-not-found") continue;
    const { bookingId, place } = asked;
    const name = place === null ? bookingId : `${bookingId} ${encode(place)}`;
    const isLost = (toldAt.get(name) ?? Number.POSITIVE_INFINITY) <= askedAt;
    if (!isLost || (place !== null && saysNotFound(entryAt(index, place)))) continue;
    yield `${name} was accepted, and later nobody knew of it`;
  }
}

function wasParked(index: HistoryIndex, place: Place): boolean {
  return (entryAt(index, place)?.deadLetter ?? null) !== null;
}

function saysNotFound(entry: EntrySeen | undefined): boolean {
  return entry?.outcome.kind === "refused" && entry.outcome.reason === "booking-not-found";
}

/**
 * The entries that answer requests about bookings: each answers one call. A call that was told a place knows
 * its entry; of the others any that says the same will do.
 */
class AnswerBook {
  readonly #entriesByName = new Map<string, EntrySeen[]>();
  readonly #isTaken = new Set<string>();

  constructor({ entries }: HistoryIndex) {
    for (const entry of entries) {
      const request = entry.message?.request;
      if (request === null || request === undefined || !("bookingId" in request)) continue;
      const name = `${request.kind} ${request.bookingId}`;
      const known = this.#entriesByName.get(name);
      if (known === undefined) this.#entriesByName.set(name, [entry]);
      else known.push(entry);
    }
  }

  noteQueued(asked: Asked, place: Place | null): void {
    if (place !== null && asked.kind !== "find") this.#isTaken.add(encode(place));
  }

  *take({ kind, bookingId }: Change, heard: Outcome): Generator<string> {
    // Of an id that was never given out the gateway says so by itself.
    if (heard.kind === "refused" && heard.reason === "booking-not-found") return;
    const entries = this.#entriesByName.get(`${kind} ${bookingId}`) ?? [];
    const entry = entries.find((one) => !this.#isTaken.has(encode(one)) && answers(one, heard));
    if (entry !== undefined) this.#isTaken.add(encode(entry));
    else {
      const told = heard.kind === "refused" ? heard.reason : heard.booking.status;
      yield `${kind} of ${bookingId} was answered ${told}, and no entry answers so`;
    }
  }
}

function answers(entry: EntrySeen, heard: Outcome): boolean {
  const { outcome } = entry;
  if (heard.kind === "refused") {
    if (outcome.kind !== "refused" || outcome.reason !== heard.reason) return false;
    const subject = subjectOf(entry);
    if (heard.booking === null) return subject === null;
  } else if (outcome.kind !== "booking") return false;
  return heard.booking !== null && isShownBy(entry, heard.booking);
}

function isShownBy(entry: EntrySeen, booking: BookingSeen): boolean {
  const subject = subjectOf(entry);
  return subject !== null && isSameSeen(buildBookingSeen(subject), booking);
}

/** The booking that an outcome speaks of, as it was behind its entry. */
function subjectOf({ outcome, changed, unchanged }: EntrySeen): Booking | null {
  if (outcome.kind === "show" || outcome.bookingId === null) return null;
  return changed.findLast(({ id }) => id === outcome.bookingId) ?? unchanged;
}

function encode({ partition, offset }: Place): string {
  return `${partition}-${offset}`;
}
