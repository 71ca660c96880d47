/**
 * Answers one request; what time does to a show by itself is in `pass-time.ts`. Pure: the same requests at
 * the same moments decide the same seats, always. It answers with what to write and never writes.
 */
import { unreachable } from "./assert.ts";
import { decideBook } from "./decide-book.ts";
import { decideCancel, decideConfirm, decideExtend } from "./decide-booking.ts";
import { decideChangeShow, decideCreateShow } from "./decide-show.ts";
import type { Decision, Moment } from "./decision.ts";
import type { Booking } from "./model.ts";
import { asItIs, refuse } from "./outcome.ts";
import type { Request } from "./requests.ts";
import type { LineState, Show } from "./show.ts";

/**
 * Decides one request. `state` holds the show and the booking that the request speaks of, where
 * they exist, with all that time has changed in that show already carried out (`pass-time.ts`).
 */
export function decide(state: LineState, request: Request, moment: Moment): Decision {
  switch (request.kind) {
    case "create-show":
      return decideCreateShow(state, request, moment);
    case "change-show":
      return decideChangeShow(state, request, moment);
    case "book":
      return decideBook(state, request, moment);
    case "confirm":
      return withBooking(state, request.bookingId, (booking, show) =>
        decideConfirm({ booking, show }, request, moment),
      );
    case "extend":
      return withBooking(state, request.bookingId, (booking, show) =>
        decideExtend({ booking, show }, request, moment),
      );
    case "cancel":
      return withBooking(state, request.bookingId, (booking, show) =>
        decideCancel({ booking, show }, request, moment),
      );
    case "expire":
      // Whatever had lapsed was released before this; so here there is nothing left to do but tell.
      return withBooking(state, request.bookingId, asItIs);
    default:
      return unreachable(request);
  }
}

function withBooking(
  state: LineState,
  bookingId: string,
  decideWith: (booking: Booking, show: Show | undefined) => Decision,
): Decision {
  const booking = state.bookings.get(bookingId);
  return booking === undefined
    ? refuse("booking-not-found", null)
    : decideWith(booking, state.shows.get(booking.showId));
}
