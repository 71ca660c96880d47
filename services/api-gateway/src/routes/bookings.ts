/** Canonical routes for bookings. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Static, TSchema } from "typebox";

import {
  BookBody,
  BookingAnswer,
  CancelBody,
  ConfirmBody,
  ExtendBody,
} from "@seatline/shared/contract/http-bookings.ts";
import {
  GetBookingHeaders,
  KeyHeaders,
  NotModified,
  PreferHeader,
  ProblemAnswer,
  QueryText,
  QueuedAnswer,
  describedAs,
} from "@seatline/shared/contract/http.ts";
import type { Booking } from "@seatline/shared/core/model.ts";

import { checkAdmin, readIdempotencyKey } from "../access.ts";
import type { App, AppDeps } from "../deps.ts";
import type { Answer, Patience } from "../bookings.ts";
import { buildProblem } from "../problems.ts";
import { readBook, readCancel } from "../read-booking.ts";
import { findRank, matchesEtag, readPatience, sendAnswer, sendProblem } from "../replies.ts";
import type { Shows } from "../shows.ts";
import { Faults } from "../validation.ts";
import { encodePlace, parsePlace } from "../views.ts";

const BookingParams = Type.Object({ id: Type.String() });
const PlaceQuery = Type.Object(
  { place: Type.Optional(describedAs(QueryText, "As the 202 gave it, like 7-15320")) },
  { additionalProperties: false },
);

const NO_PLACE = "must be a place as the 202 answer gave it, like 7-15320";

/** How long a confirm or a cancel is waited for, unless the caller prefers otherwise. */
const CHANGE_WAIT_S = 10;
const BOOK_BODY_MAX = 8 * 1024;

export function registerBookingRoutes(app: App, deps: AppDeps): void {
  registerBook(app, deps);
  registerGetBooking(app, deps);
  const { bookings } = deps;
  registerChange(app, deps, {
    name: "confirm",
    summary: "Confirm a hold",
    body: ConfirmBody,
    example: { payment: "pi_3N" },
    ask: (id, body, patience) => bookings.confirm(id, body?.payment ?? null, patience),
  });
  registerChange(app, deps, {
    name: "extend",
    summary: "Let a hold last longer",
    body: ExtendBody,
    example: { seconds: 120 },
    ask: (id, body, patience) =>
      bookings.extend(id, body?.seconds === undefined ? null : body.seconds * 1_000, patience),
  });
  registerChange(app, deps, {
    name: "cancel",
    summary: "Give a booking's places back, all or some",
    body: CancelBody,
    example: {},
    ask: (id, body, patience) => bookings.cancel(id, readCancel(body), patience),
  });
}

function registerBook(app: App, deps: AppDeps): void {
  const { bookings, shows } = deps;
  app.post(
    "/v1/bookings",
    {
      attachValidation: true,
      bodyLimit: BOOK_BODY_MAX,
      schema: {
        tags: ["Bookings"],
        summary: "Ask for a booking; answers with its place in the line",
        headers: KeyHeaders,
        body: BookBody,
        response: {
          201: describedAs(BookingAnswer, "Decided within `Prefer: wait`"),
          202: QueuedAnswer,
          default: ProblemAnswer,
        },
      },
    },
    async (request, reply) => {
      const faults = new Faults(request.body, request);
      const key = readIdempotencyKey(request, faults.sound.customer ?? null, faults);
      const asked = readBook(request.body, faults);
      if (asked === null) return sendProblem(reply, faults.toProblem());
      const denied = asked.confirmNow || asked.byStaff ? checkAdmin(deps.access, request) : null;
      if (denied !== null) {
        const detail = '"confirm": "now" and "as": "staff" need the admin token.';
        return sendProblem(reply, { ...denied, detail });
      }
      const patience = readPatience(request, reply, 0);
      const answer = await bookings.book({ ...asked, key }, patience);
      if (answer.kind === "queued" && answer.queued.place !== null) {
        const place = encodePlace(answer.queued.place);
        reply.header("location", `/v1/bookings/${answer.id}?place=${place}`);
      } else if (answer.kind === "booking") {
        reply.header("location", `/v1/bookings/${answer.booking.id}`);
        reply.header("etag", await findEtag(answer.booking, shows));
      }
      if (patience.isPreferred && answer.kind !== "queued") {
        reply.header("preference-applied", "wait");
      }
      return sendAnswer(reply, answer, { status: 201, queuedStatus: 202, shows });
    },
  );
}

