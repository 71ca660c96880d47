/** `GET /v1/bookings`: what was booked, for those who run the sale, as pages of JSON or as one CSV file. */
import { Readable } from "node:stream";

import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Static } from "typebox";

import { BookingsAnswer } from "@seatline/shared/contract/http-bookings.ts";
import { DateTimeSchema, ProblemAnswer, describedAs } from "@seatline/shared/contract/http.ts";
import { CustomerSchema, withMessage } from "@seatline/shared/contract/values.ts";
import { BOOKING_STATUSES } from "@seatline/shared/core/model.ts";
import type { BookingsAsk } from "@seatline/shared/db/list-bookings.ts";

import { forAdmins } from "../access.ts";
import type { App, AppDeps } from "../deps.ts";
import { EXPORTS_MAX, Exports, prefersCsv } from "../export-bookings.ts";
import { buildProblem } from "../problems.ts";
import { NO_DAY, parseId, parseInstant } from "../read.ts";
import { sendProblem, viewAllWithPlaces } from "../replies.ts";
import { Faults } from "../validation.ts";

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;
const CSV = "text/csv";

const ID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
const OFFSET = "\\d{1,15}";
const NO_SHOW = "must be the id of a show, a UUID";
const BAD_CURSOR = "must be the `next` of the page before";

const BookingsQuery = Type.Object(
  {
    showId: Type.Optional(withMessage(Type.String({ pattern: `^${ID}$` }), NO_SHOW)),
    status: Type.Optional(
      withMessage(
        Type.Enum([...BOOKING_STATUSES]),
        `must be one of ${BOOKING_STATUSES.join(", ")}`,
      ),
    ),
    customer: Type.Optional(describedAs(CustomerSchema, "Exactly so")),
    from: Type.Optional(
      describedAs(DateTimeSchema, "Whose `createdAt` is then or later; a + in it is sent as %2B"),
    ),
    to: Type.Optional(describedAs(DateTimeSchema, "Whose `createdAt` is earlier")),
    limit: Type.Optional(
      describedAs(
        withMessage(
          Type.String({ pattern: "^(?:[1-9]\\d{0,2}|1000)$" }),
          `must be a whole number from 1 to ${PAGE_MAX}`,
        ),
        `Most bookings on a page, ${PAGE_DEFAULT} unless told; of a file, how many are read at a time`,
      ),
    ),
    after: Type.Optional(
      describedAs(
        withMessage(Type.String({ pattern: `^(?:${ID}|${OFFSET})$` }), BAD_CURSOR),
        "The `next` of the page before",
      ),
    ),
  },
  { additionalProperties: false },
);

const PageAnswer = describedAs(
  BookingsAnswer,
  "A page of bookings: of one show in the order of its line, else of their ids. It may have fewer than " +
    "`limit` or none and still a `next`, for the search for what matches goes on on the next page.",
);

const FileAnswer = Type.String({
  description:
    "All that matches, RFC 4180 with a header row; `seats` and `standing` are lists with semicolons, `price` " +
    "is in minor units. Text that a spreadsheet would take for a formula begins with a '. A file that breaks " +
    "off, so that the connection ends before the answer does, is not whole.",
});

const SCHEMA = {
  tags: ["Admin"],
  summary: "List bookings, as JSON or CSV",
  querystring: BookingsQuery,
  response: {
    200: {
      description: "A page of bookings; with `Accept: text/csv` all of them in one file",
      content: {
        "application/json": { schema: PageAnswer },
        [CSV]: { schema: FileAnswer },
      },
    },
    default: ProblemAnswer,
  },
};

export function registerListBookings(app: App, deps: AppDeps): void {
  const exports = new Exports({
    loadPage: deps.listBookings,
    findShows: (ids) => deps.shows.findAll(ids),
  });
  app.get(
    "/v1/bookings",
    { ...forAdmins(deps.access, SCHEMA), attachValidation: true },
    async (request, reply) => {
      const faults = new Faults(request.query, request);
      const ask = readAsk(request.query, faults);
      if (faults.any) return sendProblem(reply, faults.toProblem());
      varyByAccept(reply);
      if (prefersCsv(request.headers.accept)) return sendFile(exports, ask, { request, reply });
      return reply.send(await listPage(deps, ask));
    },
  );
}

async function listPage({ listBookings, shows }: AppDeps, ask: BookingsAsk) {
  const { bookings, next } = await listBookings(ask);
  return { items: await viewAllWithPlaces(bookings, shows), next };
}

async function sendFile(
  exports: Exports,
  ask: BookingsAsk,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> {
  // To a HEAD, Fastify would read a file to its end only to throw it away.
  const file = request.method === "HEAD" ? Readable.from([]) : await exports.open(ask);
  if (file === null) {
    const detail = `${EXPORTS_MAX} files are being written already. Ask again when one of them is done.`;
    return sendProblem(reply, buildProblem("unavailable", { detail }));
  }
  return reply
    .type(`${CSV}; charset=utf-8; header=present`)
    .header("content-disposition", 'attachment; filename="bookings.csv"')
    .send(file);
}

/** A cache must not answer one form with the other; which origins may read it, another header may say there. */
function varyByAccept(reply: FastifyReply): void {
  const vary = reply.getHeader("vary");
  reply.header("vary", vary === undefined ? "accept" : `${String(vary)}, accept`);
}

type Query = Static<typeof BookingsQuery>;

function readAsk(query: Query, faults: Faults<Query>): BookingsAsk {
  const parseCursor = query.showId === undefined ? parseId : parseOffset;
  return {
    filter: {
      showId: faults.read("showId", parseId, NO_SHOW),
      status: query.status ?? null,
      customer: query.customer ?? null,
      from: faults.read("from", parseInstant, NO_DAY),
      to: faults.read("to", parseInstant, NO_DAY),
    },
    after: faults.read<string>("after", parseCursor, BAD_CURSOR),
    limit: Number(query.limit ?? PAGE_DEFAULT),
  };
}

const WHOLE_OFFSET = new RegExp(`^${OFFSET}$`);

function parseOffset(text: string): string | null {
  return WHOLE_OFFSET.test(text) ? text : null;
}
