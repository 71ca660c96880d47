/** What clients were told: of a request that stands in the line, of a booking that was so, and never of an older one. */
import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Place } from "@seatline/shared/core/model.ts";

import { seeBooking } from "./booking-seen.ts";
import { found } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { BookingSeen, Call } from "./history.ts";
import { keyOf, push } from "./index-history.ts";
import type { IndexedHistory } from "./index-history.ts";

export function checkClients(history: IndexedHistory): Finding[] {
  const { calls } = history;
  const truth = new Truth(history);
  return [
    found("who was told a place has a request there, and it is decided", findLostPlaces(history)),
    found(
      "what clients were shown of a booking was so",
      calls.flatMap((call) => truth.findUntrue(call)),
    ),
    found(
      "a refusal that a client heard was decided in the line, or can never change",
      calls.flatMap((call) => truth.findUnfounded(call)),
    ),
    found("answers to one booking never go backwards", findBackwards(calls, truth)),
    found(
      "what was decided before the rest, every gateway knows after it",
      findOutdated(history, truth),
    ),
    found(
      "the same key again is the same booking, and another request under it is refused",
      findKeyFaults(calls),
    ),
  ];
}

/** Of a find, only what it asks for is in the line; of all else, what was told stands there. */
function findLostPlaces({ calls, entryByPlace }: IndexedHistory): string[] {
  return calls.flatMap(({ asked, heard }) => {
    if (heard?.kind !== "queued" || heard.place === null) return [];
    const key = keyOf(heard.place);
    const entry = entryByPlace.get(key);
    if (entry === undefined) return [`${heard.id} was told place ${key}, nothing is decided there`];
    const id = asked.kind === "book" ? heard.id : asked.bookingId;
    return isAbout(entry, id) ? [] : [`${id} was told place ${key}, another request stands there`];
  });
}

function isAbout({ requestId, request }: RecordEntry, id: string): boolean {
  return requestId === id || (request?.includes(id) ?? false);
}

/** What may be said at the door, because it can never change. */
const AT_THE_DOOR = new Set(["show-cancelled", "seat-unknown", "not-enough-seats"]);

/** What really was, by booking. */
class Truth {
  readonly #indexesById = new Map<string, Map<string, number[]>>();
  readonly #reasonsById = new Map<string, Set<string>>();
  readonly #entryById: IndexedHistory["statesById"];

  constructor({ lines, statesById }: IndexedHistory) {
    this.#entryById = statesById;
    for (const { entries } of lines) for (const entry of entries) this.#noteReason(entry);
  }

  /** At which states of the booking, counted from 0, it looked like this. */
  indexesOf(seen: BookingSeen): readonly number[] {
    const known = this.#indexesById.get(seen.id);
    const indexes = known ?? this.#index(seen.id);
    return indexes.get(JSON.stringify(seen)) ?? [];
  }

  /** Where a state of a booking was decided. */
  placeOf(id: string, index: number): Place | null {
    return this.#entryById.get(id)?.[index]?.entry ?? null;
  }

  findUntrue({ asked, heard }: Call): string[] {
    const seen = heard?.kind === "booking" || heard?.kind === "refused" ? heard.booking : null;
    if (seen === null || this.indexesOf(seen).length > 0) return [];
    return [`${asked.kind} was shown ${JSON.stringify(seen)}, which it never was`];
  }

  findUnfounded({ asked, heard }: Call): string[] {
    if (heard?.kind !== "refused") return [];
    const { reason, booking } = heard;
    const id = booking?.id ?? (asked.kind === "book" ? null : asked.bookingId);
    const fault = `${asked.kind} of ${id ?? "nobody"} was refused: ${reason}`;
    if (id !== null) return this.#reasonsById.get(id)?.has(reason) === true ? [] : [fault];
    // Of a refused request without a booking to show, the client does not learn its id.
    const isAtDoor = asked.kind === "book" && asked.key === null && AT_THE_DOOR.has(reason);
    return isAtDoor || this.#reasonsById.get("")?.has(reason) === true ? [] : [fault];
  }

  #noteReason({ outcome, requestId, request, changed }: RecordEntry): void {
    const reasons = changed.flatMap(({ id, reason }) => (reason === null ? [] : [{ id, reason }]));
    if (outcome.kind === "refused") {
      const { reason, bookingId } = outcome;
      const ids = [requestId, bookingId, readBookingId(request), ""].filter((id) => id !== null);
      for (const id of ids) reasons.push({ id, reason });
    }
    for (const { id, reason } of reasons) {
      const known = this.#reasonsById.get(id) ?? new Set();
      this.#reasonsById.set(id, known.add(reason));
    }
  }

  #index(id: string): ReadonlyMap<string, number[]> {
    const indexes = new Map<string, number[]>();
    for (const [index, { booking }] of (this.#entryById.get(id) ?? []).entries()) {
      push(indexes, JSON.stringify(seeBooking(booking)), index);
    }
    this.#indexesById.set(id, indexes);
    return indexes;
  }
}

