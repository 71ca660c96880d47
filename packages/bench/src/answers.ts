/** The gateway's answers as this package needs them, read out of unknown JSON. Pure. */
import { parseSeatRanges } from "./seat-ranges.ts";

/** A booking as somebody saw it: the client in its answer, the admin in the listing. */
export type BookingSeen = {
  readonly id: string;
  readonly showId: string;
  readonly status: string;
  readonly reason: string | null;
  readonly seats: readonly number[];
  readonly place: string;
  readonly customer: string | null;
};
export type Counters = {
  readonly capacity: number;
  readonly free: number;
  readonly held: number;
  readonly confirmed: number;
};
export type SeatMapSeen = {
  readonly capacity: number;
  readonly held: readonly number[];
  readonly confirmed: readonly number[];
};
type Queued = {
  readonly id: string;
  readonly place: string | null;
  readonly pollAfterMs: number;
};
type Problem = { readonly reason: string; readonly booking: BookingSeen | null };

export function parseBooking(json: unknown): BookingSeen | null {
  if (!isObject(json)) return null;
  const { id, showId, status, reason = null, seats, place, customer } = json;
  const isWhole =
    typeof id === "string" &&
    typeof showId === "string" &&
    typeof status === "string" &&
    status !== "QUEUED" &&
    isTextOrNull(reason) &&
    isWholes(seats) &&
    typeof place === "string" &&
    isTextOrNull(customer);
  return isWhole ? { id, showId, status, reason, seats, place, customer } : null;
}

export function parseQueued(json: unknown): Queued | null {
  if (!isObject(json) || json["status"] !== "QUEUED") return null;
  const { id, place, pollAfterMs } = json;
  if (typeof id !== "string" || !isTextOrNull(place) || typeof pollAfterMs !== "number") {
    return null;
  }
  return { id, place, pollAfterMs };
}

export function parseProblem(json: unknown): Problem | null {
  if (!isObject(json) || typeof json["reason"] !== "string") return null;
  return { reason: json["reason"], booking: parseBooking(json["booking"]) };
}

export function parseShow(json: unknown): (Counters & { readonly id: string }) | null {
  if (!isObject(json)) return null;
  const { id, capacity, free, held, confirmed } = json;
  const figures = [capacity, free, held, confirmed];
  if (typeof id !== "string" || !isWholes(figures)) return null;
  const [seats = 0, left = 0, kept = 0, sold = 0] = figures;
  return { id, capacity: seats, free: left, held: kept, confirmed: sold };
}

export function parseSeatMap(json: unknown): SeatMapSeen | null {
  if (!isObject(json) || typeof json["capacity"] !== "number") return null;
  const { capacity, held, confirmed } = json;
  if (typeof held !== "string" || typeof confirmed !== "string") return null;
  const ranges = { held: parseSeatRanges(held), confirmed: parseSeatRanges(confirmed) };
  if (ranges.held === null || ranges.confirmed === null) return null;
  return { capacity, held: ranges.held, confirmed: ranges.confirmed };
}

/** A page of the listing; null if anything in it is not a booking. */
export function parsePage(
  json: unknown,
): { readonly items: readonly BookingSeen[]; readonly next: string | null } | null {
  if (!isObject(json) || !Array.isArray(json["items"]) || !isTextOrNull(json["next"])) return null;
  const parsed = json["items"].map(parseBooking);
  const items = parsed.filter((item) => item !== null);
  return items.length === parsed.length ? { items, next: json["next"] } : null;
}

/** The partition and the offset of `7-15320`. */
export function parsePlace(text: string): { partition: number; offset: number } | null {
  const match = /^(\d{1,4})-(\d{1,15})$/.exec(text);
  return match === null ? null : { partition: Number(match[1]), offset: Number(match[2]) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isWholes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}
