/**
 * A few hundred calls of all kinds through two gateways, and everything that clients heard, topics hold and tables
 * say is one story, in every respect that the checker of histories knows.
 */
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { findWrong } from "@seatline/proof/history/check-history.ts";
import { Customer, SHOWS_ON_SALE, knownOf } from "@seatline/proof/real/customer.ts";
import { gatherSystem } from "@seatline/proof/real/gather.ts";
import type { Call } from "@seatline/proof/history/history.ts";
import { Recorder } from "@seatline/proof/real/recorder.ts";
import { testBroker } from "@seatline/shared/testing/broker.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { expect, test } from "vitest";

import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2, workers: 2, expiryWorkers: 1, env: { SWEEP_SECONDS: "1" } });
const seed = seedOfRun();
const random = buildRandom(seed);

const CUSTOMERS = 12;
const STEPS = 25;
/** Some steps find nothing to repeat. */
const CALLS_MIN = 250;
const GATHER_MAX_MS = 60_000;
/** A sweep, and its way through the line of a busy machine. */
const LAPSE_MAX_MS = 10_000;

const SHOW_OF_THE_LATE = { capacity: 5, holdSeconds: 1, rescueSeconds: 0 };

async function shop(customer: Customer): Promise<void> {
  for (let step = 0; step < STEPS; step++) await customer.step();
}

/** Somebody who pays when the hold is over: among so many others that may happen to nobody. */
async function comeTooLate([recorder]: readonly Recorder[], showId: string): Promise<void> {
  const held = await recorder?.book({ showId, customer: "late", count: 1 }, { waitS: 10 });
  const id = knownOf(held ?? null)?.id ?? "";
  await waitUntil("the hold has lapsed", async () => {
    const heard = await recorder?.find(id, { waitS: 1 });
    return heard?.kind === "booking" && heard.booking.status === "FAILED";
  });
  await recorder?.change("confirm", id);
}

test(`clients, topics and tables tell one story (seed ${seed})`, async () => {
  const { client, gateways, database, topics } = stack();
  const shows = [];
  for (const show of SHOWS_ON_SALE)
    shows.push(await client.createShow({ capacity: undefined, ...show }));
  const calls: Call[] = [];
  const recorders = gateways.map((_, index) => {
    const at = stack().clientOf(index);
    const gateway = `gateway-${index}`;
    return new Recorder({ gateway, calls, send: (path, ask) => at.call(path, ask) });
  });
  const names = Array.from({ length: CUSTOMERS }, (_, index) => `customer-${index}`);
  const showIds = shows.map(({ id }) => id);
  const market = { random, recorders: () => recorders, showIds: () => showIds };
  await Promise.all(names.map((name) => shop(new Customer(name, market))));
  await comeTooLate(recorders, (await client.createShow(SHOW_OF_THE_LATE)).id);
  const options = { sql: database.sql, kafka: testBroker("history"), topics };

  const seen = await gatherSystem({ ...options, deadlineMs: GATHER_MAX_MS });
  const history = { calls, ...seen, lapseMaxMs: LAPSE_MAX_MS, rest: null, bounds: BOUNDS };
  expect(findWrong(history)).toEqual([]);
  expect(calls.length).toBeGreaterThan(CALLS_MIN);
  const heard = new Set(calls.map((call) => call.heard?.kind));
  expect([...heard]).toEqual(expect.arrayContaining(["booking", "queued", "refused"]));
  const reasons = new Set(calls.map((call) => call.heard?.kind === "refused" && call.heard.reason));
  expect([...reasons]).toEqual(expect.arrayContaining(["key-reused", "hold-expired"]));
  expect([...reasons]).not.toContain("invalid-request");
  const statuses = new Set(seen.tables.bookings.map(({ status }) => status));
  expect([...statuses]).toEqual(expect.arrayContaining(["CONFIRMED", "CANCELLED", "FAILED"]));

  // One thing that is not so any more, in tables that nobody else has changed.
  await database.sql`
    update bookings set payment = 'nobody''s' where id = ${seen.tables.bookings[0]?.id ?? ""}`;
  const changed = await gatherSystem({ ...options, deadlineMs: GATHER_MAX_MS });
  const wrong = findWrong({ ...history, ...changed });
  expect(wrong.map(({ name }) => name)).toEqual(["the tables hold what the records say"]);
});
