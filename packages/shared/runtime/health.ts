/**
 * The two probes of a process without an HTTP service of its own. Live means that its loop turns;
 * ready, that it can do its work now.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { ConfigError } from "./config.ts";

export type Checks<Name extends string = string> = Readonly<Record<Name, "ok" | "down">>;

/** Whether a process is ready, and the body of `/health/ready` that says so. */
export function buildReadiness<Name extends string>(
  checks: Checks<Name>,
  required: readonly NoInfer<Name>[],
) {
  const ready = required.every((name) => checks[name] === "ok");
  return {
    ready,
    body: { status: ready ? ("ready" as const) : ("not-ready" as const), checks },
  };
}

/** Serves `/health/live` and `/health/ready`. Port 0 picks a free one. */
export async function runHealthServer(options: {
  readonly host: string;
  readonly port: number;
  readonly checks: () => Checks;
}): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    // Not `new URL`: a target that is none would throw, and end the process.
    const [pathname = "/"] = (request.url ?? "/").split("?");
    const checks = options.checks();
    const { ready, body: readyBody } = buildReadiness(checks, Object.keys(checks));
    const answers: Record<string, { statusCode: number; body: unknown }> = {
      "/health/live": { statusCode: 200, body: { status: "ok" } },
      "/health/ready": { statusCode: ready ? 200 : 503, body: readyBody },
    };
    const { statusCode, body } = answers[pathname] ?? { statusCode: 404, body: {} };
    response.writeHead(statusCode, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === "EADDRINUSE"
          ? new ConfigError([`HEALTH_PORT ${options.port} is taken; choose another`], { cause })
          : cause,
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
