/** Routes for those who run the sale: a sweep by hand, how the lines stand. */
import { ExpiryRunAnswer, LineAnswer, ProblemAnswer } from "@seatline/shared/contract/http.ts";

import { forAdmins } from "../access.ts";
import type { App, AppDeps } from "../deps.ts";

export function registerAdminRoutes(app: App, deps: AppDeps): void {
  const { access, expiryRun } = deps;

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
