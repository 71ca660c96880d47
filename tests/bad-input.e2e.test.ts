/**
 * Whatever comes in that is wrong gets a 4xx problem that names the member and says what would be
 * right, and nothing of it is written: the tables are the same before and after every test.
 */
import { deepEqual } from "node:assert/strict";

import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { UNKNOWN_BOOKING_ID, problemOf } from "./client.ts";
import type { BookingView, Client, ShowView } from "./client.ts";
import { useStack } from "./stack.ts";

const stack = useStack();
let client: Client;
let show: ShowView;
let booking: BookingView;
let before: unknown;

/** All that could have been written: rows, and how far the line goes. */
async function readTables(): Promise<unknown> {
  const { sql } = stack().database;
  const line = await client.call("/v1/admin/line");
  const [rows] = await sql`
    select (select count(*) from bookings) as bookings, (select count(*) from shows) as shows,
           (select count(*) from dead_letters) as letters, (select count(*) from records) as records,
           (select sum(next_offset) from partitions) as decided`;
  return { ...rows, line: line.json };
}

beforeAll(async () => {
  client = stack().client;
  show = await client.createShow();
  booking = await client.book({ showId: show.id, count: 1, customer: "c-1" });
});
beforeEach(async () => {
  before = await readTables();
});
afterEach(async () => {
  deepEqual(await readTables(), before);
});

const COUNT = "must be a whole number from 1 to 50";
const SEAT = "must be a seat number, a whole number from 1 to 1000000";
const SEATS = "must list 1 to 50 different seat numbers, each a whole number from 1";
const CUSTOMER = "must be 1 to 128 characters without control characters";
const ONE_OF = "exactly one of count, seats, together and wants must be given";

test.each<[string, unknown, string, string]>([
  ["a count as text", { count: "2" }, "/count", COUNT],
  ["a negative count", { count: -3 }, "/count", COUNT],
  ["no places at all", { count: 0 }, "/count", COUNT],
  ["half a place", { count: 1.5 }, "/count", COUNT],
  ["too many places", { count: 51 }, "/count", COUNT],
  ["a count beyond all numbers", { count: 1e308 }, "/count", COUNT],
  ["a count that is null", { count: null }, "/count", COUNT],
  ["a count that is true", { count: true }, "/count", COUNT],
  ["a count that is a list", { count: [2] }, "/count", COUNT],
  ["a seat twice", { seats: [1, 1] }, "/seats", SEATS],
  ["no seats", { seats: [] }, "/seats", SEATS],
  ["seat 0", { seats: [0] }, "/seats/0", SEAT],
  ["a negative seat", { seats: [2, -5] }, "/seats/1", SEAT],
  ["half a seat", { seats: [1.5] }, "/seats/0", SEAT],
  ["a seat as text", { seats: ["1"] }, "/seats/0", SEAT],
  ["seats as text", { seats: "1,2" }, "/seats", SEATS],
  ["seats as an object", { seats: { 0: 1, length: 1 } }, "/seats", SEATS],
  ["a seat beyond all shows", { seats: [1_000_001] }, "/seats/0", SEAT],
  ["51 seats", { seats: Array.from({ length: 51 }, (_, seat) => seat + 1) }, "/seats", SEATS],
  ["both ways to ask", { count: 1, seats: [1] }, "", ONE_OF],
  ["neither way to ask", {}, "", ONE_OF],
  ["an unknown member", { count: 1, colour: "red" }, "/colour", "is not known here"],
  ["a member in the wrong case", { Count: 1, count: 1 }, "/Count", "is not known here"],
  ["an empty customer", { count: 1, customer: "" }, "/customer", CUSTOMER],
  ["a customer too long", { count: 1, customer: "x".repeat(129) }, "/customer", CUSTOMER],
  ["a customer with a NUL", { count: 1, customer: "a\u0000b" }, "/customer", CUSTOMER],
  ["a customer with a new line", { count: 1, customer: "a\nb" }, "/customer", CUSTOMER],
  ["a customer that is a number", { count: 1, customer: 7 }, "/customer", CUSTOMER],
  ["a confirm that is no now", { count: 1, confirm: "later" }, "/confirm", 'must be "now"'],
  ["an empty list of wants", { wants: [] }, "/wants", "must list 1 to 10 wants"],
  ["a want of nothing", { wants: [{}] }, "/wants/0", "exactly one of count, seats and together"],
  ["a want with a wrong count", { wants: [{ count: 0 }] }, "/wants/0/count", "must be"],
])("a booking with %s is refused by name", async (...[, members, path, message]) => {
  const body = { showId: show.id, ...(members as object) };
  const problem = problemOf(await client.askAndWait(body));
  expect(problem).toMatchObject({
    type: "/problems/invalid-request",
    status: 400,
    errors: [{ path, message: expect.stringContaining(message) }],
  });
  expect(problem.detail).toContain(message);
  expect(problem.detail).toContain(path.slice(1).replaceAll("/", "."));
});

