/**
 * One turn of the line: time passes, the request is decided, the state follows. A batch is a fold of
 * this; so are the replay of a sale and every test of the rules.
 */
import { apply } from "./apply.ts";
import { decide } from "./decide.ts";
import type { Decision, Moment } from "./decision.ts";
import { releaseLapsed, serveWaiting } from "./pass-time.ts";
import { readIds } from "./requests.ts";
import type { ChangeShow, Request } from "./requests.ts";
import type { LineState } from "./show.ts";

/**
 * Ends what has lapsed in the request's show by the log's clock, gives what came back to those who wait,
 * decides the request, and gives away what came back by it. Consumes `state` (see `apply`); the decision
 * lists all writes in order.
 */
export function step(state: LineState, request: Request, moment: Moment): Decision {
  const { showId, bookingId } = findSubject(state, request);
  const show = showId === null ? undefined : state.shows.get(showId);
  if (show === undefined) {
    const decision = decide(state, request, moment);
    apply(state, decision.writes);
    return decision;
  }
  const subject = bookingId === null ? undefined : state.bookings.get(bookingId);
  const lapses = releaseLapsed(state, { show, subject }, moment);
  const max = state.bounds.serves;
  const before = serveWaiting(state, show, { moment, max });
  const decision = decide(state, request, moment);
  apply(state, decision.writes);
  const left = max - before.writes.length;
  const after = before.isDone
    ? serveWaiting(state, show, { moment, max: left })
    : { writes: [], isDone: false };
  const followUp = decision.followUp ?? (after.isDone ? null : buildNudge(show.facts.id));
  return {
    outcome: decision.outcome,
    writes: [...lapses, ...before.writes, ...decision.writes, ...after.writes],
    ...(followUp === null ? {} : { followUp }),
  };
}

/**
 * The show and the booking that a request is about. A booking that exists says itself which show it is
 * in, whatever a request under its id says.
 */
export function findSubject(
  state: LineState,
  request: Request,
): { readonly showId: string | null; readonly bookingId: string | null } {
  const { showId, bookingId } = readIds(request);
  const booking = bookingId === null ? undefined : state.bookings.get(bookingId);
  return { showId: booking?.showId ?? showId, bookingId };
}

/** Asks for nothing: its turn in the line is enough to go on with those who wait. */
export function buildNudge(showId: string): ChangeShow {
  return { kind: "change-show", requestId: showId, showId, changes: {}, after: null };
}
