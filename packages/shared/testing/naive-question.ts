/** A request and what is known when it is decided, and what the rules expect of it, as plain values. */
import type { Moment, Outcome } from "../core/decision.ts";
import type { Booking, RefusalFacts, RefusalReason, ShowFacts } from "../core/model.ts";
import type { Request } from "../core/requests.ts";
import type { NaiveShow } from "./naive-show.ts";

/** A request in front of what is known at its moment, when time has passed already. */
export type Question<Asked extends Request = Request> = {
  readonly request: Asked;
  readonly moment: Moment;
  /** The show that the booking is in, or else the one that the request names. */
  readonly show: NaiveShow | undefined;
  readonly booking: Booking | undefined;
  readonly bookings: ReadonlyMap<string, Booking>;
  /** What the core made of a new booking. */
  readonly given: Booking | undefined;
};

export type Expected = {
  readonly outcome: Outcome;
  /** What the request itself makes of its show, if anything, and of bookings, in order. */
  readonly facts: ShowFacts | null;
  readonly bookings: readonly Booking[];
};

export function refused(
  reason: RefusalReason,
  bookingId: string | null = null,
  facts: RefusalFacts | null = null,
): Expected {
  return { outcome: { kind: "refused", reason, facts, bookingId }, facts: null, bookings: [] };
}

/** The booking as it is; who failed is refused with its own reason. */
export function told({ id, status, reason, facts }: Booking): Expected {
  if (status === "FAILED" && reason !== null) return refused(reason, id, facts);
  return { outcome: { kind: "booking", bookingId: id }, facts: null, bookings: [] };
}

/** The booking as it is from now on. */
export function changed(booking: Booking): Expected {
  return { ...told(booking), bookings: [booking] };
}

/** The later of the two clocks. */
export function dateOf({ now, appendedAt }: Moment): number {
  return now > appendedAt ? now : appendedAt;
}

/** Whether two plain values say the same. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    if (!isSame(Reflect.get(a, key), Reflect.get(b, key))) return false;
  }
  return true;
}
