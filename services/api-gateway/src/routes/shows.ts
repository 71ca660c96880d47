/** Canonical routes for shows. */
import { Type } from "typebox";

import {
  CreateShowBody,
  EtagHeader,
  KeyHeaders,
  NotModified,
  ProblemAnswer,
  QueryText,
  QueuedAnswer,
  SeatsAnswer,
  ShowAnswer,
  ShowsAnswer,
} from "@seatline/shared/contract/http.ts";
import { HOLD_DEFAULT_MS } from "@seatline/shared/contract/values.ts";
import { buildPlainLayout } from "@seatline/shared/core/layout.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import { readIdempotencyKey, forAdmins } from "../access.ts";
import type { App, AppDeps } from "../deps.ts";
import { createShow } from "../create-show.ts";
import { buildInvalid, buildProblem } from "../problems.ts";
import { SHOW_NUMBER_MAX, parseInstant, parseNumber, parseShowKey } from "../read.ts";
import { matchesEtag, readPatience, sendProblem } from "../replies.ts";
import type { Shows } from "../shows.ts";
import { retryAfter, viewQueued, viewShow } from "../views.ts";

const WAIT_DEFAULT_S = 10;
const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;

const ShowParams = Type.Object({ id: Type.String() });
const PageQuery = Type.Object(
  { limit: Type.Optional(QueryText), after: Type.Optional(QueryText) },
  { additionalProperties: false },
);

export function registerShowRoutes(app: App, deps: AppDeps): void {
  registerCreateShow(app, deps);
  registerListShows(app, deps);
  registerGetShow(app, deps);
  registerGetSeats(app, deps);
}

function registerCreateShow(app: App, deps: AppDeps): void {
  app.post(
    "/v1/shows",
    forAdmins(deps.access, {
      tags: ["Shows"],
      summary: "Create a show",
      headers: KeyHeaders,
      body: CreateShowBody,
      response: { 201: ShowAnswer, 202: QueuedAnswer, default: ProblemAnswer },
    }),
    async (request, reply) => {
      const { name, capacity, holdSeconds, confirmation, cancelConfirmed } = request.body;
      const startsAt = parseInstant(request.body.startsAt);
      if (startsAt === null) {
        return sendProblem(
          reply,
          buildInvalid([{ path: "/startsAt", message: "must be a day that exists, from 1970 on" }]),
        );
      }
      const key = readIdempotencyKey(request, null);
      if (key !== null && "problem" in key) return sendProblem(reply, key.problem);
      const created = await createShow(
        deps,
        {
          key,
          name,
          startsAt,
          layout: buildPlainLayout(capacity),
          rules: {
            holdMs: holdSeconds === undefined ? HOLD_DEFAULT_MS : holdSeconds * 1_000,
            confirmation: confirmation ?? "manual",
            cancelConfirmed: cancelConfirmed ?? false,
          },
        },
        readPatience(request, reply, WAIT_DEFAULT_S),
      );
      if (created.status === "unavailable") {
        return sendProblem(reply, buildProblem("unavailable"));
      }
      if (created.status === "refused") return sendProblem(reply, buildProblem(created.reason));
      // Not before the ack: what may not exist has no address.
      reply.header("location", `/v1/shows/${created.showId}`);
      if (created.status === "queued") {
        return reply
          .code(202)
          .header("retry-after", retryAfter(created.queued))
          .send(viewQueued(created.showId, created.showId, created.queued));
      }
      return reply.code(201).send(viewShow(created.show));
    },
  );
}

function registerListShows(app: App, { shows }: AppDeps): void {
  app.get(
    "/v1/shows",
    {
      schema: {
        tags: ["Shows"],
        summary: "List shows",
        querystring: PageQuery,
        response: { 200: ShowsAnswer, default: ProblemAnswer },
      },
    },
    async (request, reply) => {
      const limit = parseNumber(request.query.limit, { fallback: PAGE_DEFAULT, max: PAGE_MAX });
      const after = parseNumber(request.query.after, { fallback: 0, max: SHOW_NUMBER_MAX });
      if (limit === null || limit === 0) return sendProblem(reply, badLimit(PAGE_MAX));
      if (after === null) return sendProblem(reply, badCursor());
      const page = await shows.list({ after, limit: limit + 1 });
      const items = page.slice(0, limit);
      const next = page.length > limit ? String(items.at(-1)?.number) : null;
      return reply.send({ items: items.map(viewShow), next });
    },
  );
}

function registerGetShow(app: App, deps: AppDeps): void {
  app.get(
    "/v1/shows/:id",
    {
      schema: {
        tags: ["Shows"],
        summary: "One show, by id or number",
        params: ShowParams,
        response: { 200: ShowAnswer, default: ProblemAnswer },
      },
    },
    async (request, reply) => {
      const show = await findByParam(deps.shows, request.params.id);
      return show === null
        ? sendProblem(reply, buildProblem("show-not-found"))
        : reply.send(viewShow(show));
    },
  );
}

function registerGetSeats(app: App, deps: AppDeps): void {
  app.get(
    "/v1/shows/:id/seats",
    {
      schema: {
        tags: ["Shows"],
        summary: "Which seats are held and which sold; ETag is the version",
        headers: EtagHeader,
        params: ShowParams,
        response: { 200: SeatsAnswer, 304: NotModified, default: ProblemAnswer },
      },
    },
    async (request, reply) => {
      const show = await findByParam(deps.shows, request.params.id);
      const seats = show === null ? null : await deps.shows.seats(show.id);
      if (show === null || seats === null) {
        return sendProblem(reply, buildProblem("show-not-found"));
      }
      const etag = `"${seats.version}"`;
      reply.header("etag", etag).header("cache-control", "no-cache");
      if (matchesEtag(request, etag)) return reply.code(304).send();
      return reply.send({ version: seats.version, capacity: show.capacity, ...seats.ranges });
    },
  );
}

/** A show by what stands in the path: its id or its number. */
export async function findByParam(shows: Shows, param: string): Promise<ShowRow | null> {
  const key = parseShowKey(param);
  return key === null ? null : shows.find(key);
}

export function badLimit(max: number) {
  return buildInvalid([{ path: "/limit", message: `must be a whole number from 1 to ${max}` }]);
}

export function badCursor() {
  return buildInvalid([{ path: "/after", message: "must be the `next` of the page before" }]);
}