function registerGetBooking(app: App, deps: AppDeps): void {
  app.get(
    "/v1/bookings/:id",
    {
      attachValidation: true,
      schema: {
        tags: ["Bookings"],
        summary: "A booking, or its place in the line",
        headers: GetBookingHeaders,
        params: BookingParams,
        querystring: PlaceQuery,
        response: {
          200: Type.Union([BookingAnswer, QueuedAnswer], {
            description: "The booking, or its place in the line",
          }),
          304: NotModified,
          default: ProblemAnswer,
        },
      },
    },
    async (request, reply) => {
      await getBooking(deps, request, reply);
      return reply;
    },
  );
}

/** What can be done with a booking: its route, what its body is, and how it is asked for. */
type Change<Body extends TSchema> = {
  readonly name: "confirm" | "extend" | "cancel";
  readonly summary: string;
  readonly body: Body;
  readonly example: Static<Body>;
  readonly ask: (id: string, body: Static<Body> | null, patience: Patience) => Promise<Answer>;
};

function registerChange<Body extends TSchema>(app: App, deps: AppDeps, change: Change<Body>): void {
  const { access, shows } = deps;
  app.post(
    `/v1/bookings/:id/${change.name}`,
    {
      bodyLimit: BOOK_BODY_MAX,
      schema: {
        tags: ["Bookings"],
        summary: change.summary,
        headers: PreferHeader,
        params: BookingParams,
        // No body at all is fine, so it is checked only if there is one.
        body: Type.Union([change.body, Type.Null()], { examples: [change.example] }),
        response: {
          200: describedAs(BookingAnswer, "The booking as it is now"),
          202: describedAs(QueuedAnswer, "Not decided within the wait (10 s, unless preferred)"),
          default: ProblemAnswer,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const body = request.body as (Static<Body> & { as?: "staff" }) | null;
      const denied = body?.as === "staff" ? checkAdmin(access, request) : null;
      if (denied !== null) {
        return sendProblem(reply, { ...denied, detail: '"as": "staff" needs the admin token.' });
      }
      const patience = readPatience(request, reply, CHANGE_WAIT_S);
      const answer = await change.ask(id, body, patience);
      if (patience.isPreferred && answer.kind !== "queued") {
        reply.header("preference-applied", "wait");
      }
      return sendAnswer(reply, answer, { status: 200, queuedStatus: 202, shows });
    },
  );
}

type GetRequest = FastifyRequest<{ Params: { id: string }; Querystring: { place?: string } }>;

async function getBooking(
  { bookings, shows }: AppDeps,
  request: GetRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params;
  const faults = new Faults(request.query, request);
  const place = faults.read("place", parsePlace, NO_PLACE);
  if (faults.any) return sendProblem(reply, faults.toProblem());
  const patience = readPatience(request, reply, 0);
  const isKnown = async (booking: Booking) => matchesEtag(request, await findEtag(booking, shows));
  const answer = await bookings.find(id, place, { ...patience, isKnown });
  if (place !== null && answer.kind === "refused" && answer.reason === "booking-not-found") {
    const detail = `No request for this booking stands at place ${encodePlace(place)}. Without \`place\`, the booking itself is looked for.`;
    return sendProblem(reply, buildProblem("booking-not-found", { detail }));
  }
  if (patience.isPreferred) reply.header("preference-applied", "wait");
  return sendFound(reply, answer, { request, shows });
}

async function sendFound(
  reply: FastifyReply,
  answer: Answer,
  { request, shows }: { request: FastifyRequest; shows: Shows },
): Promise<FastifyReply> {
  reply.header("cache-control", "no-store");
  if (answer.kind === "booking") {
    const etag = await findEtag(answer.booking, shows);
    reply.header("etag", etag);
    if (matchesEtag(request, etag)) return reply.code(304).send();
  }
  return sendAnswer(reply, answer, { status: 200, queuedStatus: 200, shows });
}

/**
 * A booking changes its status or its expiry, or others before it in the waiting list have left, or it
 * has not changed. Only the first two wake who waits for a change.
 */
async function findEtag(booking: Booking, shows: Shows): Promise<string> {
  const { status, updatedAt, expiresAt } = booking;
  const rank = await findRank(booking, shows);
  return `"${status}-${updatedAt}-${expiresAt ?? 0}${rank === null ? "" : `-${rank}`}"`;
}
