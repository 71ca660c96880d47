/** The probes of a process that serves nothing else. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ConfigError } from "./config.ts";
import { buildReadiness, runHealthServer } from "./health.ts";
import type { Checks } from "./health.ts";

const HOST = "127.0.0.1";

describe("buildReadiness", () => {
  it("wants what is required, and tells everything", () => {
    const checks = { kafka: "ok", postgres: "down" } as const;
    expect(buildReadiness(checks, ["kafka"])).toEqual({
      ready: true,
      body: { status: "ready", checks },
    });
    expect(buildReadiness(checks, ["kafka", "postgres"])).toEqual({
      ready: false,
      body: { status: "not-ready", checks },
    });
  });
});

describe("the health server", () => {
  let checks: Checks;
  let server: Awaited<ReturnType<typeof runHealthServer>>;
  beforeEach(async () => {
    checks = { group: "ok", kafka: "ok" };
    server = await runHealthServer({ host: HOST, port: 0, checks: () => checks });
  });
  afterEach(async () => {
    await server.close();
  });

  const get = async (path: string) => {
    const response = await fetch(`http://${HOST}:${server.port}${path}`);
    return { status: response.status, body: await response.json() };
  };

  it("says whether the process is ready, as it is at that moment", async () => {
    expect(await get("/health/ready")).toEqual({ status: 200, body: { status: "ready", checks } });
    checks = { group: "ok", kafka: "down" };
    expect(await get("/health/ready")).toEqual({
      status: 503,
      body: { status: "not-ready", checks },
    });
  });

  it("says that the process lives, ready or not", async () => {
    checks = { group: "down" };
    expect(await get("/health/live?verbose")).toEqual({ status: 200, body: { status: "ok" } });
  });

  it("knows nothing else", async () => {
    for (const path of ["/", "/health", "/health/ready/", "/__proto__"]) {
      expect((await get(path)).status).toBe(404);
    }
  });

  // A target that is no URL must not end the process: anybody in the network can send one.
  it.each(["//", "http://[", "*", "//:0"])("survives the request target %s", async (target) => {
    const socket = connect(server.port, HOST);
    socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 4/);
    expect((await get("/health/live")).status).toBe(200);
  });

  it("says in one sentence that its port is taken", async () => {
    const again = runHealthServer({ host: HOST, port: server.port, checks: () => checks });
    await expect(again).rejects.toThrow(
      new ConfigError([`HEALTH_PORT ${server.port} is taken; choose another`]),
    );
  });
});
