/**
 * What no HTTP client would send, on the bare socket; and what no gateway would publish, straight in
 * the topic. The first gets a problem, the second becomes a dead letter, and the line goes on.
 */
import { gzipSync } from "node:zlib";

import { Publisher } from "@seatline/shared/line/publisher.ts";
import type { PublishResult } from "@seatline/shared/line/publisher.ts";
import { buildBookingId, readPartition } from "@seatline/shared/contract/booking-id.ts";
import { partitionOf } from "@seatline/shared/contract/partition.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";
import { testGround } from "@seatline/shared/testing/broker.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectStatus, problemOf } from "./client.ts";
import type { ShowView } from "./client.ts";
import { sendRaw } from "./raw-http.ts";
import { ID_SECRET, useStack } from "./stack.ts";

const stack = useStack({ gateways: 2 });
let publisher: Publisher;
let show: ShowView;

beforeAll(async () => {
  publisher = new Publisher({ ...testGround(), deadlineMs: 5_000, queueMax: 100 });
  show = await stack().client.createShow({ capacity: 1_000 });
});
afterAll(() => publisher.close());

const CRLF = "\r\n";

test.each<[string, string, number]>([
  ["no HTTP at all", `hello${CRLF}${CRLF}`, 400],
  ["a TLS greeting", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", 400],
  ["a blank in a header's name", `GET / HTTP/1.1${CRLF}Host: x${CRLF}a b: c${CRLF}${CRLF}`, 400],
  ["a NUL in a header", `GET / HTTP/1.1${CRLF}Host: x${CRLF}a: \u0000${CRLF}${CRLF}`, 400],
  [
    "two lengths",
    `POST /v1/bookings HTTP/1.1${CRLF}Host: x${CRLF}Content-Length: 2${CRLF}Content-Length: 3${CRLF}${CRLF}{}x`,
    400,
  ],
  [
    "a length and chunks",
    `POST /v1/bookings HTTP/1.1${CRLF}Host: x${CRLF}Content-Length: 2${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}0${CRLF}${CRLF}`,
    400,
  ],
  ["headers without end", `GET / HTTP/1.1${CRLF}Host: x${CRLF}a: ${"x".repeat(20_000)}`, 431],
])("%s gets a problem, and the connection is closed", async (_, bytes, status) => {
  const answer = await sendRaw(stack().gateway().url, Buffer.from(bytes, "latin1"));
  const [head = "", body = ""] = answer.split(CRLF + CRLF);
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head.toLowerCase()).toContain("x-request-id: ");
  expect(JSON.parse(body)).toMatchObject({ status, reason: "invalid-request" });
});

