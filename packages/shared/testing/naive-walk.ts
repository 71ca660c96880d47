/**
 * A step beside the rules: what it wrote must be, write by write, what the rules want next. It looks at the
 * bookings alone, and at none of the core's own sets, queues and counters.
 */
import { AssertionError, assert } from "../core/assert.ts";
import type { Decision, Moment, Write } from "../core/decision.ts";
import type { Booking, ShowFacts } from "../core/model.ts";
import type { Request } from "../core/requests.ts";
import type { LineState } from "../core/show.ts";
import { endWithShow, endsWithShow } from "./naive-change.ts";
import { expectDecision, expectGiven, findSaleRefusal } from "./naive-decide.ts";
import { findWant } from "./naive-places.ts";
import { dateOf, isSame } from "./naive-question.ts";
import { countShow } from "./naive-show.ts";
import type { NaiveShow } from "./naive-show.ts";

export type StepSeen = {
  /** The state that the decision was made on: an independent copy. */
  readonly before: LineState;
  readonly after: LineState;
  readonly request: Request;
  readonly moment: Moment;
  readonly decision: Decision;
};

/**
 * Goes through the writes of a step beside the bookings as they stood before it. Every write must be the one
 * that the rules want next: what lapsed, then who waited and is served, then the request, then who is served
 * with what it gave back. So no booking ever moves without a cause.
 */
export class NaiveWalk {
  readonly #seen: StepSeen;
  readonly #writes: readonly Write[];
  readonly #bookings: Map<string, Booking>;
  readonly #showId: string | undefined;
  readonly #subjectId: string | undefined;
  #facts: ShowFacts | undefined;
  #next = 0;