test("every fault of a body is told at once", async () => {
  const problem = problemOf(
    await client.ask({ showId: "x", count: 0, customer: "", colour: "red", size: 1 }),
  );
  expect(problem.status).toBe(400);
  const paths = problem.errors?.map((fault) => fault.path);
  expect(paths?.sort()).toEqual(["/colour", "/count", "/customer", "/showId", "/size"]);
});

test("a body full of unknown members is not echoed whole", async () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, 0]));
  for (const [path, count] of [
    ["/v1/bookings", 900],
    ["/v1/shows", 6_000],
  ] as const) {
    const answer = await client.call(path, { body: many(count) });
    expect(problemOf(answer).status).toBe(400);
    expect(answer.text.length).toBeLessThan(12_000);
  }
});

test.each<[string, string]>([
  ["__proto__", `"__proto__": {"count": 1}`],
  ["constructor", `"constructor": {"prototype": {"count": 1}}`],
  ["constructor", `"constructor": 1`],
  ["toString", `"toString": 1`],
])("the member %s is refused and reaches nobody's prototype", async (_, member) => {
  const problem = problemOf(await client.ask(`{"showId": "${show.id}", "count": 1, ${member}}`));
  expect(problem).toMatchObject({ status: 400, reason: "invalid-request" });
  // With a polluted prototype, what is left out here would be there.
  expect(problemOf(await client.ask({ showId: show.id }))).toMatchObject({ status: 400 });
});

test.each<[string, string]>([
  ["cut off", '{"showId": '],
  ["no JSON", "hello"],
  ["not UTF-8 as JSON wants it", "{'count': 1}"],
  ["a number too many", '{"count": 1} 2'],
  ["a hex number", '{"count": 0x10}'],
  ["an infinity", '{"count": Infinity}'],
])("a body that is %s is no JSON, and told so", async (_, body) => {
  const problem = problemOf(await client.ask(body));
  expect(problem).toMatchObject({
    status: 400,
    reason: "invalid-request",
    errors: [{ path: "", message: "the body must be valid JSON" }],
  });
});

test.each<[string, string]>([
  ["a list", "[]"],
  ["a text", '"x"'],
  ["a number", "1"],
  ["null", "null"],
  ["nothing", ""],
  ["nested 4,000 deep", `${"[".repeat(4_000)}${"]".repeat(4_000)}`],
])("a body that is %s is no object, and told so", async (_, body) => {
  expect(problemOf(await client.ask(body))).toMatchObject({
    status: 400,
    errors: [{ path: "", message: "the body must be a JSON object" }],
  });
});

test("numbers that JSON can write and nobody can count are refused", async () => {
  for (const number of ["1e400", "-0.0000001", "9007199254740993", "1".repeat(4_000)]) {
    const problem = problemOf(await client.ask(`{"showId":"${show.id}","count":${number}}`));
    expect(problem).toMatchObject({ status: 400, errors: [{ path: "/count" }] });
  }
});

test("a body over 8 KiB is 413 on the booking routes", async () => {
  const ask = { body: { showId: show.id, count: 1, customer: "x".repeat(8 * 1024) } };
  const paths = ["", `/${booking.id}/confirm`, `/${booking.id}/cancel`];
  for (const path of paths) {
    const answer = await client.call(`/v1/bookings${path}`, ask);
    expect(problemOf(answer)).toMatchObject({ status: 413, reason: "invalid-request" });
  }
});

test.each([null, "text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"])(
  "a body sent as %s is 415",
  async (contentType) => {
    const body = JSON.stringify({ showId: show.id, count: 1 });
    const problem = problemOf(await client.call("/v1/bookings", { body, contentType }));
    expect(problem).toMatchObject({
      status: 415,
      reason: "invalid-request",
      errors: [{ path: "", message: "the body must be sent as application/json" }],
    });
  },
);

test("JSON with a charset is JSON", async () => {
  const contentType = "application/json; charset=utf-8";
  const problem = problemOf(await client.call("/v1/bookings", { body: {}, contentType }));
  expect(problem.status).toBe(400);
});

