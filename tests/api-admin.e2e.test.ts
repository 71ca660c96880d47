/** The canonical API for those who run the sale, its probes, its problems, and what it says of itself. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, expect, test } from "vitest";

import { BOOKING_STATUSES } from "@seatline/shared/core/model.ts";

import { PROBLEMS } from "../services/api-gateway/src/problems.ts";
import { UNKNOWN_SHOW_ID, expectStatus, problemOf } from "./client.ts";
import type { BookingView, Client, Page } from "./client.ts";
import { ADMIN_TOKEN, useStack } from "./stack.ts";

type OpenApi = {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
};
type LineView = {
  readonly partitions: { partition: number; next: number; end: number; lag: number }[];
  readonly lag: number;
};

const stack = useStack();
/** A gateway that wants the token. */
let guarded: Client;

beforeAll(async () => {
  const gateway = await stack().addGateway({ ADMIN_ACCESS: "token", ADMIN_TOKEN });
  await gateway.start();
  guarded = stack().clientOf(1);
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test.each([
  ["GET", "/v1/bookings", undefined],
  ["GET", "/v1/admin/line", undefined],
  ["POST", "/v1/admin/expiry-runs", undefined],
  ["POST", "/v1/shows", { name: "A", startsAt: "2027-12-25T19:00:00Z", capacity: 1 }],
])("%s %s is for admins", async (method, path, body) => {
  const ask = (headers: Record<string, string>) => guarded.call(path, { method, body, headers });
  const nobody = await ask({});
  expect(problemOf(nobody)).toMatchObject({ status: 401, reason: "unauthorized" });
  expect(nobody.headers["www-authenticate"]).toBe("Bearer");
  for (const token of ["x", ADMIN_TOKEN.slice(1), `${ADMIN_TOKEN}x`]) {
    expect(problemOf(await ask(bearer(token)))).toMatchObject({ status: 403, reason: "forbidden" });
  }
  const basic = await ask({ authorization: `Basic ${ADMIN_TOKEN}` });
  expect(problemOf(basic)).toMatchObject({ status: 401 });
  expect([200, 201]).toContain((await ask(bearer(ADMIN_TOKEN))).status);
});

test("who is no admin hears of that first, and not of what is wrong with the body", async () => {
  const answer = await guarded.call("/v1/shows", { body: { name: 7 } });
  expect(problemOf(answer).status).toBe(401);
});

test("everybody may look at shows and book, without a token", async () => {
  const { id: showId, number } = await stack().client.createShow();
  const booking = await guarded.book({ showId, count: 1 });
  expect((await guarded.show(number)).id).toBe(showId);
  expect((await guarded.look(booking.id)).status).toBe(200);
  expect((await guarded.confirm(booking.id)).status).toBe(200);
});

test("a booking is confirmed at once for an admin who asks for it, and for nobody else", async () => {
  const { id: showId } = await stack().client.createShow();
  const ask = { showId, count: 1, confirm: "now" };
  expect(problemOf(await guarded.askAndWait(ask)).status).toBe(401);
  expect(problemOf(await guarded.askAndWait(ask, bearer("wrong"))).status).toBe(403);
  expect(await guarded.show(showId)).toMatchObject({ free: 10, version: 1 });
  const booking = await guarded.book(ask, bearer(ADMIN_TOKEN));
  expect(booking).toMatchObject({ status: "CONFIRMED", expiresAt: null, seats: [1] });
});

test("what only the staff may do, nobody else may say to do as staff", async () => {
  const { id: showId } = await stack().client.createShow();
  const asStaff = { showId, seats: [1], as: "staff", confirm: "now" };
  const detail = '"as": "staff" needs the admin token.';
  const tries = { ...asStaff, confirm: undefined };
  expect(problemOf(await guarded.askAndWait(tries)).status).toBe(401);
  expect(problemOf(await guarded.askAndWait(tries, bearer("wrong"))).status).toBe(403);
  const headers = bearer(ADMIN_TOKEN);
  const { id } = await guarded.book(asStaff, headers);
  const body = { as: "staff" };
  expect(problemOf(await guarded.cancel(id, { body }))).toMatchObject({ status: 401, detail });
  const wrong = await guarded.cancel(id, { body, headers: bearer("wrong") });
  expect(problemOf(wrong)).toMatchObject({ status: 403, detail });
  const cancelled = await guarded.cancel(id, { body, headers });
  expect(expectStatus(200, cancelled)).toMatchObject({ status: "CANCELLED" });
});

test("the list of bookings is filtered by show and status, and paged", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 6, cancelConfirmed: true });
  const bookings: BookingView[] = [];
  for (let count = 0; count < 6; count++) bookings.push(await client.book({ showId, count: 1 }));
  await client.confirm(bookings[0]?.id ?? "");
  await client.cancel(bookings[1]?.id ?? "");
  await client.askAndWait({ showId, count: 5 });
  const page = async (query: string) =>
    expectStatus(200, await client.call(`/v1/bookings?${query}`)) as Page<BookingView>;

  const all = await page(`showId=${showId}`);
  expect(all.next).toBeNull();
  expect(all.items).toHaveLength(7);
  for (const booking of all.items) expect(booking).toEqual(await client.booking(booking.id));
  const statuses = all.items.map(({ status }) => status);
  for (const status of BOOKING_STATUSES.filter((it) => it !== "WAITING")) {
    const { items } = await page(`showId=${showId}&status=${status}`);
    expect(items.map((it) => it.status)).toEqual(statuses.filter((it) => it === status));
    expect(items.length).toBeGreaterThan(0);
  }
  const seen: BookingView[] = [];
  for (let after: string | null = ""; after !== null;) {
    const cursor: string = after === "" ? "" : `&after=${after}`;
    const part = await page(`showId=${showId}&limit=3${cursor}`);
    expect(part.items.length).toBeLessThanOrEqual(3);
    seen.push(...part.items);
    after = part.next;
  }
  expect(seen).toEqual(all.items);
  expect((await page(`showId=${UNKNOWN_SHOW_ID}`)).items).toEqual([]);
  expect((await page(`showId=${showId.toUpperCase()}&limit=1000`)).items).toHaveLength(7);
});

