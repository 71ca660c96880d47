/**
 * What people can do with bookings, apart from HTTP: ask for one, look at it, confirm it, extend
 * it, cancel it. Canonical and classic routes are two dresses of these.
 */
import {
  buildBookingId,
  buildKeyedBookingId,
  parseBookingId,
} from "@seatline/shared/contract/booking-id.ts";
import type { IdSecrets, IdempotencyKey } from "@seatline/shared/contract/booking-id.ts";
import { partitionOf } from "@seatline/shared/contract/partition.ts";
import { parseRecord } from "@seatline/shared/contract/record.ts";
import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import { hashBook } from "@seatline/shared/contract/request.ts";
import { findUnknown } from "@seatline/shared/core/allocate.ts";
import { limitsCustomers, wantedPlaces } from "@seatline/shared/core/model.ts";
import type {
  Booking,
  Place,
  RefusalFacts,
  RefusalReason,
  Want,
} from "@seatline/shared/core/model.ts";
import type { Book, Cancel, Request } from "@seatline/shared/core/requests.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Extents } from "@seatline/shared/line/broker.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";

import { guideOf } from "./layouts.ts";
import type { LineAhead } from "./line-ahead.ts";
import type { LineMemory } from "./line-memory.ts";
import type { Line, Queued, Submission } from "./line.ts";
import { buildOutlook } from "./outlook.ts";
import type { Outlook } from "./outlook.ts";
import type { Reads } from "./reads.ts";
import type { Shows } from "./shows.ts";
import { untilAborted } from "./waiters.ts";

type BookingsDeps = {
  readonly host: Host;
  readonly secrets: IdSecrets;
  readonly line: Line;
  readonly memory: LineMemory;
  readonly ahead: LineAhead;
  readonly shows: Shows;
  readonly store: Store;
  readonly reads: Reads;
  readonly extents: Extents;
};

export type BookInput = Omit<Book, "kind" | "requestId" | "requestHash"> & {
  readonly key: IdempotencyKey | null;
};

/** How a call is waited for. */
export type Patience = { readonly waitMs: number; readonly signal: AbortSignal };

export type Answer =
  | { readonly kind: "booking"; readonly booking: Booking }
  | {
      readonly kind: "queued";
      readonly id: string;
      readonly showId: string | null;
      readonly queued: Queued;
      /** What a booking may expect, as far as its request and its show are known here. */
      readonly outlook: Outlook | null;
    }
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason;
      readonly facts: RefusalFacts | null;
      /** How many places were asked for, where that matters. */
      readonly asked: number | null;
      readonly booking: Booking | null;
    }
  | { readonly kind: "unavailable" };

type Asked = Pick<Book, "showId" | "wants">;

const UNAVAILABLE: Answer = { kind: "unavailable" };

export class Bookings {
  readonly #deps: BookingsDeps;

  constructor(deps: BookingsDeps) {
    this.#deps = deps;
  }

  /** Asks for a booking. Refuses before the line only what can never change. */
  async book(input: BookInput, patience: Patience): Promise<Answer> {
    const { host, secrets, memory, line } = this.#deps;
    const { key, ...asked } = input;
    const { showId, wants } = asked;
    const show = await this.#findShow(showId);
    const early = show === null ? null : refuseEarly(show, input);
    if (early !== null) return early;
    const partition = partitionOf(showId, memory.partitionCount);
    const id =
      key === null
        ? buildBookingId(secrets, partition, host)
        : buildKeyedBookingId(secrets, partition, { showId, ...key });
    const requestHash = hashBook(asked);
    const request: Book = { kind: "book", requestId: id, ...asked, requestHash };
    const submitted = await line.submit({
      request,
      partition,
      key: showId,
      ...patience,
      // Under one key two different requests have one id. Each hears only its own outcome.
      isOwn: (entry) => isAnswerTo({ id, requestHash }, entry),
    });
    if (submitted.status === "unavailable") return UNAVAILABLE;
    if (submitted.status === "queued") {
      const { queued } = submitted;
      if (queued.place !== null) this.#deps.ahead.note(queued.place, { showId, wants });
      return this.#queued(id, queued, { showId, wants });
    }
    return answerOf(submitted.entry, wants);
  }

  /**
   * A booking, or its place in the line. `place` is what the 202 said, if the caller still knows. Waits,
   * as long as `patience` lasts, for a decision where there is none, and for news of what `isKnown`.
   */
  async find(
    id: string,
    place: Place | null,
    {
      waitMs,
      signal,
      isKnown = () => Promise.resolve(false),
    }: Patience & { isKnown?: (booking: Booking) => Promise<boolean> },
  ): Promise<Answer> {
    const { host } = this.#deps;
    const until = host.monotonicMs() + waitMs;
    for (;;) {
      const leftMs = until - host.monotonicMs();
      if (leftMs <= 0 || signal.aborted) return this.#look(id, place);
      // Registered before the look, so that a decision between the two is not missed.
      const waiter = this.#deps.memory.waiters.wait(id, leftMs);
      if (waiter === null) return UNAVAILABLE;
      try {
        const answer = await this.#look(id, place);
        const isNews =
          answer.kind === "booking" ? !(await isKnown(answer.booking)) : answer.kind !== "queued";
        if (isNews) return answer;
        // Not always what is waited for: under one key, earlier requests have the same id.
        if ((await untilAborted(waiter, signal)) === null) return await this.#look(id, place);
      } finally {
        waiter.cancel();
      }
    }
  }