test("a request without a Host is refused by Node itself, in few words", async () => {
  const answer = await sendRaw(stack().gateway().url, `GET /v1/shows HTTP/1.1${CRLF}${CRLF}`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("a client that leaves in the middle of its request harms nobody", async () => {
  const { client } = stack();
  const asks = Array.from({ length: 20 }, async (_, index) => {
    const abort = new AbortController();
    const body = { showId: show.id, count: 1 };
    const headers = { prefer: "wait=20" };
    const asked = client.call("/v1/bookings", { body, headers, signal: abort.signal });
    setTimeout(() => {
      abort.abort();
    }, index);
    return asked.catch(() => null);
  });
  await Promise.all(asks);
  expect((await client.book({ showId: show.id, count: 1 })).status).toBe("PENDING");
});

test.each<[string, Buffer, Record<string, string>]>([
  ["bytes that are no UTF-8", Buffer.from('{"name":"\xff\xfe"}', "latin1"), {}],
  ["UTF-16", Buffer.from("{}", "utf16le"), { "content-type": "application/json; charset=utf-16" }],
  ["packed bytes", gzipSync("{}"), { "content-encoding": "gzip" }],
])("%s in a body are 415, not something else than was sent", async (_, body, headers) => {
  const answer = await stack().client.call("/v1/shows", { body, headers });
  expect(problemOf(answer)).toMatchObject({
    status: 415,
    detail: "the body must be UTF-8, sent as it is.",
  });
});

test("a body that does not come is 408, however slowly it does not", async () => {
  const head = `POST /v1/bookings HTTP/1.1${CRLF}Host: x${CRLF}Content-Type: application/json`;
  const bytes = `${head}${CRLF}Content-Length: 20${CRLF}${CRLF}{`;
  const answer = await sendRaw(stack().gateway().url, bytes);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain("The request did not arrive in time.");
});

/** Straight into the line of the show, past every check of the gateway. */
async function publish(value: string, showId = show.id): Promise<PublishResult> {
  const partition = partitionOf(showId, TEST_PARTITIONS);
  return publisher.publish({ topic: stack().topics.requests, partition, key: showId, value });
}

async function findLetter(offset: number): Promise<{ fault: string; value: Buffer } | undefined> {
  const partition = partitionOf(show.id, TEST_PARTITIONS);
  const rows = await stack().database.sql<{ fault: string; value: Buffer }[]>`
    select fault, value from dead_letters where partition = ${partition} and line_offset = ${offset}`;
  return rows[0];
}

const book = (id: string) => ({
  v: 1,
  kind: "book",
  requestId: id,
  showId: show.id,
  customer: null,
  wants: [{ count: 1 }],
  confirmNow: false,
  holdMs: null,
  wait: null,
  byStaff: false,
  requestHash: "0".repeat(64),
});

test.each<[string, (id: string) => string]>([
  ["no JSON", () => "{"],
  ["nothing", () => ""],
  ["no object", () => "7"],
  ["another version", (id) => JSON.stringify({ ...book(id), v: 2 })],
  ["an unknown kind", (id) => JSON.stringify({ ...book(id), kind: "steal" })],
  ["a kind of every object", (id) => JSON.stringify({ ...book(id), kind: "constructor" })],
  ["a count below nothing", (id) => JSON.stringify({ ...book(id), wants: [{ count: -1 }] })],
  ["another show's id", (id) => JSON.stringify({ ...book(id), showId: "x" })],
  ["a customer with a NUL", (id) => JSON.stringify({ ...book(id), customer: "\u0000" })],
])("%s in the line is parked as it came, and the line goes on", async (_, build) => {
  const { client } = stack();
  const id = buildBookingId([ID_SECRET], partitionOf(show.id, TEST_PARTITIONS), HOST);
  const value = build(id);
  const ack = await publish(value);
  if (ack.status !== "acked") throw new Error(`not acked: ${ack.status}`);
  const after = await client.book({ showId: show.id, count: 1 });
  expect(after.status).toBe("PENDING");
  const letter = await findLetter(ack.offset);
  expect(letter?.value.toString("utf8")).toBe(value);
  expect(letter?.fault.length).toBeGreaterThan(0);
  // Its owner, if the message says who that is, is told; with the place and at every gateway.
  if (!value.includes(id)) return;
  for (const gateway of [0, 1]) {
    const answer = await stack()
      .clientOf(gateway)
      .look(id, `${readPartition(id)}-${ack.offset}`, { prefer: "wait=10" });
    expect(problemOf(answer)).toMatchObject({ status: 500, reason: "internal" });
  }
});

test("half a character is refused at the door, as no database can keep it", async () => {
  const answer = await stack().client.askAndWait({
    showId: show.id,
    count: 1,
    customer: "a\ud800",
  });
  expect(problemOf(answer)).toMatchObject({ status: 400, errors: [{ path: "/customer" }] });
});

test("a show's request in another show's line is parked, not decided", async () => {
  const { client } = stack();
  const home = partitionOf(show.id, TEST_PARTITIONS);
  const id = buildBookingId([ID_SECRET], home, HOST);
  const ack = await publisher.publish({
    topic: stack().topics.requests,
    partition: (home + 1) % TEST_PARTITIONS,
    key: show.id,
    value: JSON.stringify(book(id)),
  });
  expect(ack.status).toBe("acked");
  const { free } = await client.show(show.id);
  const { sql } = stack().database;
  await expect
    .poll(() => sql`select fault from dead_letters where partition <> ${home}`, { timeout: 10_000 })
    .toHaveLength(1);
  expect((await client.show(show.id)).free).toBe(free);
  expect((await client.look(id)).status).toBe(404);
});

test("requests of other producers are decided like the gateway's own", async () => {
  const { client } = stack();
  const id = buildBookingId([ID_SECRET], partitionOf(show.id, TEST_PARTITIONS), HOST);
  const ack = await publish(JSON.stringify({ ...book(id), comment: "unknown members are fine" }));
  if (ack.status !== "acked") throw new Error(`not acked: ${ack.status}`);
  const place = `${readPartition(id)}-${ack.offset}`;
  expect(await client.decided({ id, place })).toMatchObject({ id, place, status: "PENDING" });
});

test("what stands in the topic of outcomes by mistake confuses nobody", async () => {
  const { client } = stack();
  const partition = partitionOf(show.id, TEST_PARTITIONS);
  for (const value of ["{", "null", '{"v":1}', '{"v":9,"partition":0}', ""]) {
    await publisher.publish({ topic: stack().topics.outcomes, partition, key: "x", value });
  }
  const booking = await client.book({ showId: show.id, count: 2 });
  const answer = await stack().clientOf(1).decided(booking);
  expect(answer).toEqual(booking);
  expect(expectStatus(200, await client.call("/health/ready"))).toMatchObject({ status: "ready" });
});
