/**
 * The list of bookings and its file over a real socket and a real Postgres, with nothing else around.
 * Planted faults that these tests catch: pages read ahead of a reader who does not read, a reader who
 * went away and is read for, a file that ends as if it were whole when Postgres fails, a first page
 * whose fault comes after the 200, a HEAD that reads everything, a long search cut off as silence, one
 * faulty parameter told instead of all, a Vary that replaces another's.
 */
import { once } from "node:events";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import fastify from "fastify";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { SCANNED_MAX, listBookings } from "@seatline/shared/db/list-bookings.ts";
import type { BookingsAsk } from "@seatline/shared/db/list-bookings.ts";
import { buildStore } from "@seatline/shared/db/store.ts";
import { createDatabase } from "@seatline/shared/testing/database.ts";
import type { TestDatabase } from "@seatline/shared/testing/database.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import type { App, AppDeps } from "../deps.ts";
import { registerErrorHandling } from "../errors.ts";
import { EXPORTS_MAX } from "../export-bookings.ts";
import type { Problem } from "../problems.ts";
import { Shows } from "../shows.ts";
import { buildValidator } from "../validation.ts";
import { registerListBookings } from "./list-bookings.ts";

const SHOW_ID = "01990000-0000-7000-8000-000000000000";
/** Several times what the buffers of two sockets hold. */
const BOOKINGS = 120_000;
const LIMIT = 500;
const LF = 10;
/** After so long, where a test says so, a silent connection is closed. */
const SHORT_MS = 1_000;

let database: TestDatabase;
let app: App;
let url: string;
/** How many pages were asked of Postgres, and what each waits for before. */
let pagesRead = 0;
let hold: () => Promise<unknown> = () => Promise.resolve();

beforeAll(async () => {
  database = await createDatabase();
  await database.sql`
    insert into bookings (id, show_id, partition, line_offset, request_hash, customer, wants, confirm_now, status,
                          seats, standing, returned, rescued, created_at, decided_at, updated_at)
    select gen_random_uuid(), ${SHOW_ID}, 1, n, '', 'c-' || n || repeat('x', 100), '[]', false, 'FAILED', '{}', '[]',
           '{}', false, timestamptz '2026-11-22T12:00:00Z' + n * interval '1 millisecond', now(), now()
      from generate_series(1, ${BOOKINGS}::int) as n`;
});
afterAll(async () => {
  await database.close();
});

beforeEach(async () => {
  pagesRead = 0;
  hold = () => Promise.resolve();
  await startApp();
});
afterEach(async () => {
  await app.close();
});

