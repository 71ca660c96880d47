/**
 * Every fault of a request is told at once, whoever finds it: its schema, or the code behind it that reads times,
 * ranges, wants and layouts. And whatever stands where, that code reads it without a fault of its own.
 */
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { beforeAll, expect, test } from "vitest";

import { UNKNOWN_BOOKING_ID, UNKNOWN_SHOW_ID, problemOf } from "./client.ts";
import type { ShowView } from "./client.ts";
import type { HttpAnswer } from "@seatline/shared/testing/http.ts";
import { useStack } from "./stack.ts";

const stack = useStack();
const random = buildRandom(seedOfRun());
let show: ShowView;

type Members = Readonly<Record<string, unknown>>;

/** A route with a body that it takes, and what is wrong with it for reasons that do not depend on each other. */
type Target = {
  readonly name: string;
  readonly send: (members: Members) => Promise<HttpAnswer>;
  readonly fine: Members;
  /** Where it is put, what it is, and where it is told of if that is elsewhere. */
  readonly faults: readonly (readonly [string, unknown, string?])[];
};

/** A body that is right may still ask for what is not there, or not to be had. */
const TAKEN = new Set([200, 201, 202, 404, 409, 410, 422]);
const NO_DAY = "2027-02-30T00:00:00Z";
const CREATE_SHOW: Target = {
  name: "POST /v1/shows",
  send: (body) => stack().client.call("/v1/shows", { body }),
  fine: {
    name: "The Lion King",
    startsAt: "2027-12-25T19:00:00Z",
    currency: "EUR",
    sections: [
      { name: "Stalls", rows: "A-C", seatsPerRow: 10, aislesAfter: [5], blocked: ["A1"], price: 2 },
      { name: "Floor", standing: 5, price: 1 },
    ],
    opensAt: "2026-12-01T00:00:00Z",
    closesAt: "2027-12-24T00:00:00Z",
    holdSeconds: 60,
    holdMaxSeconds: 600,
  },
  faults: [
    ["/name", ""],
    ["/startsAt", NO_DAY],
    ["/opensAt", 7],
    ["/closesAt", NO_DAY],
    ["/holdSeconds", 0],
    ["/holdMaxSeconds", -1],
    ["/currency", "QQQ"],
    ["/price", 5],
    ["/capacity", 5],
    ["/sections/0/name", 7],
    ["/sections/0/rows", "C-A"],
    ["/sections/0/aislesAfter/0", 99],
    ["/sections/0/price", "5"],
    ["/sections/1/standing", "x"],
    ["/sections/1/rows", "A"],
    ["/colour", "red"],
  ],
};
const CHANGE_SHOW: Target = {
  name: "PATCH /v1/shows/:id",
  send: (body) => stack().client.call(`/v1/shows/${show.id}`, { method: "PATCH", body }),
  fine: { name: "A", opensAt: null, sections: [{ name: "", standing: 5 }] },
  faults: [
    ["/name", 7],
    ["/startsAt", NO_DAY],
    ["/opensAt", NO_DAY],
    ["/closesAt", "soon"],
    ["/status", "gone"],
    ["/block", "3-1"],
    ["/unblock", "x"],
    ["/archived", "yes"],
    ["/sections/0/standing", -1],
    // The show has no currency.
    ["/sections/0/price", 5],
    ["/sections/0/colour", "red"],
  ],
};
const BOOK: Target = {
  name: "POST /v1/bookings",
  send: (body) => stack().client.ask(body),
  fine: {
    showId: UNKNOWN_SHOW_ID,
    customer: "c-1",
    wants: [{ count: 1 }, { together: [2] }, { count: 1, priceMax: 5 }],
    ifUnavailable: "wait",
    waitUntil: "2027-12-24T00:00:00Z",
  },
  faults: [
    ["/showId", "x"],
    ["/customer", ""],
    ["/count", 1, ""],
    ["/wants/0/seats", [1], "/wants/0"],
    ["/wants/1/together", [30, 30]],
    ["/wants/2/count", 0],
    ["/wants/2/priceMax", "5"],
    ["/waitUntil", NO_DAY],
    ["/as", "staff"],
    ["/confirm", "later"],
    ["/colour", "red"],
  ],
};
const CANCEL: Target = {
  name: "POST /v1/bookings/:id/cancel",
  send: (body) => stack().client.cancel(UNKNOWN_BOOKING_ID, { body }),
  fine: { seats: [1, 2], standing: [{ section: "Floor", keep: 1 }] },
  faults: [
    ["/seats/1", 0],
    ["/standing/0/keep", -1],
    ["/standing/0/section", ""],
    ["/as", "king"],
    ["/colour", "red"],
  ],
};
const EXTEND: Target = {
  name: "POST /v1/bookings/:id/extend",
  send: (body) => stack().client.extend(UNKNOWN_BOOKING_ID, { body }),
  fine: { seconds: 60 },
  faults: [
    ["/seconds", "60"],
    ["/colour", "red"],
  ],
};
const LIST_SHOWS: Target = {
  name: "GET /v1/shows",
  send: (query) => stack().client.call(`/v1/shows?${encodeQuery(query)}`),
  fine: { limit: "1", after: "1" },
  faults: [
    ["/limit", "0"],
    ["/after", "x"],
    ["/page", "2"],
  ],
};
const LIST_BOOKINGS: Target = {
  name: "GET /v1/bookings",
  send: (query) => stack().client.call(`/v1/bookings?${encodeQuery(query)}`),
  fine: { showId: UNKNOWN_SHOW_ID, from: "2026-12-24T00:00:00Z", limit: "1", after: "1" },
  faults: [
    ["/showId", "7"],
    ["/status", "pending"],
    ["/from", NO_DAY],
    ["/to", NO_DAY],
    ["/limit", "0"],
    ["/after", "x"],
    ["/sort", "name"],
  ],
};
const TARGETS = [CREATE_SHOW, CHANGE_SHOW, BOOK, CANCEL, EXTEND, LIST_SHOWS, LIST_BOOKINGS];