test.each(["x", "", 7, null, "01990000-0000-7000-8000-00000000000", "../../etc/passwd"])(
  "a show id like %j is refused by name",
  async (showId) => {
    const problem = problemOf(await client.ask({ showId, count: 1 }));
    expect(problem).toMatchObject({
      status: 400,
      errors: [{ path: "/showId", message: "must be a UUID in lower case" }],
    });
  },
);

test("a seat outside the layout is 422 with its number, at the door", async () => {
  const problem = problemOf(await client.ask({ showId: show.id, seats: [2, 11, 12] }));
  expect(problem).toMatchObject({ status: 422, reason: "seat-unknown", seats: [11, 12] });
  expect(problem.detail).toContain("11, 12");
});

test("ids that were never issued are 404, at once and without any look-up", async () => {
  const last = booking.id.at(-1) === "0" ? "1" : "0";
  const ids = [
    "abc",
    "1",
    "%00",
    "%F0%9F%8E%9F",
    "x".repeat(190),
    UNKNOWN_BOOKING_ID,
    show.id,
    `${booking.id.slice(0, -1)}${last}`,
    `${booking.id}0`,
    "00000000-0000-0000-0000-000000000000",
  ];
  for (const id of ids) {
    for (const answer of [
      await client.look(id, null, { prefer: "wait=20" }),
      await client.look(id, "0-0", { prefer: "wait=20" }),
      await client.confirm(id),
      await client.cancel(id),
    ]) {
      expect({ id, ...problemOf(answer) }).toMatchObject({ id, reason: "booking-not-found" });
    }
  }
});

test("a member of a query that is given twice is refused by name", async () => {
  for (const path of [
    "/v1/shows?limit=2&limit=3",
    `/v1/bookings/${booking.id}?place=0-0&place=0-1`,
  ]) {
    const problem = problemOf(await client.call(path));
    expect(problem.detail).toMatch(/^(limit|place) must be given once\.$/);
  }
});

test("OPTIONS without the headers of a preflight is answered, and not refused in plain text", async () => {
  expect(await client.call("/v1/shows", { method: "OPTIONS" })).toMatchObject({
    status: 204,
    text: "",
  });
});

test("a place that is none is refused by name; one of another line is no booking's", async () => {
  for (const place of ["", "1", "a-b", "1-", "-1", "1-2-3", "1_2", "99999-1", "1-1e3", "%00"]) {
    const problem = problemOf(await client.look(booking.id, place));
    expect(problem).toMatchObject({ status: 400, errors: [{ path: "/place" }] });
    expect(problem.detail).toContain("like 7-15320");
  }
  const [partition] = booking.place.split("-").map(Number);
  const elsewhere = `${((partition ?? 0) + 1) % 3}-0`;
  expect(problemOf(await client.look(booking.id, elsewhere))).toMatchObject({
    reason: "booking-not-found",
  });
  expect(problemOf(await client.look(booking.id, "4095-0")).status).toBe(404);
});

test.each<[string, string]>([
  ["/v1/shows?limit=0", "/limit"],
  ["/v1/shows?limit=201", "/limit"],
  ["/v1/shows?limit=-1", "/limit"],
  ["/v1/shows?limit=1e2", "/limit"],
  ["/v1/shows?limit=", "/limit"],
  ["/v1/shows?limit=1&limit=2", "/limit"],
  ["/v1/shows?after=abc", "/after"],
  ["/v1/shows?after=99999999999", "/after"],
  ["/v1/shows?page=2", "/page"],
  ["/v1/bookings?limit=1001", "/limit"],
  ["/v1/bookings?limit=x", "/limit"],
  ["/v1/bookings?after=abc", "/after"],
  ["/v1/bookings?after=7", "/after"],
  ["/v1/bookings?status=pending", "/status"],
  ["/v1/bookings?status=QUEUED", "/status"],
  ["/v1/bookings?showId=7", "/showId"],
  ["/v1/bookings?showId=%00", "/showId"],
  ["/v1/bookings?sort=name", "/sort"],
])("%s is refused by name", async (path, member) => {
  const problem = problemOf(await client.call(path));
  expect(problem).toMatchObject({ status: 400, errors: [{ path: member }] });
  expect(problem.errors?.[0]?.message).toMatch(/^(must be|is not known here)/);
});

