/**
 * The list of bookings and its file, from the whole system over real sockets. What needs a look into the
 * gateway stands in `routes/list-bookings.pg.test.ts`, with the faults planted there; here the pages
 * that are read are seen from Postgres' side. Planted faults that these tests catch: a file read ahead
 * of its reader, one that is read on for nobody, one that ends as if it were whole, filters that are
 * dropped on the way, a page without a `next` where the walk was cut.
 */
import { once } from "node:events";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";

import { beforeAll, expect, test } from "vitest";

import { SCANNED_MAX } from "@seatline/shared/db/list-bookings.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { EXPORTS_MAX } from "../services/api-gateway/src/export-bookings.ts";
import { UNKNOWN_SHOW_ID, expectStatus, problemOf } from "./client.ts";
import type { BookingView, Page } from "./client.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ breakable: true });
/** Of a show that nobody created: several times what the buffers of two sockets hold. */
const MANY_SHOW_ID = "01990000-0000-7000-8000-00000000000a";
const MANY = 120_000;
const MANY_QUERY = `showId=${MANY_SHOW_ID}&limit=500`;
/** Between two pages of a file that is being read there is never so long. */
const QUIET_MS = 1_000;
const LF = 10;

beforeAll(async () => {
  await stack().database.sql`
    insert into bookings (id, show_id, partition, line_offset, request_hash, customer, wants, confirm_now, status,
                          seats, standing, returned, rescued, created_at, decided_at, updated_at)
    select gen_random_uuid(), ${MANY_SHOW_ID}, 0, n, '', 'c-' || n || repeat('x', 100), '[]', false, 'FAILED', '{}',
           '[]', '{}', false, timestamptz '2026-01-01T00:00:00Z' + n * interval '1 millisecond', now(), now()
      from generate_series(1, ${MANY}::int) as n`;
});

async function page(query: string): Promise<Page<BookingView>> {
  return expectStatus(200, await stack().client.call(`/v1/bookings?${query}`)) as Page<BookingView>;
}

/** A file whose lines nobody has begun to read. */
async function askFile(query = MANY_QUERY): Promise<IncomingMessage> {
  const headers = { accept: "text/csv" };
  const outgoing = get(`${stack().client.url}/v1/bookings?${query}`, { agent: false, headers });
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return answer;
}

async function read(answer: IncomingMessage): Promise<string> {
  return Buffer.concat((await answer.toArray()) as Buffer[]).toString("utf8");
}

/** Until Postgres has not been asked for a page of bookings for a while. */
async function untilQuiet(): Promise<void> {
  await waitUntil("no page is read", async () => {
    const [row] = await stack().database.sql<{ isQuiet: boolean }[]>`
      select coalesce(max(query_start) < clock_timestamp() - ${QUIET_MS}::int * interval '1 millisecond', true)
               as "isQuiet"
        from pg_stat_activity
       where datname = current_database() and application_name = 'api-gateway' and query like '%row_number()%'`;
    return row?.isQuiet;
  });
}

async function untilThereIsRoom(): Promise<void> {
  await waitUntil("there is room for a file", async () => {
    const file = await askFile(`showId=${MANY_SHOW_ID}&after=${MANY}`);
    await read(file);
    return file.statusCode === 200;
  });
}

test("bookings are found by customer, time, show and status, alone and together", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 6 });
  const bookings: BookingView[] = [];
  for (const customer of ["anna", "bert", "anna", "Anna"]) {
    bookings.push(await client.book({ showId, customer, count: 1 }));
  }
  const [first, second, third, fourth] = bookings;
  const confirmed = expectStatus(200, await client.confirm(third?.id ?? "")) as BookingView;
  const ofShow = `showId=${showId}`;
  expect(await page(`${ofShow}&customer=anna`)).toEqual({ items: [first, confirmed], next: null });
  const both = await page("customer=anna&status=CONFIRMED");
  expect(both.items).toEqual([confirmed]);
  const from = encodeURIComponent(second?.createdAt ?? "");
  const to = encodeURIComponent(fourth?.createdAt ?? "");
  const between = (await page(`${ofShow}&from=${from}&to=${to}`)).items.map(({ id }) => id);
  const isBetween = ({ createdAt }: BookingView) =>
    createdAt >= (second?.createdAt ?? "") && createdAt < (fourth?.createdAt ?? "");
  expect(between).toEqual(bookings.filter(isBetween).map(({ id }) => id));
  expect((await page(`${ofShow}&customer=carl`)).items).toEqual([]);
});

test("a show's bookings come in the order of its line, and go on behind an offset", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({ capacity: 9 });
  const bookings: BookingView[] = [];
  for (let count = 0; count < 5; count++) bookings.push(await client.book({ showId, count: 1 }));
  const first = await page(`showId=${showId}&limit=3`);
  expect(first.items).toEqual(bookings.slice(0, 3));
  expect(first.next).toBe(bookings[2]?.place.split("-")[1]);
  const rest = await page(`showId=${showId}&limit=3&after=${first.next}`);
  expect(rest).toEqual({ items: bookings.slice(3), next: null });
});

