/** The api-gateway's process: configuration in, clients up, the app listening until told to stop. */
import { setTimeout as pause } from "node:timers/promises";

import { CLOSE_TIMEOUT_S } from "@seatline/shared/db/client.ts";
import type { Sql } from "@seatline/shared/db/client.ts";
import { loadPartitions } from "@seatline/shared/db/load-partitions.ts";
import { RecordReader } from "@seatline/shared/line/record-reader.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import { runService } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { buildApp } from "./app.ts";
import { parseGatewayConfig } from "./config.ts";
import type { GatewayConfig } from "./config.ts";
import { buildGateway } from "./gateway.ts";

const NAME = "api-gateway";
const POSTGRES_RETRY_MS = 500;

await runService(NAME, async (giveUp) => {
  const config = parseGatewayConfig(process.env);
  const log = buildLog(NAME, config.LOG_LEVEL);
  const gateway = buildGateway(config, log);
  const { memory, lineWatch, publisher, extents, sql } = gateway;
  const app = await buildApp(gateway);
  const reader = new RecordReader({
    brokers: config.KAFKA_BROKERS,
    clientId: NAME,
    log,
    topic: gateway.topics.outcomes,
    onRecord: (partition, body) => {
      memory.receive(partition, body);
    },
    onJoined: () => {
      lineWatch.noteJoined();
    },
    onCrash: (error) => {
      giveUp("the reader of outcomes died", error);
    },
  });

  publisher.connect();
  // Records that are published between this look and the reader's join are found by `readiness`.
  memory.start(await untilPostgresAnswers(sql, log));
  await reader.run();
  lineWatch.start();
  await listen(app, config);
  const close = async () => {
    lineWatch.close();
    await app.close();
    await Promise.all([publisher.close(), reader.close(), extents.close()]);
    await sql.end({ timeout: CLOSE_TIMEOUT_S });
  };
  return { running: { close }, log };
});

async function untilPostgresAnswers(sql: Sql, log: Log) {
  for (;;) {
    try {
      const rows = await loadPartitions(sql);
      if (rows.length > 0) return rows;
      throw new ConfigError(["the database has no line yet; run the migrate step first"]);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "42P01") {
        throw new ConfigError(["the database has no tables yet; run the migrate step first"], {
          cause: error,
        });
      }
      if (classifyFault(error) !== "transient") throw error;
      log.warn({ err: error }, "Postgres is away; waiting for it");
      await pause(POSTGRES_RETRY_MS);
    }
  }
}

async function listen(app: Awaited<ReturnType<typeof buildApp>>, config: GatewayConfig) {
  try {
    await app.listen({ host: config.HOST, port: config.PORT });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE") {
      throw new ConfigError([`PORT ${config.PORT} is taken; choose another with PORT=…`], {
        cause,
      });
    }
    throw cause;
  }
}
