/** Probes, and the explanation of each problem. */
import { Type } from "typebox";

import { ProblemAnswer, ReadyAnswer } from "@seatline/shared/contract/http.ts";
import { buildReadiness } from "@seatline/shared/runtime/health.ts";

import type { App, AppDeps } from "../deps.ts";
import { PROBLEMS, buildProblem } from "../problems.ts";
import type { ProblemReason } from "../problems.ts";
import { sendProblem } from "../replies.ts";

/** Postgres may be away: requests queue, and only the reads that need it fail. */
const REQUIRED = ["kafka", "outcomes"] as const;

export function registerHealthRoutes(app: App, { lineWatch }: AppDeps): void {
  app.get(
    "/health/live",
    {
      schema: {
        tags: ["Health"],
        summary: "The process turns",
        response: { 200: Type.Object({ status: Type.Enum(["ok"]) }) },
      },
    },
    () => ({ status: "ok" as const }),
  );
  app.get(
    "/health/ready",
    {
      schema: {
        tags: ["Health"],
        summary: "Requests are accepted",
        response: { 200: ReadyAnswer, 503: ReadyAnswer },
      },
    },
    async (_, reply) => {
      const { ready, body } = buildReadiness(lineWatch.checks, REQUIRED);
      return reply.code(ready ? 200 : 503).send(body);
    },
  );
  app.get(
    "/problems/:reason",
    {
      schema: {
        tags: ["Health"],
        summary: "What a problem means",
        params: Type.Object({ reason: Type.String() }),
        response: {
          200: Type.Object({
            type: Type.String(),
            title: Type.String(),
            status: Type.Integer(),
            about: Type.String(),
          }),
          default: ProblemAnswer,
        },
      },
    },
    async (request, reply) => {
      const { reason } = request.params;
      if (!isReason(reason)) {
        return sendProblem(
          reply,
          buildProblem("not-found", { detail: "There is no such problem." }),
        );
      }
      const { title, status, about } = PROBLEMS[reason];
      return reply.send({ type: `/problems/${reason}`, title, status, about });
    },
  );
}

function isReason(text: string): text is ProblemReason {
  return Object.hasOwn(PROBLEMS, text);
}
