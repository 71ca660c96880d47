/**
 * What happens in a show without being asked for: holds lapse, waiting ends, and places that came back go
 * to those who wait for them. All of it is judged at the moment of the request at hand.
 */
import { apply } from "./apply.ts";
import { assert } from "./assert.ts";
import { allocateWaiting, give } from "./decide-book.ts";
import { cancelWithShow, endsWithShow } from "./decide-show.ts";
import type { Moment, Write } from "./decision.ts";
import { isUnsettled } from "./model.ts";
import type { Booking } from "./model.ts";
import { moveTo } from "./outcome.ts";
import { isServing } from "./sale.ts";
import type { LineState, Show } from "./show.ts";

/**
 * Ends what has lapsed by the log's clock, oldest first; `subject`, the booking that the request speaks
 * of, before all others. Consumes the state; returns what it wrote.
 */
export function releaseLapsed(
  state: LineState,
  { show, subject }: { readonly show: Show; readonly subject: Booking | undefined },
  moment: Moment,
): Write[] {
  const writes: Write[] = [];
  // Whose turn in the cancellation of the show has not come yet: nothing else may happen to it before.
  const isOver = show.facts.sale === "cancelled";
  const end = (before: Booking) => {
    const after = isOver ? cancelWithShow(before, moment) : lapse(before, moment);
    const write = { kind: "booking", before, after } as const;
    apply(state, [write]);
    writes.push(write);
  };
  if (subject !== undefined) {
    if (hasLapsed(subject, moment) || (isOver && endsWithShow(subject))) end(subject);
  }
  for (;;) {
    const first = show.deadlines.first();
    if (first === undefined || first.at > moment.appendedAt) return writes;
    if (writes.length >= state.bounds.lapses) return writes;
    const booking = state.bookings.get(first.id);
    assert(booking !== undefined && hasLapsed(booking, moment), `booking ${first.id} has lapsed`);
    end(booking);
  }
}

/** A confirm that reaches the line before `expiresAt` wins, however late it is decided. */
function hasLapsed(booking: Booking, moment: Moment): boolean {
  const { expiresAt } = booking;
  return isUnsettled(booking) && expiresAt !== null && expiresAt <= moment.appendedAt;
}

/** Who waited in vain fails for what it waited for. */
function lapse(booking: Booking, moment: Moment): Booking {
  const ended = moveTo(booking, "FAILED", moment);
  return booking.status === "WAITING" ? ended : { ...ended, reason: "hold-expired" };
}

/**
 * Gives places that came back to those who wait, in the order of their places in the line, whole
 * groups only, at most `max` of them. Consumes the state; returns what it wrote, and whether all who wait
 * were asked.
 */
export function serveWaiting(
  state: LineState,
  show: Show,
  { moment, max }: { readonly moment: Moment; readonly max: number },
): { readonly writes: Write[]; readonly isDone: boolean } {
  const writes: Write[] = [];
  if (!isServing(show, moment)) return { writes, isDone: true };
  const walk = show.waiting.walk();
  for (let id = walk.next(); id !== undefined; id = walk.next()) {
    if (writes.length >= max) return { writes, isDone: false };
    const before = state.bookings.get(id);
    assert(before?.status === "WAITING", `booking ${id} waits`);
    if (hasLapsed(before, moment)) {
      // Its end is due, with too many others to be carried out in front of this request.
      walk.pass();
      continue;
    }
    const allocation = allocateWaiting(show, before, walk.vain);
    if ("reason" in allocation) {
      // Who else accepts the same would not fit either, unless only this customer has had enough.
      if (allocation.isOwn) walk.pass();
      else walk.giveUp();
      continue;
    }
    walk.take();
    const after = give({ show, booking: before, allocation }, null, moment);
    const write = { kind: "booking", before, after } as const;
    apply(state, [write]);
    writes.push(write);
  }
  show.mayServe = false;
  return { writes, isDone: true };
}
