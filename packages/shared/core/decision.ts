/** What the core answers: an outcome for who asked, and what to write. */
import type { Booking, Place, RefusalFacts, RefusalReason, ShowFacts } from "./model.ts";
import type { ChangeShow } from "./requests.ts";

/**
 * When and where a request is decided. `appendedAt` is the log's clock (the running maximum of the
 * broker's append times): it alone judges whether a hold has lapsed. `now` is one figure per batch:
 * it starts holds, and dates decisions.
 */
export type Moment = {
  readonly place: Place;
  readonly appendedAt: number;
  readonly now: number;
};

export type Outcome =
  | { readonly kind: "show"; readonly showId: string }
  | { readonly kind: "booking"; readonly bookingId: string }
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason;
      readonly facts: RefusalFacts | null;
      /** The booking that the refusal speaks of, where the asker may know it. */
      readonly bookingId: string | null;
    };

export type Write =
  | { readonly kind: "show-created"; readonly show: ShowFacts }
  | { readonly kind: "show-changed"; readonly before: ShowFacts; readonly after: ShowFacts }
  | { readonly kind: "booking"; readonly before: Booking | null; readonly after: Booking };

/** `followUp` must be put into the line behind the request: there is more to do than one step may. */
export type Decision = {
  readonly outcome: Outcome;
  readonly writes: readonly Write[];
  readonly followUp?: ChangeShow;
};