  constructor(seen: StepSeen) {
    const { before, request } = seen;
    this.#seen = seen;
    this.#writes = seen.decision.writes;
    this.#bookings = new Map(before.bookings);
    this.#subjectId = subjectOf(request);
    const known = before.bookings.get(this.#subjectId ?? "")?.showId;
    this.#showId = known ?? ("showId" in request ? request.showId : undefined);
    this.#facts = before.shows.get(this.#showId ?? "")?.facts;
  }

  /**
   * By the log's clock alone; a hold ends when its time is reached, not after it. The booking that the request
   * speaks of ends before the others, and they end in the order of their times.
   */
  checkEnds(): void {
    if (this.#facts === undefined) return;
    const { moment } = this.#seen;
    const due: Booking[] = [];
    for (const booking of this.#bookings.values()) {
      if (booking.showId === this.#showId && isDue(booking, moment)) due.push(booking);
    }
    const subject = this.#bookings.get(this.#subjectId ?? "");
    if (subject !== undefined && !due.includes(subject) && endsWithShow(subject)) {
      if (this.#facts.sale === "cancelled") this.#expectBooking(endWithShow(subject, moment));
    }
    const turnOf = (booking: Booking) => (booking === subject ? -1 : (booking.expiresAt ?? 0));
    due.sort((a, b) => turnOf(a) - turnOf(b) || a.place.offset - b.place.offset);
    for (const booking of due) {
      const reason = booking.status === "WAITING" ? booking.reason : "hold-expired";
      const updatedAt = dateOf(moment);
      this.#expectBooking({ ...booking, status: "FAILED", reason, updatedAt });
    }
  }

  /**
   * Whoever waits and fits is served, in the order of their places in the line; whoever does not is skipped.
   * Places only become fewer meanwhile, so in the end nobody who waits fits, and no newcomer that is decided
   * now can have what an earlier one would have taken.
   */
  checkServed(): void {
    const { moment } = this.#seen;
    if (this.#facts === undefined) return;
    const waiting = listWaiting(this.#bookings, this.#showId);
    if (waiting.length === 0 || findSaleRefusal(this.#facts, moment) !== null) return;
    for (const booking of waiting) {
      const show = this.#count();
      if (show === undefined) return;
      const want = wantFor(show, booking);
      if (typeof want !== "number") continue;
      const given = this.#bookingNext();
      assert(given?.id === booking.id, `${booking.id} waits, fits and is next`);
      const how = { given, isHold: isHeld(show, booking), holdMs: null, moment };
      this.#expectBooking(expectGiven(show, { ...booking, want }, how));
    }
  }

  checkDecision(): void {
    const { request, moment, decision } = this.#seen;
    const booking = this.#bookings.get(this.#subjectId ?? "");
    const show = this.#count();
    const given = booking === undefined ? this.#bookingNext() : undefined;
    const bookings = this.#bookings;
    const expected = expectDecision({ request, moment, show, booking, bookings, given });
    if (!isSame(expected.outcome, decision.outcome)) {
      fail(`the answer is ${tell(expected.outcome)}, not ${tell(decision.outcome)}`);
    }
    if (expected.facts !== null) this.#expectShow(expected.facts);
    for (const after of expected.bookings) this.#expectBooking(after);
  }

  /** The writes are all that changed, and all that was written is there. */
  checkAllIsTold(): void {
    const { before, after, decision } = this.#seen;
    assert(decision.followUp === undefined, "below the bounds nothing is left to do");
    const extra = this.#writes[this.#next];
    if (extra !== undefined) fail(`nothing else is written: ${tell(extra)}`);
    assert(after.bookings.size === this.#bookings.size, "no booking is forgotten");
    for (const [id, booking] of this.#bookings) {
      assert(after.bookings.get(id) === booking, `booking ${id} is as it was written last`);
    }
    for (const [id, { facts }] of after.shows) {
      const known = id === this.#showId ? this.#facts : before.shows.get(id)?.facts;
      assert(facts === known, `show ${id} is as it was written last`);
    }
  }

  #count(): NaiveShow | undefined {
    return this.#facts === undefined ? undefined : countShow(this.#facts, this.#bookings.values());
  }

  #bookingNext(): Booking | undefined {
    const write = this.#writes[this.#next];
    return write?.kind === "booking" ? write.after : undefined;
  }

  #expectBooking(expected: Booking): void {
    const write = this.#writes[this.#next];
    const { id } = expected;
    if (write?.kind !== "booking" || !isSame(write.after, expected)) {
      return fail(`next is written ${tell(expected)}, not ${tell(write)}`);
    }
    assert(write.before === (this.#bookings.get(id) ?? null), `${id}: a write says what was there`);
    this.#bookings.set(id, write.after);
    this.#next += 1;
  }

  #expectShow(expected: ShowFacts): void {
    const write = this.#writes[this.#next];
    const after = write?.kind === "show-created" ? write.show : null;
    const found = write?.kind === "show-changed" ? write.after : after;
    if (!isSame(found, expected)) fail(`next is written ${tell(expected)}, not ${tell(write)}`);
    if (write?.kind === "show-changed") {
      assert(write.before === this.#facts, "a write says what was there");
    }
    this.#facts = found ?? undefined;
    this.#next += 1;
  }
}

function subjectOf(request: Request): string | undefined {
  if ("bookingId" in request) return request.bookingId;
  return request.kind === "book" ? request.requestId : undefined;
}

function isDue({ status, expiresAt }: Booking, { appendedAt }: Moment): boolean {
  if (status !== "PENDING" && status !== "WAITING") return false;
  return expiresAt !== null && expiresAt <= appendedAt;
}

/** Who waits for a show, in the order of their places in the line. */
export function listWaiting(bookings: ReadonlyMap<string, Booking>, showId: string | undefined) {
  const waiting: Booking[] = [];
  for (const booking of bookings.values()) {
    if (booking.status === "WAITING" && booking.showId === showId) waiting.push(booking);
  }
  return waiting.sort((a, b) => a.place.offset - b.place.offset);
}

/** What a booking that waits would be served with. */
export function wantFor(show: NaiveShow, booking: Booking) {
  const isHold = isHeld(show, booking);
  return findWant(show, { ...booking, isHold, byStaff: false });
}

/** Whether who waits gets a hold, not confirmed places. */
function isHeld({ facts }: NaiveShow, { confirmNow }: Booking): boolean {
  return !confirmNow && facts.rules.confirmation === "manual";
}

/** As `assert`, for words that are only put together when they are needed. */
function fail(message: string): never {
  throw new AssertionError(message);
}

function tell(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
