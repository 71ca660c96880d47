import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { findFreePort, findPortObstacle, PORT_MAX, PORT_MIN } from "./ports.ts";

const servers: Server[] = [];

async function listen(port = 0): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => once(server.close(), "close")));
});

test("a port somebody listens on is not free, and is again when they stop", async () => {
  const port = await listen();
  expect(await findPortObstacle(port)).toBe("EADDRINUSE");
  await Promise.all(servers.splice(0).map((server) => once(server.close(), "close")));
  expect(await findPortObstacle(port)).toBeNull();
});

test("the port of last time is kept while it is free, and left when it is not", async () => {
  const port = await findFreePort();
  expect(await findFreePort(port)).toBe(port);
  await listen(port);
  expect(await findFreePort(port)).not.toBe(port);
});

test("a port that is promised to another part is not given twice", async () => {
  const port = await findFreePort();
  expect(await findFreePort(port, [port])).not.toBe(port);
});

test("ports stay below those from which systems take the near end of outgoing connections", async () => {
  const port = await findFreePort();
  expect(port).toBeGreaterThanOrEqual(PORT_MIN);
  expect(port).toBeLessThan(PORT_MAX);
  expect(PORT_MAX).toBeLessThanOrEqual(32_768);
});
