/** Routes for those who run the sale: every booking, a sweep by hand, how the lines stand. */
import { Type } from "typebox";

import {
  BookingsAnswer,
  ExpiryRunAnswer,
  LineAnswer,
  ProblemAnswer,
  QueryText,
} from "@seatline/shared/contract/http.ts";
import { BOOKING_STATUSES } from "@seatline/shared/core/model.ts";
import { listBookings } from "@seatline/shared/db/list-bookings.ts";

import { forAdmins } from "../access.ts";
import type { App, AppDeps } from "../deps.ts";
import { buildInvalid } from "../problems.ts";
import { parseId, parseNumber } from "../read.ts";
import { sendProblem, viewAllWithPlaces } from "../replies.ts";
import { badCursor, badLimit } from "./shows.ts";

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;

const BookingsQuery = Type.Object(
  {
    showId: Type.Optional(QueryText),
    status: Type.Optional(QueryText),
    limit: Type.Optional(QueryText),
    after: Type.Optional(QueryText),
  },
  { additionalProperties: false },
);

export function registerAdminRoutes(app: App, deps: AppDeps): void {
  const { access, expiryRun } = deps;

  app.get(
    "/v1/bookings",
    forAdmins(access, {
      tags: ["Admin"],
      summary: "List bookings",
      querystring: BookingsQuery,
      response: { 200: BookingsAnswer, default: ProblemAnswer },
    }),
    async (request, reply) => {
      const page = readPage(request.query);
      if ("type" in page) return sendProblem(reply, page);
      return reply.send(await listPage(deps, page));
    },
  );

  app.post(
    "/v1/admin/expiry-runs",
    forAdmins(access, {
      tags: ["Admin"],
      summary: "Release every lapsed hold now",
      response: { 200: ExpiryRunAnswer, default: ProblemAnswer },
    }),
    async (_, reply) => reply.send(await expiryRun.run()),
  );

  app.get(
    "/v1/admin/line",
    forAdmins(access, {
      tags: ["Admin"],
      summary: "How the lines stand",
      response: { 200: LineAnswer, default: ProblemAnswer },
    }),
    async (_, reply) => {
      const partitions = Array.from({ length: deps.memory.partitionCount }, (_, partition) => {
        const { next, end, perSecond, stalled } = deps.memory.line(partition);
        return {
          partition,
          next,
          end,
          lag: end - next,
          drainPerSecond: Math.round(perSecond),
          stalled,
        };
      });
      return reply.send({ partitions, lag: partitions.reduce((sum, { lag }) => sum + lag, 0) });
    },
  );
}

type Page = {
  readonly showId: string | null;
  readonly status: string | null;
  readonly after: string | null;
  readonly limit: number;
};

function readPage(query: { showId?: string; status?: string; limit?: string; after?: string }) {
  const limit = parseNumber(query.limit, { fallback: PAGE_DEFAULT, max: PAGE_MAX });
  if (limit === null || limit === 0) return badLimit(PAGE_MAX);
  const showId = query.showId === undefined ? null : parseId(query.showId);
  if (query.showId !== undefined && showId === null) {
    return buildInvalid([{ path: "/showId", message: "must be the id of a show, a UUID" }]);
  }
  const { status = null } = query;
  if (status !== null && !BOOKING_STATUSES.some((known) => known === status)) {
    const known = BOOKING_STATUSES.join(", ");
    return buildInvalid([{ path: "/status", message: `must be one of ${known}` }]);
  }
  const after = query.after === undefined ? null : parseId(query.after);
  if (query.after !== undefined && after === null) return badCursor();
  return { showId, status, after, limit } satisfies Page;
}

async function listPage({ reads, shows }: AppDeps, page: Page) {
  const limit = page.limit + 1;
  const bookings = await reads.run((sql) => listBookings(sql, { ...page, limit }));
  const items = bookings.slice(0, page.limit);
  return {
    items: await viewAllWithPlaces(items, shows),
    next: bookings.length > page.limit ? (items.at(-1)?.id ?? null) : null,
  };
}