function encodeQuery(query: Members): string {
  return new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)]),
  ).toString();
}

/** The same with one value put elsewhere; members on the way must be there. */
function putAt(members: Members, path: string, value: unknown): Members {
  const copy = structuredClone(members);
  const names = path.slice(1).split("/");
  const last = names.pop() ?? "";
  let parent: unknown = copy;
  for (const name of names) parent = Object(parent)[name] as unknown;
  Object(parent)[last] = value;
  return copy;
}

function pathsOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const own = `${path}/${name}`;
    return [own, ...pathsOf(member, own)];
  });
}

/** Where faults are told; nowhere if there are none. */
function toldPaths(answer: HttpAnswer): string[] {
  if (TAKEN.has(answer.status)) return [];
  const { status, errors = [] } = problemOf(answer);
  if (status !== 400) throw new Error(answer.text);
  return errors.map(({ path }) => path).sort();
}

beforeAll(async () => {
  show = await stack().client.createShow();
});

const TIMES = { opensAt: "2027-12-24T00:00:00Z", closesAt: "2027-12-23T00:00:00Z" };

type Row = { readonly at: Target; readonly sent: Members; readonly told: readonly string[] };

test.each<Row>([
  {
    at: CREATE_SHOW,
    sent: { holdSeconds: 0, ...TIMES },
    told: ["/closesAt", "/holdSeconds"],
  },
  { at: CREATE_SHOW, sent: { currency: "eur" }, told: ["/currency"] },
  { at: CREATE_SHOW, sent: { sections: 7 }, told: ["/sections"] },
  {
    at: CREATE_SHOW,
    sent: { startsAt: undefined, holdMaxSeconds: 59 },
    told: ["/holdMaxSeconds", "/startsAt"],
  },
  { at: CHANGE_SHOW, sent: { status: "gone", block: "3-1" }, told: ["/block", "/status"] },
  { at: CHANGE_SHOW, sent: { archived: "no", ...TIMES }, told: ["/archived", "/closesAt"] },
  {
    at: BOOK,
    sent: { showId: "x", count: 1, seats: [1], ifUnavailable: undefined, waitUntil: NO_DAY },
    told: ["", "/showId", "/waitUntil"],
  },
  { at: BOOK, sent: { wants: undefined, count: "1" }, told: ["/count"] },
  {
    at: BOOK,
    sent: { wants: undefined, together: [30, 30, 0] },
    told: ["/together", "/together/2"],
  },
  { at: BOOK, sent: { ifUnavailable: "stay", as: "staff" }, told: ["/ifUnavailable"] },
  { at: LIST_SHOWS, sent: { limit: "0", after: "x" }, told: ["/after", "/limit"] },
])("$at.name with $sent tells $told, and nothing that only follows", async ({ at, sent, told }) => {
  expect(toldPaths(await at.send({ ...at.fine, ...sent }))).toEqual(told);
});

