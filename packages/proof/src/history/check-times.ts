/** What must hold of holds, of waiting and of the log's clock. */
import { isLive, isUnsettled, limitsCustomers } from "@seatline/shared/core/model.ts";
import type { Booking, ShowRules } from "@seatline/shared/core/model.ts";

import type { Change, EntrySeen, HistoryIndex } from "./history-index.ts";

/** Holds and waits that stand in the tables longer after their time than anything may take. */
export function* findOutlived({ history }: HistoryIndex): Generator<string> {
  const { lapseMaxMs, tables } = history;
  if (lapseMaxMs === null) return;
  const clocks = new Map(tables.partitions.map(({ partition, clockMs }) => [partition, clockMs]));
  for (const { id, status, expiresAt, place } of tables.bookings.filter(isUnsettled)) {
    const clock = clocks.get(place.partition) ?? 0;
    if (expiresAt === null) yield `${id} is ${status} for ever`;
    else if (expiresAt < clock - lapseMaxMs) {
      yield `${id} is ${status} at ${clock}, ${clock - expiresAt} ms after its time`;
    }
  }
}

/** Holds begin and end when they must. */
export function* findHoldFaults({ entries, creationById }: HistoryIndex): Generator<string> {
  for (const entry of entries) {
    yield* findBrokenPromise(entry);
    for (const change of entry.changes) {
      yield* findWrongEnd(entry, change);
      const rules = creationById.get(change.after.showId)?.rules;
      if (change.after.status !== "PENDING" || rules === undefined) continue;
      yield* findWrongHold(entry, change, rules);
    }
  }
}

/** A confirm that stands in the line in time is never too late. */
function* findBrokenPromise({ message, clock, outcome, ...entry }: EntrySeen): Generator<string> {
  if (outcome.kind !== "refused" || outcome.reason !== "hold-expired") return;
  const { bookingId } = outcome;
  const booking = entry.changed.findLast(({ id }) => id === bookingId) ?? entry.unchanged;
  const expiresAt = booking?.expiresAt ?? null;
  if (message?.request?.kind === "book") return;
  if (expiresAt === null || clock < expiresAt) {
    yield `${bookingId} is told hold-expired at ${entry.partition}-${entry.offset}, at ${clock}, and holds until ${expiresAt}`;
  }
}

/** What ends by itself ends at its time: not before, and nothing else becomes of it afterwards. */
function* findWrongEnd(
  { partition, offset, clock }: EntrySeen,
  { before, after }: Change,
): Generator<string> {
  if (before === null || !isUnsettled(before) || before.expiresAt === null) return;
  const name = `${after.id}, ${before.status} until ${before.expiresAt}, is ${after.status} at ${partition}-${offset}, at ${clock}`;
  const isOver = before.expiresAt <= clock;
  const hasLapsed = after.status === "FAILED";
  const endsWithShow = after.reason === "show-cancelled";
  if (hasLapsed && !isOver) yield `${name}, before its time`;
  if (isOver && !hasLapsed && !endsWithShow) yield `${name}, after its time`;
}

/** A hold lasts as long as its show, or its request, says, from its decision on. */
function* findWrongHold(
  { partition, offset, message, now, clock }: EntrySeen,
  { before, after }: Change,
  rules: ShowRules,
): Generator<string> {
  const request = message?.request;
  const start = Math.max(now, clock);
  const isNew = before?.status !== "PENDING";
  const extendMs = request?.kind === "extend" ? (request.holdMs ?? rules.holdMs) : null;
  const askedMs = request?.kind === "book" && before === null ? request.holdMs : null;
  const lastsMs = askedMs ?? rules.holdMs;
  const limit = isNew ? start + Math.max(lastsMs, rules.holdMaxMs) : before.holdLimit;
  const until = (): number | null => {
    if (isNew) return start + lastsMs;
    return extendMs === null ? before.expiresAt : Math.min(start + extendMs, limit ?? start);
  };
  const due = until();
  if (after.expiresAt !== due) {
    yield `${after.id} holds until ${after.expiresAt} at ${partition}-${offset}, and should until ${due}`;
  }
  if (after.holdLimit !== limit) {
    yield `${after.id} may hold until ${after.holdLimit} at ${partition}-${offset}, and should until ${limit}`;
  }
}

/** Of two that want the same, nobody gets it while another with a lower place waits. */
export function* findUnfairServing(index: HistoryIndex): Generator<string> {
  const room = new WaitingRoom();
  for (const entry of index.entries) {
    for (const change of entry.changes) {
      if (change.before?.status === "WAITING") room.delete(change.before);
      if (change.after.status === "WAITING") room.add(change.after);
      else yield* findPassedOver(index, entry, { change, room });
    }
  }
}

function* findPassedOver(
  { creationById }: HistoryIndex,
  { partition, offset, message, clock }: EntrySeen,
  { change: { before, after }, room }: { readonly change: Change; readonly room: WaitingRoom },
): Generator<string> {
  const isGiven = isLive(after) && (before === null || before.status === "WAITING");
  if (!isGiven || room.isEmpty) return;
  const request = message?.request;
  // Staff are sold what nobody else is.
  if (before === null && request?.kind === "book" && request.byStaff) return;
  const rules = creationById.get(after.showId)?.rules;
  const isLimited = rules !== undefined && limitsCustomers(rules);
  for (const other of room.whoWant(after)) {
    if (other.place.offset >= after.place.offset) continue;
    if (other.expiresAt !== null && other.expiresAt <= clock) continue;
    // A customer who has enough is passed over, and only that customer.
    const isAlike = other.customer === after.customer && other.confirmNow === after.confirmNow;
    if (isLimited && (!isAlike || before === null)) continue;
    yield `${after.id} gets places at ${partition}-${offset}, and ${other.id} waits for the same since ${other.place.offset}`;
  }
}

/** Who waits, by show and by what they want. */
class WaitingRoom {
  readonly #membersByWants = new Map<string, Map<string, Booking>>();
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  add(booking: Booking): void {
    const name = nameOf(booking);
    const members = this.#membersByWants.get(name) ?? new Map<string, Booking>();
    this.#size += members.has(booking.id) ? 0 : 1;
    this.#membersByWants.set(name, members.set(booking.id, booking));
  }

  delete(booking: Booking): void {
    if (this.#membersByWants.get(nameOf(booking))?.delete(booking.id) === true) this.#size -= 1;
  }

  whoWant(booking: Booking): Iterable<Booking> {
    return this.#membersByWants.get(nameOf(booking))?.values() ?? [];
  }
}

function nameOf({ showId, wants }: Booking): string {
  return `${showId} ${JSON.stringify(wants)}`;
}