test("a sweep by hand counts what it asked for and what had lapsed: nothing, when nothing has", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  await client.book({ showId, count: 1 });
  expect(await client.expiryRun()).toEqual({ requested: 0, expired: 0 });
});

test("the line tells how far each partition is decided, and has no lag when all is", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow();
  const booking = await client.book({ showId, count: 1 });
  const line = expectStatus(200, await client.call("/v1/admin/line")) as LineView;
  expect(line.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  expect(line.lag).toBe(0);
  for (const { next, end, lag } of line.partitions) expect(end - next).toBe(lag);
  const [partition = -1, offset = -1] = booking.place.split("-").map(Number);
  expect(line.partitions[partition]).toMatchObject({ next: offset + 1, stalled: false });
});

test("the probes say that the process turns and that the door is open", async () => {
  const { client } = stack();
  const live = await client.call("/health/live");
  expect([live.status, live.json]).toEqual([200, { status: "ok" }]);
  const ready = await client.call("/health/ready");
  const checks = { kafka: "ok", outcomes: "ok", postgres: "ok" };
  expect([ready.status, ready.json]).toEqual([200, { status: "ready", checks }]);
});

test("every reason is explained where its type points to", async () => {
  const { client } = stack();
  for (const [reason, { status, title, about }] of Object.entries(PROBLEMS)) {
    const answer = await client.call(`/problems/${reason}`);
    expect([answer.status, answer.json]).toEqual([
      200,
      { type: `/problems/${reason}`, title, status, about },
    ]);
  }
  for (const unknown of ["no-such-thing", "constructor", "__proto__", "toString"]) {
    const answer = await client.call(`/problems/${unknown}`);
    expect({ unknown, ...problemOf(answer) }).toMatchObject({
      unknown,
      status: 404,
      reason: "not-found",
    });
  }
});