const BOOKING_ID = /"bookingId":"([^"]+)"/;

function readBookingId(request: string | null): string | null {
  return (request === null ? null : BOOKING_ID.exec(request)?.[1]) ?? null;
}

/** An answer of one gateway about one booking: the states that it may tell of, or that it is not decided. */
type Told = {
  readonly call: Call;
  readonly id: string;
  readonly indexes: readonly number[];
  /** Of a request that is not decided yet: its place, or null for none. */
  readonly queuedAt: Place | null;
};

function findBackwards(calls: readonly Call[], truth: Truth): string[] {
  const tellings = new Map<string, Told[]>();
  for (const call of calls) {
    const told = readTold(call, truth);
    if (told !== null) push(tellings, `${call.gateway} ${told.id}`, told);
  }
  return [...tellings.values()].flatMap((told) => findStepsBack(told, truth));
}

function readTold(call: Call, truth: Truth): Told | null {
  const { heard } = call;
  if (heard?.kind === "queued") {
    return { call, id: heard.id, indexes: [], queuedAt: heard.place };
  }
  const seen = heard?.kind === "booking" || heard?.kind === "refused" ? heard.booking : null;
  if (seen === null) return null;
  const indexes = truth.indexesOf(seen);
  return indexes.length === 0 ? null : { call, id: seen.id, indexes, queuedAt: null };
}

function findStepsBack(told: readonly Told[], truth: Truth): string[] {
  const faults: string[] = [];
  const known: { readonly heardAt: number; readonly index: number }[] = [];
  for (const { call, id, indexes, queuedAt } of told.toSorted(
    (a, b) => a.call.heardAt - b.call.heardAt,
  )) {
    const { askedAt, heardAt, asked } = call;
    const before = known.filter((it) => it.heardAt < askedAt).map(({ index }) => index);
    const newest = Math.max(-1, ...before);
    if (indexes.length === 0) {
      const decidedAt = newest < 0 ? null : truth.placeOf(id, newest);
      const isLater = queuedAt !== null && queuedAt.offset > (decidedAt?.offset ?? -1);
      if (decidedAt !== null && !isLater) {
        faults.push(`${id} was queued for ${asked.kind} at ${askedAt}, and decided before`);
      }
      continue;
    }
    const index = indexes.find((it) => it >= newest);
    if (index === undefined)
      faults.push(`${id} was older for ${asked.kind} at ${askedAt} than before`);
    else known.push({ heardAt, index });
  }
  return faults;
}

/** What was decided before the rest, everybody knew from then on. */
function findOutdated({ calls, rest, statesById }: IndexedHistory, truth: Truth): string[] {
  if (rest === null) return [];
  return calls.flatMap(({ askedAt, heard, gateway }) => {
    if (askedAt < rest.atMs || heard?.kind !== "booking") return [];
    const { booking } = heard;
    const known = (statesById.get(booking.id) ?? []).filter(
      ({ entry }) => entry.offset < (rest.nextOffsets[entry.partition] ?? 0),
    );
    const isKnown = truth.indexesOf(booking).some((index) => index >= known.length - 1);
    return isKnown ? [] : [`${gateway} still tells ${JSON.stringify(booking)}`];
  });
}

function findKeyFaults(calls: readonly Call[]): string[] {
  const tellings = new Map<
    string,
    { readonly id: string; readonly body: string; readonly isShown: boolean }[]
  >();
  for (const { asked, heard } of calls) {
    if (asked.kind !== "book" || asked.key === null || heard === null) continue;
    const { key, showId, body } = asked;
    const id =
      heard.kind === "queued" ? heard.id : "booking" in heard ? heard.booking?.id : undefined;
    if (id === undefined) continue;
    push(tellings, `${key} ${showId}`, { id, body, isShown: heard.kind !== "queued" });
  }
  const bodiesByKey = new Map<string, Set<string>>();
  for (const { asked } of calls) {
    if (asked.kind !== "book" || asked.key === null) continue;
    const key = `${asked.key} ${asked.showId}`;
    bodiesByKey.set(key, (bodiesByKey.get(key) ?? new Set()).add(asked.body));
  }
  const unfounded = calls.flatMap(({ asked, heard }) => {
    if (heard?.kind !== "refused" || heard.reason !== "key-reused" || asked.kind !== "book")
      return [];
    const isReused = (bodiesByKey.get(`${asked.key} ${asked.showId}`)?.size ?? 0) > 1;
    return isReused ? [] : [`key ${asked.key} was used for one request only, and called reused`];
  });
  const differing = [...tellings].flatMap(([key, told]) => {
    const faults: string[] = [];
    const ids = new Set(told.map(({ id }) => id));
    if (ids.size > 1) faults.push(`key ${key} stands for ${[...ids].join(" and ")}`);
    const bodies = new Set(told.filter(({ isShown }) => isShown).map(({ body }) => body));
    if (bodies.size > 1)
      faults.push(`key ${key} shows its booking for ${[...bodies].join(" and for ")}`);
    return faults;
  });
  return [...unfounded, ...differing];
}
