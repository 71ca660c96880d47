/** Asking again: with the same key, until accepted; against a gateway that is bad at its work. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, test } from "vitest";

import { Client } from "./client.ts";
import { buildRush, runRush } from "./rush.ts";
import type { Rush } from "./rush.ts";
import { checkKill, findRecovery } from "./stress-report.ts";

const BOOKINGS = 20;
const CONNECTIONS = 4;

async function rushAgainst(listener: RequestListener): Promise<Rush> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asking = new Client(url, { connections: CONNECTIONS, adminToken: null });
  const following = new Client(url, { connections: CONNECTIONS, adminToken: null });
  try {
    const rush = buildRush("show", BOOKINGS);
    await runRush(rush, { asking, following, connections: CONNECTIONS, onAck: () => {} });
    return rush;
  } finally {
    await Promise.all([asking.close(), following.close()]);
    server.closeAllConnections();
    server.close();
  }
}

function keyOf(request: IncomingMessage): string {
  return String(request.headers["idempotency-key"]);
}

const queued = { status: "QUEUED", place: "1-5", pollAfterMs: 1 };

test("whoever gets a 503 or a broken connection asks again with the same key", async () => {
  const sendsByKey = new Map<string, number>();
  const rush = await rushAgainst((request, response) => {
    if (request.method === "GET") {
      const booking = { showId: "show", seats: [1], place: "1-5", customer: null };
      response.end(JSON.stringify({ id: "id", status: "PENDING", ...booking }));
      return;
    }
    const sends = (sendsByKey.get(keyOf(request)) ?? 0) + 1;
    sendsByKey.set(keyOf(request), sends);
    if (sends === 1) response.writeHead(503, { "retry-after": "0" }).end();
    else if (sends === 2) request.socket.destroy();
    else response.writeHead(202).end(JSON.stringify({ id: keyOf(request), ...queued }));
  });
  expect(sendsByKey.size).toBe(BOOKINGS);
  for (const { order, sends, acked, outcome, setbacks } of rush.askers) {
    expect(sends).toBe(3);
    expect(setbacks).toHaveLength(2);
    expect(acked).toMatchObject({ id: order.key, place: "1-5" });
    expect(outcome?.booking.status).toBe("PENDING");
  }
});

test("an answer that ends the matter is no reason to ask again", async () => {
  const rush = await rushAgainst((_, response) => {
    response.writeHead(500).end(JSON.stringify({ reason: "internal" }));
  });
  for (const { sends, acked, turnedAway } of rush.askers) {
    expect({ sends, acked, turnedAway }).toEqual({
      sends: 1,
      acked: null,
      turnedAway: "turned away: 500 internal",
    });
  }
});

test("an accepted request whose place is unknown later is without an outcome, and says why", async () => {
  const rush = await rushAgainst((request, response) => {
    if (request.method === "POST") {
      response.writeHead(202).end(JSON.stringify({ id: randomUUID(), ...queued }));
    } else response.writeHead(404).end(JSON.stringify({ reason: "booking-not-found" }));
  });
  for (const { outcome, lack } of rush.askers) {
    expect(outcome).toBeNull();
    expect(lack).toBe("its place 1-5 was answered 404 booking-not-found");
  }
});

test("recovery is measured only by what was sent after the kill", () => {
  const rush = buildRush("show", 2);
  const [before, after] = rush.askers;
  if (before === undefined || after === undefined) throw new Error("two were asked for");
  const booking = { id: "id", showId: "show", status: "PENDING", reason: null, seats: [1] };
  const outcome = { ...booking, place: "1-5", customer: null };
  const killed = { name: "the worker", deadAt: 100, fault: null };
  Object.assign(before, {
    firstSentAt: 99,
    lastSentAt: 99,
    outcome: { booking: outcome, at: 101 },
  });
  before.acked = { id: "id", place: "1-5", at: 101 };
  expect(findRecovery(rush, 100)).toEqual({ ackMs: null, outcomeMs: null });
  expect(checkKill(rush, killed).verdict).toBe("violated");
  Object.assign(after, {
    firstSentAt: 102,
    lastSentAt: 102,
    outcome: { booking: outcome, at: 150 },
  });
  after.acked = { id: "id", place: "1-6", at: 105 };
  expect(findRecovery(rush, 100)).toEqual({ ackMs: 5, outcomeMs: 50 });
  expect(checkKill(rush, killed).verdict).toBe("ok");
  expect(checkKill(rush, { ...killed, deadAt: null, fault: "not found" }).verdict).toBe("violated");
});
