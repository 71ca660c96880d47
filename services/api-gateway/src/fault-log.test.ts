/** Planted faults: a bug that is not told, what is away told each time, a count that begins anew. */
import { refuseRead } from "./reads.ts";
import { buildReadableLog } from "@seatline/shared/testing/log-lines.ts";
import type { FastifyRequest } from "fastify";
import { expect, it } from "vitest";

import { FaultLog } from "./fault-log.ts";

const REQUEST = { id: "1", method: "GET", routeOptions: { url: "/v1/shows" } } as FastifyRequest;

it("tells every bug, and of what is away once in a while", () => {
  const { log, lines } = buildReadableLog();
  const faults = new FaultLog(log);
  for (let count = 0; count < 3; count++) faults.note(REQUEST, refuseRead("Postgres is away"));
  for (let count = 0; count < 2; count++) faults.note(REQUEST, new TypeError("a bug"));
  expect(lines.map(({ level, refused }) => [level, refused])).toEqual([
    ["warn", 1],
    ["error", undefined],
    ["error", undefined],
  ]);
});
