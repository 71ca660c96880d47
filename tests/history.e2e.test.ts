/**
 * A few hundred calls of all kinds through two gateways, and everything that clients heard, topics hold and tables
 * say is one story, in every respect that the checker of histories knows.
 */
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { checkHistory } from "@seatline/proof/history/check-history.ts";
import { gatherSystem } from "@seatline/proof/history/gather.ts";
import type { Call, Heard } from "@seatline/proof/history/history.ts";
import { Recorder } from "@seatline/proof/history/recorder.ts";
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

const SECTIONS = [
  { name: "Stalls", rows: "A-C", seatsPerRow: 8, blocked: ["A1"], accessible: ["C8"], price: 500 },
  { name: "Floor", standing: 12, price: 300 },
];
const SHOWS = [
  { capacity: 15, holdSeconds: 1, cancelConfirmed: true },
  { capacity: undefined, sections: SECTIONS, currency: "EUR", holdSeconds: 2, rescueSeconds: 1 },
  {
    capacity: undefined,
    sections: SECTIONS,
    currency: "EUR",
    maxSeatsPerCustomer: 4,
    holdSeconds: 1,
  },
  { capacity: 20, confirmation: "automatic" },
];

const SHOW_OF_THE_LATE = { capacity: 5, holdSeconds: 1, rescueSeconds: 0 };

function buildBody(showId: string, customer: string) {
  const wants = random.pick<Readonly<Record<string, unknown>>>([
    { count: 1 },
    { count: 2 },
    { seats: [random.int(1, 20)] },
    { together: [2] },
    { wants: [{ seats: [3] }, { count: 1 }] },
  ]);
  const wait = random.chance(0.4) ? { ifUnavailable: "wait" } : {};
  return { showId, customer, ...wants, ...wait };
}

type Known = {
  readonly id: string;
  readonly place: { readonly partition: number; readonly offset: number } | null;
};

function knownOf(heard: Heard | null): Known | null {
  if (heard?.kind === "queued") return heard;
  if (heard?.kind === "booking") return heard.booking;
  return heard?.kind === "refused" ? heard.booking : null;
}

type Keyed = { readonly key: string; readonly body: ReturnType<typeof buildBody> };

/** The same and another request at once under one key, at one gateway or at both. */
async function bookTwice(recorders: readonly Recorder[], { key, body }: Keyed): Promise<null> {
  const bodies = [{ ...body, ifUnavailable: "wait", waitUntil: "2027-12-24T12:00:00Z" }, body];
  await Promise.all(
    bodies.map((one) => random.pick(recorders).book(one, { key, waitS: random.pick([0, 5]) })),
  );
  return null;
}

/** One customer, who asks one thing after the other, now at one gateway, now at the other. */
async function shop(recorders: readonly Recorder[], name: string, showIds: readonly string[]) {
  const known: Known[] = [];
  const keyed: Keyed[] = [];
  for (let step = 0; step < STEPS; step++) {
    const recorder = random.pick(recorders);
    const waitS = random.pick([0, 0, 5]);
    if (known.length === 0 || random.chance(0.4)) {
      const body = buildBody(random.pick(showIds), name);
      const key = random.chance(0.4) ? `a-key-that-nobody-guesses-${name}-${step}` : null;
      if (key !== null) keyed.push({ key, body });
      // Now and then both come at once, before the line knows either.
      if (key !== null && random.chance(0.3)) {
        await bookTwice(recorders, { key, body });
        continue;
      }
      const one = knownOf(await recorder.book(body, { key, waitS }));
      if (one !== null) known.push(one);
      continue;
    }
    const { id, place } = random.pick(known.slice(-5));
    const again = keyed.at(-1);
    const ask = random.pick<() => Promise<Heard | null>>([
      () => recorder.change("confirm", id, { waitS, body: { payment: "paid" } }),
      () => recorder.change("confirm", id),
      () => recorder.change("cancel", id),
      () => recorder.change("extend", id, { body: { seconds: random.int(1, 3) } }),
      () => recorder.find(id),
      () => recorder.find(id, { place }),
      () => recorder.find(id, { place, waitS: 2 }),
      async () =>
        again === undefined ? null : recorder.book(again.body, { key: again.key, waitS }),
      async () => (again === undefined ? null : bookTwice(recorders, again)),
    ]);
    // The place of a change is one to look at, too.
    const heard = await ask();
    if (heard?.kind === "queued") known.push(heard);
  }
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
  for (const show of SHOWS) shows.push(await client.createShow(show));
  const calls: Call[] = [];
  const recorders = gateways.map((_, index) => {
    const at = stack().clientOf(index);
    const gateway = `gateway-${index}`;
    return new Recorder({ gateway, calls, send: (path, ask) => at.call(path, ask) });
  });
  const names = Array.from({ length: CUSTOMERS }, (_, index) => `customer-${index}`);
  const showIds = shows.map(({ id }) => id);
  await Promise.all(names.map((name) => shop(recorders, name, showIds)));
  await comeTooLate(recorders, (await client.createShow(SHOW_OF_THE_LATE)).id);
  const options = { sql: database.sql, kafka: testBroker("history"), topics };

  const seen = await gatherSystem({ ...options, deadlineMs: GATHER_MAX_MS });
  const history = { calls, ...seen, lapseMaxMs: LAPSE_MAX_MS, rest: null, bounds: BOUNDS };
  expect(checkHistory(history).filter(({ verdict }) => verdict !== "ok")).toEqual([]);
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
  const wrong = checkHistory({ ...history, ...changed }).filter(({ verdict }) => verdict !== "ok");
  expect(wrong.map(({ name }) => name)).toEqual(["the tables hold what the records say"]);
});