test("the API describes itself as valid OpenAPI 3.1, with every route in it", async () => {
  const { client } = stack();
  const document = expectStatus(200, await client.call("/openapi.json")) as OpenApi;
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect({ valid, errors }).toEqual({ valid: true });
  expect(document.openapi).toMatch(/^3\.1\./);
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const canonical = routes.filter((it) => / \/(v1|health\/|problems)/.test(it));
  expect(canonical.sort()).toEqual([
    "GET /health/live",
    "GET /health/ready",
    "GET /problems/{reason}",
    "GET /v1/admin/line",
    "GET /v1/bookings",
    "GET /v1/bookings/{id}",
    "GET /v1/shows",
    "GET /v1/shows/{id}",
    "GET /v1/shows/{id}/decisions",
    "GET /v1/shows/{id}/layout",
    "GET /v1/shows/{id}/seats",
    "PATCH /v1/shows/{id}",
    "POST /v1/admin/expiry-runs",
    "POST /v1/bookings",
    "POST /v1/bookings/{id}/cancel",
    "POST /v1/bookings/{id}/confirm",
    "POST /v1/bookings/{id}/extend",
    "POST /v1/shows",
  ]);
  // No route of the document is a dead one: each is answered by itself, not by "no such route".
  for (const route of routes) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await client.call(path.replace(/\{\w+\}/, "x"), { method });
    const { detail = "" } = answer.json as { detail?: string };
    expect(`${route}: ${detail}`).not.toContain("There is no route");
  }
});

test("the API can be read in a browser", async () => {
  const { client } = stack();
  const answer = await client.call("/docs/");
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^text\/html/);
  const scripts = [...answer.text.matchAll(/src="\.?\/?([^"]+\.js)"/g)].map(([, file]) => file);
  expect(scripts.length).toBeGreaterThan(0);
  for (const file of scripts) {
    const path = file?.startsWith("docs/") === true ? `/${file}` : `/docs/${file}`;
    expect([path, (await client.call(path)).status]).toEqual([path, 200]);
  }
});

test("every answer carries the caller's X-Request-Id, or one of ours", async () => {
  const { client } = stack();
  const paths = ["/v1/shows", "/v1/bookings/abc", "/nowhere", "/health/live", "/v1/shows?limit=x"];
  for (const path of paths) {
    const mine = await client.call(path, { headers: { "x-request-id": "req-4711" } });
    expect([path, mine.headers["x-request-id"]]).toEqual([path, "req-4711"]);
    const [first, second] = await Promise.all([client.call(path), client.call(path)]);
    expect(first.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.headers["x-request-id"]).not.toBe(second.headers["x-request-id"]);
  }
  for (const bad of ["with space", "x".repeat(129)]) {
    const answer = await client.call("/health/live", { headers: { "x-request-id": bad } });
    expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test("pages of other origins may call the API and read the headers that matter", async () => {
  const { client } = stack();
  const origin = "https://shop.example";
  const plain = await client.call("/v1/shows", { headers: { origin } });
  expect(plain.headers["access-control-allow-origin"]).toBe("*");
  const exposed = String(plain.headers["access-control-expose-headers"]);
  for (const name of ["location", "retry-after", "etag", "preference-applied", "x-request-id"]) {
    expect(exposed.toLowerCase()).toContain(name);
  }
  const asked = "content-type,idempotency-key,prefer,authorization,if-none-match";
  const preflight = await client.call("/v1/bookings", {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": asked,
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers["access-control-allow-methods"]).toContain("POST");
  expect(preflight.headers["access-control-allow-headers"]).toBe(asked);
  const problem = await client.call("/v1/shows/abc", { headers: { origin } });
  expect(problem.headers["access-control-allow-origin"]).toBe("*");
});
