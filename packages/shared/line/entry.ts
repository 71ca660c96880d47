/** What stands in a record of one message: the same for the worker that decides and for who replays. */
import type { RecordEntry } from "../contract/record.ts";
import { encodeRequest } from "../contract/request.ts";
import type { Decision, Moment } from "../core/decision.ts";
import type { LineState } from "../core/show.ts";

/** The message's own words, and whom it is from. */
type Asked = { readonly text: string | null; readonly requestId: string | null };

/** The entry of a decided request; `state` is that after it, `showId` the show that it was about. */
export function buildEntry(
  { text, requestId }: Asked,
  { outcome, writes, followUp }: Decision,
  { moment, state, showId }: { moment: Moment; state: LineState; showId: string | null },
): RecordEntry {
  const changed = writes.flatMap((write) => (write.kind === "booking" ? [write.after] : []));
  const subject =
    outcome.kind === "show" || outcome.bookingId === null
      ? undefined
      : state.bookings.get(outcome.bookingId);
  return {
    ...buildHead(moment, { text, requestId }),
    showId: showId !== null && state.shows.has(showId) ? showId : null,
    deadLetter: null,
    outcome,
    changesShow: writes.some(({ kind }) => kind !== "booking"),
    changed,
    unchanged: subject === undefined || changed.includes(subject) ? null : subject,
    followUp:
      followUp === undefined ? null : { showId: followUp.showId, message: encodeRequest(followUp) },
  };
}

/** The entry of a message that is parked as a dead letter. */
export function buildParkedEntry(asked: Asked, moment: Moment, fault: string): RecordEntry {
  return {
    ...buildHead(moment, asked),
    showId: null,
    deadLetter: fault,
    outcome: { kind: "refused", reason: "internal", facts: null, bookingId: null },
    changesShow: false,
    changed: [],
    unchanged: null,
    followUp: null,
  };
}

function buildHead({ place, appendedAt, now }: Moment, { text, requestId }: Asked) {
  return { ...place, appendedAt, now, request: text, requestId };
}