  async #look(id: string, place: Place | null): Promise<Answer> {
    const { memory, line } = this.#deps;
    const partition = this.#findPartition(id);
    if (partition === null || (place !== null && place.partition !== partition)) {
      return refused("booking-not-found");
    }
    const known = memory.booking(id);
    if (place !== null && place.offset >= memory.line(partition).next) {
      // Also where the booking is known: at this place stands a confirm of it, or another request
      // under its key, and whoever asks wants to know what became of that.
      return (await this.#isBeyondEnd(place))
        ? refused("booking-not-found")
        : this.#queued(id, line.queuedAt(place));
    }
    if (known !== undefined && isPlaceOf(known, place)) return booked(known);
    return place === null ? this.#findWithoutPlace(id, partition) : this.#findDecided(id, place);
  }

  confirm(id: string, payment: string | null, patience: Patience): Promise<Answer> {
    return this.#change({ kind: "confirm", ...this.#about(id), payment }, patience);
  }

  /** `holdMs` from the decision on; null for as long as a new hold of the show. */
  extend(id: string, holdMs: number | null, patience: Patience): Promise<Answer> {
    return this.#change({ kind: "extend", ...this.#about(id), holdMs }, patience);
  }

  cancel(
    id: string,
    asked: Pick<Cancel, "places" | "byStaff">,
    patience: Patience,
  ): Promise<Answer> {
    return this.#change({ kind: "cancel", ...this.#about(id), ...asked }, patience);
  }

  #about(bookingId: string) {
    return { requestId: this.#deps.host.uuid(), bookingId };
  }

  async #change(
    request: Extract<Request, { bookingId: string }>,
    patience: Patience,
  ): Promise<Answer> {
    const { memory, line } = this.#deps;
    const id = request.bookingId;
    const partition = this.#findPartition(id);
    if (partition === null) return refused("booking-not-found");
    const showId = memory.booking(id)?.showId ?? null;
    const submission: Submission = {
      request,
      partition,
      key: showId ?? id,
      ...patience,
    };
    const submitted = await line.submit(submission);
    if (submitted.status === "unavailable") return UNAVAILABLE;
    if (submitted.status === "queued")
      return { kind: "queued", id, showId, queued: submitted.queued, outlook: null };
    return answerOf(submitted.entry, []);
  }

  /** Where a booking's line is; null for an id that was never issued. One that is known here was. */
  #findPartition(id: string): number | null {
    const { secrets, memory } = this.#deps;
    const known = memory.booking(id);
    return known?.place.partition ?? parseBookingId(secrets, id)?.partition ?? null;
  }

  /** The place is decided: so the booking is stored, or its request ended without one. */
  async #findDecided(id: string, place: Place): Promise<Answer> {
    const { reads, store } = this.#deps;
    const found = await this.#loadBooking(id, place.partition);
    if (found === null) return UNAVAILABLE;
    const { booking } = found;
    if (booking !== null && isPlaceOf(booking, place)) return booked(booking);
    const row = await reads.run(() => store.findRecordOf(place));
    const entry = parseRecord(row?.body ?? "")?.entries.find(
      ({ offset }) => offset === place.offset,
    );
    if (entry !== undefined && entry.outcome.kind === "refused" && isAbout(id, entry)) {
      const { reason } = entry.outcome;
      // Under a key that was used before, nothing of the first request is shown.
      return reason === "key-reused" || reason === "internal"
        ? refused(reason)
        : answerOf(entry, []);
    }
    return booking === null ? refused("booking-not-found") : booked(booking);
  }

  /** Nobody has been given a place that the line does not reach; a look at the broker makes sure. */
  async #isBeyondEnd({ partition, offset }: Place): Promise<boolean> {
    const { memory, extents } = this.#deps;
    if (offset < memory.line(partition).end) return false;
    const { end } = await extents.find(partition);
    memory.noteEnd(partition, end);
    return offset >= end;
  }

  /**
   * Without a place: where the booking is not stored, first the line's end, then the booking once more,
   * together with how far the line is decided. In that order nothing can slip through: what was accepted
   * before the look at the end is in one of them.
   */
  async #findWithoutPlace(id: string, partition: number): Promise<Answer> {
    const { extents, line, memory } = this.#deps;
    const stored = await this.#loadBooking(id, partition);
    if (stored === null) return UNAVAILABLE;
    if (stored.booking !== null) return booked(stored.booking);
    const { end } = await extents.find(partition);
    const found = await this.#loadBooking(id, partition);
    if (found === null) return UNAVAILABLE;
    const { booking, nextOffset } = found;
    if (booking !== null) return booked(booking);
    if (nextOffset === null || nextOffset >= end) return refused("booking-not-found");
    memory.noteEnd(partition, end);
    return this.#queued(id, line.queuedSomewhere(partition));
  }

  /**
   * From Postgres; or from memory, if that has caught up with it meanwhile and knows the booking. Null if
   * memory cannot catch up: its next answer would be older than this one.
   */
  async #loadBooking(id: string, partition: number) {
    const { reads, store, memory } = this.#deps;
    const found = await reads.run(() => store.findBooking(id, partition));
    if (!(await memory.catchUp(partition, found.nextOffset ?? 0))) return null;
    return { ...found, booking: memory.booking(id) ?? found.booking };
  }

  /** `asked` is what it asks for, where that is at hand; else the line may know. */
  #queued(id: string, queued: Queued, asked: Asked | null = null): Answer {
    const { ahead, shows, memory } = this.#deps;
    const { place } = queued;
    const request = asked ?? (place === null ? null : ahead.find(place));
    const showId = request?.showId ?? memory.booking(id)?.showId ?? null;
    const scene = showId === null ? null : shows.peek(showId);
    const outlook =
      place === null || request === null || scene === null
        ? null
        : buildOutlook(scene, request.wants, { ahead, place });
    return { kind: "queued", id, showId, queued, outlook };
  }

  /** A show that is known here or in Postgres. With Postgres away the line decides without our help. */
  async #findShow(showId: string): Promise<ShowRow | null> {
    try {
      return await this.#deps.shows.find(showId);
    } catch (error) {
      if (classifyFault(error) === "bug") throw error;
      return null;
    }
  }
}

