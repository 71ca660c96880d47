/**
 * The routes of the two older backends, whole, so that their clients work unchanged. A thin dress over
 * the same bookings and shows; `CLASSIC_ROUTES=off` takes it off. Answers carry the fields of both, and
 * problems also `error`. Unknown members of a body are ignored here, as they always were.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";

import {
  CapacitySchema,
  CustomerSchema,
  DEFAULT_RULES,
  PLACES_PER_BOOKING_MAX,
  SeatsSchema,
  ShowNameSchema,
  withMessage,
  HOLD_DEFAULT_MS,
} from "@seatline/shared/contract/values.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import { isLive, wantedPlaces } from "@seatline/shared/core/model.ts";
import type { Booking, Want } from "@seatline/shared/core/model.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import { forAdmins, readIdempotencyKey } from "../access.ts";
import type { Answer } from "../bookings.ts";
import { createShow } from "../ask-show.ts";
import type { App, AppDeps } from "../deps.ts";
import { registerFaultHandling } from "../errors.ts";
import { buildInvalid, buildProblem, describeRefusal } from "../problems.ts";
import type { Problem } from "../problems.ts";
import { parseLooseTime } from "../read.ts";
import { IMPATIENT, readPatience, sendProblem } from "../replies.ts";
import { Faults } from "../validation.ts";
import { encodeTime, encodeTimeOrNull } from "../views.ts";
import { findByParam } from "./shows.ts";

/** How long a classic call waits for the decision before it answers 202. */
const WAIT_S = 10;
/** Classic lists have no pages. What is beyond is reached through the `Link` header. */
const LIST_MAX = 10_000;

const WholeCount = withMessage(Type.Integer({ minimum: 1 }), "must be a whole number from 1");
const TimeText = withMessage(
  Type.String({ minLength: 1, maxLength: 40 }),
  "must be a time, like 2025-12-25T19:00:00Z or 2025-12-10 10:00:00",
);
const IdParams = Type.Object({ id: Type.String() });
const ShowBodyA = Type.Object(
  { name: ShowNameSchema, start_time: TimeText, total_seats: CapacitySchema },
  { examples: [{ name: "The Lion King", start_time: "2025-12-25T19:00:00Z", total_seats: 100 }] },
);
const ShowBodyB = Type.Object(
  { name: ShowNameSchema, startTime: TimeText, seats: CapacitySchema },
  { examples: [{ name: "Morning Show", startTime: "2025-12-10 10:00:00", seats: 40 }] },
);
const BookBodyA = Type.Object(
  { seats: Type.Optional(SeatsSchema), seats_count: Type.Optional(WholeCount) },
  { examples: [{ seats_count: 2 }] },
);
const BookBodyB = Type.Object(
  {
    showId: withMessage(
      Type.Union([Type.Integer(), Type.String()]),
      "must be a show's number or id",
    ),
    userName: CustomerSchema,
    numberOfSeats: WholeCount,
  },
  { examples: [{ showId: 1, userName: "Alice", numberOfSeats: 2 }] },
);

export function registerClassicRoutes(app: App, deps: AppDeps): void {
  void app.register(async (scope: App) => {
    registerFaultHandling(scope, deps.log, sendClassicProblem);
    registerShows(scope, deps);
    registerBook(scope, deps);
    registerBookings(scope, deps);
    registerExpiry(scope, deps);
    scope.get("/health", { schema: describe("The process turns") }, () => ({ status: "ok" }));
  });
}

function registerShows(app: App, deps: AppDeps): void {
  app.post(
    "/admin/shows",
    forClassicAdmins(deps, { ...describe("Create a show", 201), body: ShowBodyA }),
    async (request, reply) => {
      const { name, start_time, total_seats } = request.body;
      const show = { name, time: start_time, path: "/start_time", capacity: total_seats };
      return createPlainShow(deps, { request, reply, status: 201 }, show);
    },
  );
  app.post(
    "/shows",
    forClassicAdmins(deps, { ...describe("Create a show"), body: ShowBodyB }),
    async (request, reply) => {
      const { name, startTime, seats } = request.body;
      const show = { name, time: startTime, path: "/startTime", capacity: seats };
      return createPlainShow(deps, { request, reply, status: 200 }, show);
    },
  );
  app.get("/shows", { schema: describe("All shows by start") }, async (_, reply) => {
    const shows = await deps.shows.list({ after: 0, limit: LIST_MAX + 1 });
    const last = shows[LIST_MAX - 1];
    if (shows.length > LIST_MAX && last !== undefined) {
      reply.header("link", `</v1/shows?after=${last.number}>; rel="next"`);
    }
    const items = shows.slice(0, LIST_MAX).sort((a, b) => a.startsAt - b.startsAt);
    return reply.send(items.map(viewShow));
  });
  app.get(
    "/shows/:id/seats",
    { schema: { ...describe("Which seats are taken"), params: IdParams } },
    async (request, reply) => {
      const show = await findByParam(deps.shows, request.params.id);
      const seats = show === null ? null : await deps.shows.seats(show.id);
      if (show === null || seats === null) {
        return sendClassicProblem(reply, buildProblem("show-not-found"));
      }
      const { plan, blocked } = seats.guide;
      const all = Array.from({ length: plan.seats }, (_, index) => index + 1);
      const isFree = (seat: number) => !seats.isTaken(seat) && !blocked.has(seat);
      return reply.send({
        total: seats.capacity,
        booked: all.filter((seat) => seats.isTaken(seat)),
        available: all.filter(isFree),
      });
    },
  );
}

