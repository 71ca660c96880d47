/** What a plan asks for is what could come in over HTTP: a show that cannot be made would have nothing to sell. */
import { encodeRequest, parseRequest } from "@seatline/shared/contract/request.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import { book, createShow } from "@seatline/shared/testing/builders.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { expect, it } from "vitest";

import { buildPlan } from "./plan.ts";

const PLANS = 500;
const ID = "00000000-0000-8000-8000-000000000001";
const ids = { requestId: ID, showId: ID, requestHash: "0".repeat(64) };
const seed = seedOfRun();

it(`plans shows and bookings that the line takes for requests (SEED=${seed})`, () => {
  const random = buildRandom(seed);
  for (let count = 0; count < PLANS; count++) {
    const plan = buildPlan(random.int(1, 0x7fff_ffff));
    const requests: Request[] = [
      ...plan.shows.map(({ layout, rules }) => ({ ...createShow({ layout, rules }), ...ids })),
      ...plan.errands.map(({ wants, holdMs }) => ({ ...book(ID, ...wants), ...ids, holdMs })),
    ];
    for (const request of requests) {
      const text = encodeRequest(request);
      expect(parseRequest(text), `of the plan ${plan.seed}: ${text}`).not.toHaveProperty("fault");
    }
  }
});
