/** The decision log of a show, streamed, for whoever checks its sale. */
import { Readable } from "node:stream";

import { Type } from "typebox";

import { ProblemAnswer } from "@seatline/shared/contract/http.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import { DecisionLog } from "@seatline/shared/line/decision-log.ts";

import { forAdmins } from "../access.ts";
import type { App, AppDeps } from "../deps.ts";
import { buildProblem } from "../problems.ts";
import { sendProblem } from "../replies.ts";
import { findByParam } from "./shows.ts";

/** Each may have many megabytes, and a slow reader keeps those that were read. */
const RECORDS_PER_PAGE = 2;

export function registerDecisionRoutes(app: App, deps: AppDeps): void {
  app.get(
    "/v1/shows/:id/decisions",
    forAdmins(deps.access, {
      tags: ["Admin"],
      summary: "The decision log of a show, to decide its sale again: NDJSON, one line per request",
      params: Type.Object({ id: Type.String() }),
      response: {
        200: {
          description: "Lines of JSON, each `{ entry, hash }`; docs/fairness.md tells the form",
          content: { "application/x-ndjson": { schema: Type.String() } },
        },
        default: ProblemAnswer,
      },
    }),
    async (request, reply) => {
      const { id } = request.params;
      const show = await findByParam(deps.shows, id);
      if (show === null) return sendProblem(reply, buildProblem("show-not-found"));
      const { place } = show;
      const first = await deps.reads.run(() => deps.store.findRecordOf(place));
      if (first === null) return sendProblem(reply, buildProblem("log-incomplete"));
      // To a HEAD, Fastify would read the log to its end only to throw it away.
      const isWanted = request.method !== "HEAD";
      const lines = isWanted ? readLog(deps, show, first.first) : [];
      reply.header("content-type", "application/x-ndjson; charset=utf-8");
      return reply.send(Readable.from(lines) as never);
    },
  );
}

/** A page is read when the one before is on its way: who reads slowly is read for slowly. */
async function* readLog(
  { reads, store }: AppDeps,
  show: ShowRow,
  first: number,
): AsyncGenerator<string> {
  const { partition } = show.place;
  const log = new DecisionLog(show.id);
  for (let from = first; ;) {
    const page = { partition, from, limit: RECORDS_PER_PAGE };
    const rows = await reads.run(() => store.loadRecords(page));
    for (const record of rows) {
      const { next, body } = record;
      // Better no end than a log that only its last hash tells to be none.
      if (record.first !== from) throw new Error(`records before ${record.first} were let go`);
      const lines = log.addRecord(body);
      if (lines.length > 0) yield `${lines.join("\n")}\n`;
      from = next;
    }
    if (rows.length < RECORDS_PER_PAGE) return;
  }
}