test("a key that is none is told with what is wrong with the body", async () => {
  const { client } = stack();
  const headers = { "idempotency-key": "short" };
  for (const path of ["/v1/shows", "/v1/bookings"]) {
    const told = toldPaths(await client.call(path, { headers, body: { colour: "red" } }));
    expect(told).toContain("/Idempotency-Key");
    expect(told).toContain("/colour");
  }
});

test.each(TARGETS)(
  `$name tells any of its faults together, each once (SEED=${random.seed})`,
  async ({ send, fine, faults }) => {
    for (let round = 0; round < 25; round++) {
      const some = faults.filter(() => random.chance(0.4));
      const members = some.reduce((all, [path, value]) => putAt(all, path, value), fine);
      const paths = new Set(some.map(([path, , told = path]) => told));
      expect(toldPaths(await send(members))).toEqual([...paths].sort());
    }
  },
);

const TEXTS = ["", "x", "\n", "3-1", "A-C", NO_DAY, "x".repeat(300), UNKNOWN_SHOW_ID];
const NUMBERS = [0, 1, -1, 0.5, 60, 1e12];
const LISTS = [[], [null], [[]], [7, 7], ["x", 1], [{}]];
const JUNK = [null, true, false, {}, { name: "x" }, { length: 2 }, ...TEXTS, ...NUMBERS, ...LISTS];
const NOT_OURS =
  /^must (NOT|match|be (equal|[<>]|string|integer|number|object|array|boolean|null))/;

test(`whatever stands anywhere in a body is taken or refused by name (SEED=${random.seed})`, async () => {
  const refused = new Set<string>();
  for (let round = 0; round < 200; round++) {
    const { name, send, fine } = random.pick([CREATE_SHOW, CHANGE_SHOW, BOOK, CANCEL, EXTEND]);
    let body = fine;
    for (let left = random.int(1, 3); left > 0; left--) {
      body = putAt(body, random.pick([...pathsOf(body), "/colour"]), random.pick(JUNK));
    }
    const answer = await send(body);
    const about = { name, body: JSON.stringify(body), text: answer.text };
    if (TAKEN.has(answer.status)) continue;
    expect(answer.status, JSON.stringify(about)).toBe(400);
    const { errors = [] } = problemOf(answer);
    const strays = errors.filter(({ message }) => NOT_OURS.test(message));
    expect({ ...about, strays }).toEqual({ ...about, strays: [] });
    expect(errors.length, JSON.stringify(about)).toBeGreaterThan(0);
    expect(new Set(toldPaths(answer)).size, JSON.stringify(about)).toBe(errors.length);
    refused.add(name);
  }
  expect(refused.size).toBe(5);
});