test.each<[string, object, string]>([
  ["no name", { name: undefined }, "/name"],
  ["an empty name", { name: "" }, "/name"],
  ["a name with a NUL", { name: "a\u0000" }, "/name"],
  ["a name too long", { name: "x".repeat(201) }, "/name"],
  ["no capacity", { capacity: undefined }, "/capacity"],
  ["capacity 0", { capacity: 0 }, "/capacity"],
  ["a negative capacity", { capacity: -5 }, "/capacity"],
  ["half a capacity", { capacity: 1.5 }, "/capacity"],
  ["a capacity as text", { capacity: "30" }, "/capacity"],
  ["too large a capacity", { capacity: 1_000_001 }, "/capacity"],
  ["a start without an offset", { startsAt: "2027-12-25T19:00:00" }, "/startsAt"],
  ["a start that is no day", { startsAt: "2027-02-30T19:00:00Z" }, "/startsAt"],
  ["a start before 1970", { startsAt: "1969-12-31T19:00:00Z" }, "/startsAt"],
  ["a start as a number", { startsAt: 1_800_000_000_000 }, "/startsAt"],
  ["a hold of no time", { holdSeconds: 0 }, "/holdSeconds"],
  ["a hold of years", { holdSeconds: 86_401 }, "/holdSeconds"],
  ["an unknown confirmation", { confirmation: "maybe" }, "/confirmation"],
  ["a yes", { cancelConfirmed: "yes" }, "/cancelConfirmed"],
  ["a member that comes later", { sections: [] }, "/sections"],
])("a show with %s is refused by name", async (_, members, path) => {
  const body = { name: "A", startsAt: "2027-12-25T19:00:00Z", capacity: 1, ...members };
  const problem = problemOf(await client.call("/v1/shows", { body }));
  expect(problem).toMatchObject({ status: 400, errors: [{ path }] });
  expect(problem.errors?.[0]?.message).toMatch(
    /^(must be|must list|is not known here|is missing; it must)/,
  );
});

test.each<[string, unknown, string]>([
  ["a payment that is a number", { payment: 7 }, "/payment"],
  ["an empty payment", { payment: "" }, "/payment"],
  ["a payment with a NUL", { payment: "a\u0000" }, "/payment"],
  ["a payment too long", { payment: "x".repeat(256) }, "/payment"],
  ["an unknown member", { pay: "x" }, "/pay"],
  ["a list", [], ""],
])("a confirm with %s is refused by name", async (_, body, path) => {
  const problem = problemOf(await client.confirm(booking.id, { body }));
  expect(problem).toMatchObject({ status: 400, errors: [{ path }] });
  expect(problem.errors).toHaveLength(1);
});

test("a cancel with an unknown member is refused by name", async () => {
  const problem = problemOf(await client.cancel(booking.id, { body: { seat: 1 } }));
  expect(problem).toMatchObject({ status: 400, errors: [{ path: "/seat" }] });
});

test.each([
  "short",
  "x".repeat(21),
  "with blank in the middle of it",
  "x".repeat(256),
  "ümläut-ümläut-ümläut-ü",
])(
  "the key %j is refused where everybody could guess it, or no header should carry it",
  async (key) => {
    const headers = { "idempotency-key": Buffer.from(key, "utf8").toString("latin1") };
    const problem = problemOf(await client.ask({ showId: show.id, count: 1 }, headers));
    expect(problem).toMatchObject({ status: 400, errors: [{ path: "/Idempotency-Key" }] });
    expect(problem.errors?.[0]?.message).toMatch(/^must (be|have)/);
  },
);

test("routes that do not exist are 404 with where to look, whatever the method", async () => {
  for (const [method, path] of [
    ["GET", "/v2/shows"],
    ["DELETE", `/v1/bookings/${booking.id}`],
    ["PUT", "/v1/bookings"],
    ["DELETE", `/v1/shows/${show.id}`],
    ["GET", `/v1/bookings/${booking.id}/confirm`],
    ["POST", "/v1/shows/1/seats"],
    ["GET", "//v1/shows"],
    ["GET", "/v1/shows/../../etc/passwd"],
    ["PROPFIND", "/v1/shows"],
  ] as const) {
    const problem = problemOf(await client.call(path, { method }));
    expect({ path, ...problem }).toMatchObject({ path, status: 404, reason: "not-found" });
    expect(problem.detail).toContain("/docs");
  }
});

test("a path that cannot be read is a problem like any other", async () => {
  for (const path of ["/v1/bookings/%zz", "/v1/shows/%ff", "/%"]) {
    const answer = await client.call(path);
    expect({ path, ...problemOf(answer) }).toMatchObject({ path, status: 400 });
    expect(answer.headers["x-request-id"]).toBeDefined();
  }
  expect(problemOf(await client.call(`/v1/bookings/${"x".repeat(5_000)}`)).status).toBe(414);
});