async function startApp(connectionTimeout = 60_000): Promise<void> {
  const shows = new Shows(buildStore(database.sql));
  const listCounted = async (ask: BookingsAsk) => {
    pagesRead += 1;
    await hold();
    return await listBookings(database.sql, ask);
  };
  app = fastify({ connectionTimeout, forceCloseConnections: true });
  app.setValidatorCompiler(buildValidator());
  const log = { error: () => {} } as unknown as AppDeps["log"];
  registerErrorHandling(app, log);
  app.addHook("onRequest", async (_, reply) => {
    reply.header("vary", "origin");
  });
  const deps = { access: { kind: "open" }, listBookings: listCounted, shows, log };
  registerListBookings(app, deps as unknown as AppDeps);
  await app.listen({ port: 0, host: "127.0.0.1" });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

/** An answer whose body nobody has begun to read. */
async function ask(query: string, headers: Record<string, string> = {}, method = "GET") {
  const outgoing = get(`${url}/v1/bookings${query}`, { agent: false, headers, method });
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return answer;
}
const askFile = (query = `?showId=${SHOW_ID}&limit=${LIMIT}`) => ask(query, { accept: "text/csv" });

/** The status of a file of one booking. */
async function askOne(): Promise<number | undefined> {
  const file = await askFile(`?showId=${SHOW_ID}&after=${BOOKINGS - 1}`);
  await read(file);
  return file.statusCode;
}

async function read(answer: IncomingMessage): Promise<string> {
  return Buffer.concat((await answer.toArray()) as Buffer[]).toString("utf8");
}
async function problemOf(answer: IncomingMessage): Promise<Problem> {
  expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  expect(answer.headers["content-disposition"]).toBeUndefined();
  return JSON.parse(await read(answer)) as Problem;
}

function isAlone(): Promise<boolean> {
  return new Promise((resolve) => {
    app.server.getConnections((_, connections) => {
      resolve(connections === 0);
    });
  });
}

/** Until no page was asked for during many looks in a row. */
async function untilReadingStops(): Promise<void> {
  let [seen, since] = [pagesRead, performance.now()];
  await waitUntil("no page is read", () => {
    if (pagesRead !== seen) [seen, since] = [pagesRead, performance.now()];
    return performance.now() - since > 150;
  });
}

test("JSON is the default, CSV for who asks, and a cache is told", async () => {
  for (const accept of ["*/*", "application/json", "image/png", "text/csv;q=0.5, */*"]) {
    const answer = await ask("?limit=1", { accept });
    expect(answer.headers).toMatchObject({ vary: "origin, accept" });
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(JSON.parse(await read(answer))).toMatchObject({ items: [{ status: "FAILED" }] });
  }
  const file = await askFile(`?showId=${SHOW_ID}&after=${BOOKINGS - 2}&limit=1`);
  expect(file.statusCode).toBe(200);
  expect(file.headers).toMatchObject({
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": 'attachment; filename="bookings.csv"',
    vary: "origin, accept",
  });
  const lines = (await read(file)).split("\r\n");
  expect(lines[0]).toMatch(/^id,showId,show,status,/);
  expect(lines.slice(1).map((line) => /,(1-\d+),/.exec(line)?.[1])).toEqual([
    `1-${BOOKINGS - 1}`,
    `1-${BOOKINGS}`,
    undefined,
  ]);
});

test("a page with a show goes on behind an offset, one without behind an id", async () => {
  const first = JSON.parse(await read(await ask(`?showId=${SHOW_ID}&limit=2`))) as { next: string };
  expect(first.next).toBe("2");
  const byId = JSON.parse(await read(await ask("?limit=2"))) as {
    items: { id: string }[];
    next: string;
  };
  expect(byId.next).toBe(byId.items[1]?.id);
  const upper = await ask(`?showId=${SHOW_ID.toUpperCase()}&after=2&limit=1`);
  expect(JSON.parse(await read(upper))).toMatchObject({ items: [{ place: "1-3" }], next: "3" });
});

test("the time that is given bounds what was asked for then: from on, and before", async () => {
  const at = (ms: number) => `2026-11-22T13:00:00.00${ms}%2B01:00`;
  const page = JSON.parse(
    await read(await ask(`?showId=${SHOW_ID}&from=${at(3)}&to=${at(5)}`)),
  ) as {
    items: object[];
  };
  expect(page.items).toHaveLength(2);
});

test.each<[string, string[]]>([
  ["?showId=7", ["/showId"]],
  ["?status=QUEUED", ["/status"]],
  ["?customer=", ["/customer"]],
  [`?customer=${"x".repeat(129)}`, ["/customer"]],
  ["?customer=%00", ["/customer"]],
  ["?from=2026-11-22", ["/from"]],
  ["?from=2026-11-22T12:00:00", ["/from"]],
  ["?from=2026-02-30T12:00:00Z", ["/from"]],
  ["?to=tomorrow", ["/to"]],
  ["?to=1969-12-31T00:00:00Z", ["/to"]],
  ["?limit=0", ["/limit"]],
  ["?limit=1001", ["/limit"]],
  ["?limit=1&limit=2", ["/limit"]],
  ["?showId=a&showId=b", ["/showId"]],
  ["?after=7", ["/after"]],
  [`?showId=${SHOW_ID}&after=${SHOW_ID}`, ["/after"]],
  ["?after=99999999999999999999", ["/after"]],
  ["?sort=name", ["/sort"]],
  [
    "?showId=7&status=x&customer=&from=2026-02-30T12:00:00Z&to=1&limit=x&after=?&sort=name",
    ["/after", "/customer", "/from", "/limit", "/showId", "/sort", "/status", "/to"],
  ],
])("%s is refused with every fault by name", async (query, paths) => {
  for (const accept of ["application/json", "text/csv"]) {
    const answer = await ask(query, { accept });
    const { status, errors = [] } = await problemOf(answer);
    expect(status).toBe(400);
    expect(errors.map(({ path }) => path).sort()).toEqual(paths);
    for (const { message } of errors) expect(message).toMatch(/^(must be|is not known here)/);
  }
  expect(pagesRead).toBe(0);
});

test("more faults than are told do no harm", async () => {
  const unknown = Array.from({ length: 30 }, (_, n) => `x${n}=1`).join("&");
  const answer = await ask(`?${unknown}&showId=a&showId=b&from=1&from=2&after=1&after=2`);
  expect(await problemOf(answer)).toMatchObject({ status: 400, reason: "invalid-request" });
});

test("a reader who does not read stops the reading of pages, and gets all when they do", async () => {
  const file = await askFile();
  await untilReadingStops();
  const [stopped, pages] = [pagesRead, BOOKINGS / LIMIT];
  expect(stopped).toBeLessThan(pages / 2);
  let lines = 0;
  for await (const chunk of file as AsyncIterable<Buffer>) {
    for (const byte of chunk) if (byte === LF) lines += 1;
  }
  expect(lines).toBe(1 + BOOKINGS);
  expect(pagesRead).toBe(pages);
});

test("a reader who goes away stops the reading, and makes room", async () => {
  const files = [];
  for (let file = 0; file < EXPORTS_MAX; file++) files.push(await askFile());
  const refused = await askFile();
  expect(refused.headers["retry-after"]).toMatch(/^[1-9]$/);
  expect(await problemOf(refused)).toMatchObject({ status: 503, reason: "unavailable" });
  for (const file of files) file.destroy();
  await untilReadingStops();
  expect(pagesRead).toBeLessThan((EXPORTS_MAX * BOOKINGS) / LIMIT / 2);
  await waitUntil("there is room", async () => (await askOne()) === 200);
});

test("who goes away before the first page has come leaves no room taken", async () => {
  for (let round = 0; round < EXPORTS_MAX * 2; round++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = () => promise;
    const before = pagesRead;
    const outgoing = get(`${url}/v1/bookings`, { agent: false, headers: { accept: "text/csv" } });
    const gone = new Promise((left) => outgoing.on("error", left));
    await waitUntil("the page is asked for", () => pagesRead > before);
    outgoing.destroy();
    await gone;
    await waitUntil("the gateway knows that it is alone", isAlone);
    resolve();
    await waitUntil("there is room", async () => (await askOne()) === 200);
  }
  expect(pagesRead).toBeLessThan(EXPORTS_MAX * 6);
});

test("when Postgres fails midway the connection breaks; before the first line it is a problem", async () => {
  const file = await askFile();
  await untilReadingStops();
  await database.sql`alter table bookings rename to elsewhere`;
  try {
    await expect(read(file)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(file.complete).toBe(false);
    for (let round = 0; round <= EXPORTS_MAX; round++) {
      expect(await problemOf(await askFile())).toMatchObject({ status: 500, reason: "internal" });
    }
  } finally {
    await database.sql`alter table elsewhere rename to bookings`;
  }
  expect(await askOne()).toBe(200);
});

test("a HEAD has the headers of the file and reads no booking", async () => {
  const answer = await ask("", { accept: "text/csv" }, "HEAD");
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^text\/csv/);
  expect(answer.headers["content-length"]).toBeUndefined();
  expect(await read(answer)).toBe("");
  expect(pagesRead).toBe(0);
});

test("a search that finds nothing for longer than connections may be silent comes to its end", async () => {
  await app.close();
  await startApp(SHORT_MS);
  // Six walks and the look behind them, each held back for a third of that time.
  hold = () => pause(SHORT_MS / 3);
  const file = await askFile(`?showId=${SHOW_ID}&customer=nobody`);
  expect((await read(file)).split("\r\n")).toHaveLength(2);
  expect(pagesRead).toBe(BOOKINGS / SCANNED_MAX + 1);
});

test("a reader who does not read for longer than that is let go, and makes room", async () => {
  await app.close();
  await startApp(SHORT_MS);
  const files = [];
  for (let file = 0; file < EXPORTS_MAX; file++) files.push(await askFile());
  const look = async () => (await askOne()) === 200;
  expect(await waitUntil("there is room", look)).toBe(true);
  for (const file of files) file.destroy();
});