test("a page that found little after a long walk says where it goes on", async () => {
  const rare = `showId=${MANY_SHOW_ID}&customer=c-${SCANNED_MAX + 1}${"x".repeat(100)}`;
  const first = await page(rare);
  expect(first).toEqual({ items: [], next: String(SCANNED_MAX) });
  const second = await page(`${rare}&after=${first.next}`);
  expect(second.items.map(({ place }) => place)).toEqual([`0-${SCANNED_MAX + 1}`]);
  expect(second.next).toBe(String(2 * SCANNED_MAX));
});

test("a file has a line for each booking, as a spreadsheet can bear it", async () => {
  const { client } = stack();
  const { id: showId } = await client.createShow({
    name: 'The "Lion", King',
    capacity: undefined,
    currency: "EUR",
    sections: [
      { name: "Stalls", rows: "A", seatsPerRow: 4, price: 8_900 },
      { name: "Floor", standing: 5, price: 6_900 },
    ],
  });
  const customer = '=HYPERLINK("x")';
  const seated = await client.book({ showId, customer, seats: [1, 2] });
  const standing = await client.book({ showId, count: 2, sections: ["Floor"] });
  const file = await askFile(`showId=${showId}&limit=1`);
  expect(file.statusCode).toBe(200);
  expect(file.headers).toMatchObject({
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": 'attachment; filename="bookings.csv"',
  });
  expect(await read(file)).toBe(
    "id,showId,show,status,reason,customer,seats,standing,want,price,currency,payment,rescued,place,createdAt,decidedAt,confirmedAt,expiresAt\r\n" +
      `${seated.id},${showId},"The ""Lion"", King",PENDING,,"'=HYPERLINK(""x"")",Stalls A1; Stalls A2,,0,17800,EUR,,` +
      `false,${seated.place},${seated.createdAt},${seated.decidedAt},,${seated.expiresAt}\r\n` +
      `${standing.id},${showId},"The ""Lion"", King",PENDING,,,,Floor x 2,0,13800,EUR,,` +
      `false,${standing.place},${standing.createdAt},${standing.decidedAt},,${standing.expiresAt}\r\n`,
  );
});

test("JSON is what comes to whoever does not ask for CSV, and what is wrong is told to both", async () => {
  const { client } = stack();
  const query = `/v1/bookings?showId=${UNKNOWN_SHOW_ID}`;
  for (const accept of ["*/*", "application/json", "image/png", "text/csv;q=0.1, */*"]) {
    const answer = await client.call(query, { headers: { accept } });
    expect([answer.status, answer.json]).toEqual([200, { items: [], next: null }]);
    expect(answer.headers["vary"]).toContain("accept");
  }
  const faulty = "/v1/bookings?limit=x&status=QUEUED&from=2027-02-30T12:00:00Z&sort=name";
  for (const accept of ["application/json", "text/csv"]) {
    const { status, errors = [] } = problemOf(await client.call(faulty, { headers: { accept } }));
    expect(status).toBe(400);
    expect(errors.map(({ path }) => path).sort()).toEqual(["/from", "/limit", "/sort", "/status"]);
  }
});

test("a reader who pauses stops the reading of pages, and then gets every line", async () => {
  const file = await askFile();
  await untilQuiet();
  let lines = 0;
  for await (const chunk of file as AsyncIterable<Buffer>) {
    for (const byte of chunk) if (byte === LF) lines += 1;
  }
  expect(lines).toBe(1 + MANY);
  expect(file.complete).toBe(true);
});

test("only so many files are written at once; a reader who goes away makes room", async () => {
  const files = [];
  for (let file = 0; file < EXPORTS_MAX; file++) files.push(await askFile());
  const headers = { accept: "text/csv" };
  const refused = await stack().client.call(`/v1/bookings?${MANY_QUERY}`, { headers });
  expect(problemOf(refused)).toMatchObject({ status: 503, reason: "unavailable" });
  expect(refused.headers["retry-after"]).toMatch(/^[1-9]$/);
  for (const file of files) file.destroy();
  await untilThereIsRoom();
  await untilQuiet();
});

test("a file breaks off, and does not end, when Postgres goes away midway", async () => {
  const file = await askFile();
  await untilQuiet();
  stack().proxies?.postgres.cut();
  await expect(read(file)).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(file.complete).toBe(false);
  const headers = { accept: "text/csv" };
  const refused = await stack().client.call(`/v1/bookings?${MANY_QUERY}`, { headers });
  expect(problemOf(refused)).toMatchObject({ status: 503, reason: "unavailable" });
  stack().proxies?.postgres.mend();
  await stack().gateway().untilReady();
  await untilThereIsRoom();
});
