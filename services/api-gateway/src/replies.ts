/** How answers go out over the canonical API: status, headers, body. */
import type { FastifyReply, FastifyRequest } from "fastify";

import { WAIT_MAX_S } from "@seatline/shared/contract/http.ts";
import { assert } from "@seatline/shared/core/assert.ts";
import { countPlaces, isLive } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";

import type { Answer, Patience } from "./bookings.ts";
import { guideOf } from "./layouts.ts";
import { buildProblem, describeRefusal } from "./problems.ts";
import type { Problem } from "./problems.ts";
import type { Shows } from "./shows.ts";
import { retryAfter, viewBooking, viewQueued } from "./views.ts";
import type { BookingView } from "./views.ts";

const WAIT = /(?:^|[,\s])wait="?(\d+)"?(?:$|[,;\s])/i;
/** For who does not wait at all. */
export const IMPATIENT: Patience = { waitMs: 0, signal: new AbortController().signal };
/** Given as the reason, because an AbortError with its stack is costly and nobody looks at it. */
const GONE = "the client is gone";

const RETRY_AFTER_MIN_S = 1;
const RETRY_AFTER_SPREAD_S = 3;

/** Sends a problem document with the headers that belong to its status. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  if (problem.status === 503) {
    // Spread, so that all who were turned away do not come back in the same second.
    const spreadS = Math.floor(Math.random() * RETRY_AFTER_SPREAD_S);
    reply.header("retry-after", RETRY_AFTER_MIN_S + spreadS);
  }
  return reply
    .code(problem.status)
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(problem);
}

/** `isPreferred`: the caller asked for this wait; it is not just what the route does. */
type PreferredPatience = Patience & { readonly isPreferred: boolean };

/** How long the caller wants to wait (`Prefer: wait=5`, RFC 7240), at most WAIT_MAX_S. */
export function readPatience(
  request: FastifyRequest,
  reply: FastifyReply,
  fallbackS: number,
): PreferredPatience {
  const preferred = WAIT.exec(String(request.headers["prefer"] ?? ""));
  const seconds = preferred === null ? fallbackS : Math.min(Number(preferred[1]), WAIT_MAX_S);
  if (seconds === 0) return { ...IMPATIENT, isPreferred: false };
  const abort = new AbortController();
  reply.raw.once("close", () => {
    abort.abort(GONE);
  });
  return { waitMs: seconds * 1_000, signal: abort.signal, isPreferred: preferred !== null };
}

/** Sends what became of a request: a booking with `status`, its place in the line, or a problem. */
export async function sendAnswer(
  reply: FastifyReply,
  answer: Answer,
  { status, queuedStatus, shows }: { status: number; queuedStatus: number; shows: Shows },
): Promise<FastifyReply> {
  switch (answer.kind) {
    case "booking":
      return reply.code(status).send(await viewWithPlaces(answer.booking, shows));
    case "queued":
      return reply
        .code(queuedStatus)
        .header("retry-after", retryAfter(answer.queued))
        .send(viewQueued(answer, answer.queued, answer.outlook));
    case "refused": {
      const { reason, facts, asked, booking } = answer;
      const view = booking === null ? undefined : await viewWithPlaces(booking, shows);
      const detail = describeRefusal(reason, facts, asked);
      return sendProblem(
        reply,
        buildProblem(reason, { detail, facts, ...(view === undefined ? {} : { booking: view }) }),
      );
    }
    case "unavailable":
      return sendProblem(reply, buildProblem("unavailable"));
  }
}

/** A booking with the names of its places, or its rank, for which its show is needed. */
async function viewWithPlaces(booking: Booking, shows: Shows): Promise<BookingView> {
  const [view] = await viewAllWithPlaces([booking], shows);
  assert(view !== undefined, "one booking has one view");
  return view;
}

/** The same for a list: its shows are read together. */
export async function viewAllWithPlaces(
  bookings: readonly Booking[],
  shows: Shows,
): Promise<BookingView[]> {
  const found = await shows.findAll(bookings.filter(hasPlaces).map(({ showId }) => showId));
  const views: BookingView[] = [];
  for (const booking of bookings) {
    const show = found.get(booking.showId);
    const guide = show === undefined ? null : guideOf(show.layout);
    views.push(viewBooking(booking, guide, await findRank(booking, shows)));
  }
  return views;
}

/** Where a booking stands among those who wait for its show; null for one that does not wait. */
export async function findRank(booking: Booking, shows: Shows): Promise<number | null> {
  if (booking.status !== "WAITING") return null;
  // A show with people waiting is looked at anyway: its map is here already, or soon of use.
  const seats = await shows.seats(booking.showId);
  return seats?.rankOf(booking.place.offset) ?? null;
}

function hasPlaces(booking: Booking): boolean {
  return isLive(booking) && countPlaces(booking) > 0;
}

/** Whether an `If-None-Match` header names this entity tag (RFC 9110, 13.1.2: weak comparison). */
export function matchesEtag(request: FastifyRequest, etag: string): boolean {
  const header = request.headers["if-none-match"];
  if (header === undefined) return false;
  return header
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""))
    .some((tag) => tag === etag || tag === "*");
}