function registerBook(app: App, deps: AppDeps): void {
  app.post(
    "/shows/:id/book",
    {
      schema: {
        ...describe("Book at once, by seats or count", 201),
        params: IdParams,
        body: BookBodyA,
      },
    },
    async (request, reply) => {
      const { seats, seats_count: count } = request.body;
      if (seats === undefined && count === undefined) {
        return sendFault(reply, "", "seats or seats_count must be given");
      }
      if (seats !== undefined && count !== undefined && count !== seats.length) {
        return sendFault(reply, "/seats_count", "must agree with seats, or be left out");
      }
      const want = seats === undefined ? { count: count ?? 0 } : { seats };
      const ask = { show: request.params.id, customer: null, want, hold: false };
      return book(deps, { request, reply }, ask);
    },
  );
  app.post(
    "/bookings",
    { schema: { ...describe("Hold a number of seats", 201), body: BookBodyB } },
    async (request, reply) => {
      const { showId, userName: customer, numberOfSeats: count } = request.body;
      const ask = { show: String(showId), customer, want: { count }, hold: true };
      return book(deps, { request, reply }, ask);
    },
  );
}

function registerBookings(app: App, deps: AppDeps): void {
  app.get("/bookings", forClassicAdmins(deps, describe("All bookings")), async (_, reply) => {
    const filter = { showId: null, status: null, customer: null, from: null, to: null };
    const all = { filter, after: null, limit: LIST_MAX };
    const { bookings, next } = await deps.listBookings(all);
    if (next !== null) reply.header("link", `</v1/bookings?after=${next}>; rel="next"`);
    const found = await deps.shows.findAll(bookings.map(({ showId }) => showId));
    return reply.send(bookings.map((booking) => viewBooking(booking, found.get(booking.showId))));
  });
  app.get(
    "/bookings/:id",
    { schema: { ...describe("One booking"), params: IdParams } },
    async (request, reply) => {
      const answer = await deps.bookings.find(request.params.id.toLowerCase(), null, IMPATIENT);
      return sendAnswer(deps, reply, { answer, status: 200 });
    },
  );
  app.post(
    "/bookings/:id/confirm",
    { schema: { ...describe("Confirm a hold"), params: IdParams } },
    async (request, reply) => {
      const id = request.params.id.toLowerCase();
      const answer = await deps.bookings.confirm(id, null, readPatience(request, reply, WAIT_S));
      // These clients know one code for everything that is not pending any more.
      const statuses = { "hold-expired": 400, "booking-not-pending": 400 };
      return sendAnswer(deps, reply, { answer, status: 200, statuses });
    },
  );
}

function registerExpiry(app: App, deps: AppDeps): void {
  app.post(
    "/admin/run-expiry",
    forClassicAdmins(deps, describe("Release every lapsed hold now")),
    async (_, reply) => {
      const { expired } = await deps.expiryRun.run();
      const message = `${expired} ${expired === 1 ? "hold was" : "holds were"} released`;
      return reply.send({ message, expired_count: expired });
    },
  );
}

type Call = { readonly request: FastifyRequest; readonly reply: FastifyReply };

async function createPlainShow(
  deps: AppDeps,
  { request, reply, status }: Call & { status: number },
  show: { name: string; time: string; path: string; capacity: number },
): Promise<FastifyReply> {
  const startsAt = parseLooseTime(show.time);
  if (startsAt === null) {
    return sendFault(reply, show.path, "must be a time, like 2025-12-25T19:00:00Z");
  }
  const created = await createShow(
    deps,
    {
      name: show.name,
      startsAt,
      layout: buildPlainLayout(show.capacity),
      // Their clients know no rescue: what has lapsed has lapsed.
      rules: { ...DEFAULT_RULES, rescueMs: 0 },
      opensAt: null,
      closesAt: null,
      key: null,
    },
    readPatience(request, reply, WAIT_S),
  );
  switch (created.status) {
    case "unavailable":
      return sendClassicProblem(reply, buildProblem("unavailable"));
    case "queued":
      return reply.code(202).send({ id: created.showId, name: show.name, status: "QUEUED" });
    case "refused":
      return sendClassicProblem(reply, buildProblem(created.reason));
    case "decided":
      return reply.code(status).send(viewShow(created.show));
  }
}

