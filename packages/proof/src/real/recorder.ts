/**
 * A client that writes down what it asks and hears, for the checker of histories. How a call reaches its gateway is
 * not its business: whoever makes it gives that along.
 */
import type { BookingView } from "@seatline/api-gateway/views.ts";
import { parsePlace } from "@seatline/api-gateway/views.ts";
import type { Place } from "@seatline/shared/core/model.ts";

import { parseBookingView } from "../history/booking-seen.ts";
import type { Asked, Call, Heard } from "../history/history.ts";

type Ask = {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
};
/** Rejects where the connection broke, or no answer came. */
type Send = (
  path: string,
  ask: Ask,
) => Promise<{ readonly status: number; readonly json: unknown }>;

type RecorderOptions = {
  /** One life of one gateway. */
  readonly gateway: string;
  readonly send: Send;
  /** Those of all recorders of a run, on one clock; null where they would be too many to keep. */
  readonly calls: Call[] | null;
};

type BookOptions = { readonly key?: string | null; readonly waitS?: number };
type BookBody = { readonly showId: string } & Readonly<Record<string, unknown>>;

export class Recorder {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  async book(body: BookBody, { key = null, waitS = 0 }: BookOptions = {}): Promise<Heard | null> {
    const { showId } = body;
    const asked: Asked = { kind: "book", key, showId, body: JSON.stringify(body) };
    const keyHeader = key === null ? {} : { "idempotency-key": key };
    const headers = { ...keyHeader, ...waitHeader(waitS) };
    return await this.#ask(asked, "/v1/bookings", { method: "POST", headers, body });
  }

  async change(
    kind: "confirm" | "extend" | "cancel",
    bookingId: string,
    { waitS = 10, body = {} }: { readonly waitS?: number; readonly body?: unknown } = {},
  ): Promise<Heard | null> {
    const path = `/v1/bookings/${bookingId}/${kind}`;
    const ask: Ask = { method: "POST", headers: waitHeader(waitS), body };
    return await this.#ask({ kind, bookingId }, path, ask);
  }

  async find(
    bookingId: string,
    { place = null, waitS = 0 }: { readonly place?: Place | null; readonly waitS?: number } = {},
  ): Promise<Heard | null> {
    const query = place === null ? "" : `?place=${place.partition}-${place.offset}`;
    const asked: Asked = { kind: "find", bookingId, place };
    const ask: Ask = { method: "GET", headers: waitHeader(waitS) };
    return await this.#ask(asked, `/v1/bookings/${bookingId}${query}`, ask);
  }

  async #ask(asked: Asked, path: string, ask: Ask): Promise<Heard | null> {
    const { gateway, send, calls } = this.#options;
    const askedAt = performance.now();
    // Written down at once: so the calls stand in the order in which they were asked.
    const index = (calls?.push({ gateway, asked, askedAt, heardAt: 0, heard: null }) ?? 0) - 1;
    const heard = await send(path, ask).then(parseHeard, () => null);
    const heardAt = performance.now();
    if (calls !== null) calls[index] = { gateway, asked, askedAt, heardAt, heard };
    return heard;
  }
}

function waitHeader(waitS: number): Readonly<Record<string, string>> {
  return { prefer: `wait=${waitS}` };
}

/** What an answer of the API says; null for one that says nothing, as whatever stands in between may send. */
function parseHeard({ status, json }: { status: number; json: unknown }): Heard | null {
  if (status === 503 || status === 429) return { kind: "unavailable" };
  if (typeof json !== "object" || json === null) return null;
  if (status >= 400) {
    const { reason, booking } = json as { reason?: unknown; booking?: BookingView };
    if (typeof reason !== "string") return null;
    const seen = booking === undefined ? null : parseBookingView(booking);
    return { kind: "refused", reason, booking: seen };
  }
  const view = json as BookingView | QueuedView;
  if (view.status !== "QUEUED") return { kind: "booking", booking: parseBookingView(view) };
  return {
    kind: "queued",
    id: view.id,
    place: view.place === null ? null : parsePlace(view.place),
  };
}

type QueuedView = {
  readonly id: string;
  readonly status: "QUEUED";
  readonly place: string | null;
};