/** The outcome as the asker hears it. */
function answerOf(entry: RecordEntry, wants: readonly Want[]): Answer {
  const { outcome } = entry;
  const booking = subjectOf(entry);
  if (outcome.kind === "refused") {
    // Which of a ladder's wants the refusal tells of, the customer's limit decides as well.
    const [want, next] = booking?.wants ?? wants;
    const asked = want === undefined || next !== undefined ? null : wantedPlaces(want);
    return { kind: "refused", reason: outcome.reason, facts: outcome.facts, asked, booking };
  }
  return booking === null ? refused("internal") : booked(booking);
}

/** The booking that an outcome speaks of, as it was then. */
function subjectOf({ outcome, changed, unchanged }: RecordEntry): Booking | null {
  if (outcome.kind === "show" || outcome.bookingId === null) return null;
  return changed.findLast(({ id }) => id === outcome.bookingId) ?? unchanged;
}

/** An entry in which the booking only lapsed may be that of an equal request, which is somebody else's. */
function isAnswerTo(
  { id, requestHash }: Pick<Book, "requestHash"> & { readonly id: string },
  entry: RecordEntry,
): boolean {
  return entry.requestId === id && readMember(entry, "requestHash") === requestHash;
}

/** Whether an entry's request is about a booking: the one that asked for it, or one that changes it. */
function isAbout(id: string, entry: RecordEntry): boolean {
  return entry.requestId === id || readMember(entry, "bookingId") === id;
}

/** A member of an entry's request. One that has an id was JSON. */
function readMember({ request, requestId }: RecordEntry, name: string): unknown {
  if (request === null || requestId === null) return undefined;
  const members: unknown = JSON.parse(request);
  return typeof members === "object" && members !== null && Object.hasOwn(members, name)
    ? (members as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/**
 * What can never change may be said at the door, in the very words of the line. Not under a key: the
 * line alone knows whether it was used before. And no exact seats of a sold-out show: which of them are
 * taken is for the line to say.
 */
function refuseEarly(show: ShowRow, { wants, wait, byStaff, key }: BookInput): Answer | null {
  if (key !== null) return null;
  if (show.sale === "cancelled") return refused("show-cancelled");
  // While the sale is not open, that is what the line would say first.
  if (show.sale === "closed" || show.archived) return null;
  if (show.opensAt !== null || show.closesAt !== null) return null;
  const unknown = findUnknown(guideOf(show.layout), wants);
  if (unknown !== null) return refused("seat-unknown", unknown);
  const [want] = wants;
  const asksOnlyCount = wants.length === 1 && Object.keys(want ?? {}).join() === "count";
  if (want === undefined || !asksOnlyCount || wait !== null || byStaff) return null;
  const { rules } = show;
  const asked = wantedPlaces(want);
  const isLimited = limitsCustomers(rules) || asked > rules.seatsPerBookingMax;
  const isSoldForGood = show.confirmed === show.capacity && !rules.cancelConfirmed;
  if (isLimited || !isSoldForGood) return null;
  return { ...refused("not-enough-seats", { free: 0, held: 0 }), asked };
}

function isPlaceOf({ place }: Booking, asked: Place | null): boolean {
  return asked === null || place.offset === asked.offset;
}

function refused(reason: RefusalReason, facts: RefusalFacts | null = null) {
  return { kind: "refused" as const, reason, facts, asked: null, booking: null };
}

function booked(booking: Booking): Answer {
  return { kind: "booking", booking };
}