async function book(
  deps: AppDeps,
  { request, reply }: Call,
  ask: { show: string; customer: string | null; want: Want; hold: boolean },
): Promise<FastifyReply> {
  const show = await findByParam(deps.shows, ask.show);
  if (show === null) return sendClassicProblem(reply, buildProblem("show-not-found"));
  const { want, customer, hold } = ask;
  const asked = wantedPlaces(want);
  if (asked > PLACES_PER_BOOKING_MAX) return sendTooMany(reply, show, asked);
  const faults = new Faults({}, request);
  const key = readIdempotencyKey(request, customer, faults);
  if (faults.any) return sendClassicProblem(reply, faults.toProblem());
  const answer = await deps.bookings.book(
    {
      showId: show.id,
      customer,
      wants: [want],
      // One of the two backends confirms at once, the other holds for two minutes, on any show.
      confirmNow: !hold,
      holdMs: hold ? HOLD_DEFAULT_MS : null,
      wait: null,
      byStaff: false,
      key,
    },
    readPatience(request, reply, WAIT_S),
  );
  return sendAnswer(deps, reply, { answer, status: 201, statuses: { "seat-unknown": 400 } });
}

function sendTooMany(reply: FastifyReply, show: ShowRow, asked: number): FastifyReply {
  if (asked <= show.free) {
    return sendFault(reply, "", `at most ${PLACES_PER_BOOKING_MAX} seats fit into one booking`);
  }
  const facts = { free: show.free, held: show.held };
  const detail = describeRefusal("not-enough-seats", facts, asked);
  return sendClassicProblem(reply, buildProblem("not-enough-seats", { detail, facts }));
}

async function sendAnswer(
  deps: AppDeps,
  reply: FastifyReply,
  {
    answer,
    status,
    statuses = {},
  }: { answer: Answer; status: number; statuses?: Readonly<Record<string, number>> },
): Promise<FastifyReply> {
  switch (answer.kind) {
    case "booking":
      return reply.code(status).send(await viewWithShow(deps, answer.booking));
    case "queued":
      return reply.code(202).send({ id: answer.id, show_id: answer.showId, status: "QUEUED" });
    case "refused": {
      const { reason, facts, asked } = answer;
      const known = statuses[reason];
      return sendClassicProblem(
        reply,
        buildProblem(reason, {
          detail: describeRefusal(reason, facts, asked),
          facts,
          ...(known === undefined ? {} : { status: known }),
          ...(answer.booking === null ? {} : { booking: await viewWithShow(deps, answer.booking) }),
        }),
      );
    }
    case "unavailable":
      return sendClassicProblem(reply, buildProblem("unavailable"));
  }
}

function sendFault(reply: FastifyReply, path: string, message: string): FastifyReply {
  return sendClassicProblem(reply, buildInvalid([{ path, message }]));
}

function sendClassicProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return sendProblem(reply, { ...problem, error: problem.detail });
}

/** Both field sets: `seats` is what is left, as b's clients expect it. */
function viewShow(show: ShowRow) {
  const startsAt = encodeTime(show.startsAt);
  return {
    id: show.id,
    number: show.number,
    name: show.name,
    start_time: startsAt,
    startTime: startsAt,
    total_seats: show.capacity,
    seats: show.free,
    confirmed_seats_count: show.confirmed,
    available_seats: show.free,
    createdAt: encodeTime(show.createdAt),
    updatedAt: encodeTime(show.updatedAt),
  };
}

async function viewWithShow({ shows }: AppDeps, booking: Booking) {
  return viewBooking(booking, await shows.find(booking.showId));
}

/** Both field sets: `seats` is a number, as b's clients expect it; a's find theirs in `seats_assigned`. */
function viewBooking(booking: Booking, show: ShowRow | null | undefined) {
  const [want] = booking.wants;
  const asked = want === undefined ? 0 : wantedPlaces(want);
  return {
    id: booking.id,
    show_id: booking.showId,
    showId: booking.showId,
    movieName: show?.name ?? null,
    showTime: show ? encodeTime(show.startsAt) : null,
    userName: booking.customer,
    seats: asked,
    seats_requested: asked,
    seats_assigned: isLive(booking) ? booking.seats : [],
    status: booking.status,
    ...(booking.reason === null ? {} : { reason: booking.reason }),
    expiresAt: encodeTimeOrNull(booking.status === "FAILED" ? null : booking.expiresAt),
    createdAt: encodeTime(booking.createdAt),
    updatedAt: encodeTime(booking.updatedAt),
  };
}

function forClassicAdmins<S extends object>({ access }: AppDeps, schema: S) {
  return forAdmins(access, schema, sendClassicProblem);
}

/** For the description of the API; what the answers look like is told by the older backends'. */
function describe(summary: string, status = 200) {
  const response = { [status]: { description: "As the older backends answered" } };
  return { tags: ["Classic"], summary, response };
}
