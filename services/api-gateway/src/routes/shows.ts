/** Canonical routes for shows. */
import { Type } from "typebox";

import {
  EtagHeader,
  NotModified,
  ProblemAnswer,
  QueryText,
} from "@seatline/shared/contract/http.ts";
import { SeatsAnswer, ShowAnswer, ShowsAnswer } from "@seatline/shared/contract/http-shows.ts";
import { LayoutAnswer } from "@seatline/shared/contract/layout-schemas.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import type { App, AppDeps } from "../deps.ts";
import { guideOf } from "../layouts.ts";
import { buildProblem } from "../problems.ts";
import { SHOW_NUMBER_MAX, parseNumber, parseShowKey } from "../read.ts";
import { matchesEtag, sendProblem } from "../replies.ts";
import type { Shows } from "../shows.ts";
import { Faults } from "../validation.ts";
import { viewShow } from "../views.ts";

const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;
const BAD_LIMIT = `must be a whole number from 1 to ${PAGE_MAX}`;
const BAD_CURSOR = "must be the `next` of the page before";

const ShowParams = Type.Object({ id: Type.String() });
const PageQuery = Type.Object(
  { limit: Type.Optional(QueryText), after: Type.Optional(QueryText) },
  { additionalProperties: false },
);

export function registerShowRoutes(app: App, deps: AppDeps): void {
  registerListShows(app, deps);
  registerGetShow(app, deps);
  registerGetLayout(app, deps);
  registerGetSeats(app, deps);
}

function registerListShows(app: App, { shows }: AppDeps): void {
  app.get(
    "/v1/shows",
    {
      attachValidation: true,
      schema: {
        tags: ["Shows"],
        summary: "List shows",
        querystring: PageQuery,
        response: { 200: ShowsAnswer, default: ProblemAnswer },
      },
    },
    async (request, reply) => {
      const faults = new Faults(request.query, request);
      const limit = faults.read("limit", parseLimit, BAD_LIMIT) ?? PAGE_DEFAULT;
      const after = faults.read("after", parseCursor, BAD_CURSOR) ?? 0;
      if (faults.any) return sendProblem(reply, faults.toProblem());
      const page = await shows.list({ after, limit: limit + 1 });
      const items = page.slice(0, limit);
      const next = page.length > limit ? String(items.at(-1)?.number) : null;
      return reply.send({ items: items.map((show) => viewShow(show)), next });
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

function registerGetLayout(app: App, deps: AppDeps): void {
  app.get(
    "/v1/shows/:id/layout",
    {
      schema: {
        tags: ["Shows"],
        summary: "Sections, rows, prices and what is blocked; ETag is a hash of exactly this",
        headers: EtagHeader,
        params: ShowParams,
        response: { 200: LayoutAnswer, 304: NotModified, default: ProblemAnswer },
      },
    },
    async (request, reply) => {
      const show = await findByParam(deps.shows, request.params.id);
      if (show === null) return sendProblem(reply, buildProblem("show-not-found"));
      const { json, etag } = guideOf(show.layout).text;
      // The same tag is the same layout for ever; whether it is still the show's must be asked.
      reply.header("etag", etag).header("cache-control", "no-cache");
      if (matchesEtag(request, etag)) return reply.code(304).send();
      return reply
        .type("application/json; charset=utf-8")
        .serializer(asItIs)
        .send(json as never);
    },
  );
}

/** The text is made once for each layout. */
function asItIs(json: unknown): string {
  return String(json);
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
      const { version, ranges, sections } = seats;
      const isPlain = seats.guide.layout.sections[0]?.kind === "plain";
      return reply.send({
        version,
        capacity: seats.capacity,
        ...ranges,
        ...(isPlain ? {} : { sections: [...sections] }),
      });
    },
  );
}

/** A show by what stands in the path: its id or its number. */
export async function findByParam(shows: Shows, param: string): Promise<ShowRow | null> {
  const key = parseShowKey(param);
  return key === null ? null : shows.find(key);
}

function parseLimit(text: string): number | null {
  return parseNumber(text, { min: 1, max: PAGE_MAX });
}

function parseCursor(text: string): number | null {
  return parseNumber(text, { min: 0, max: SHOW_NUMBER_MAX });
}
