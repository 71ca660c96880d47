/** The api-gateway's process: configuration in, clients up, the app listening until told to stop. */
import { setTimeout as pause } from "node:timers/promises";

import { CLOSE_TIMEOUT_S, connectSql } from "@seatline/shared/db/client.ts";
import type { Sql } from "@seatline/shared/db/client.ts";
import { loadPartitions, loadRecords } from "@seatline/shared/db/load-partitions.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import { RecordReader } from "@seatline/shared/line/record-reader.ts";
import { ExtentReader, buildTopics } from "@seatline/shared/line/topics.ts";
import { ConfigError, parseConfig } from "@seatline/shared/runtime/config.ts";
import type { ConfigOf } from "@seatline/shared/runtime/config.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import { runService } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import type { AdminAccess } from "./access.ts";
import { buildApp } from "./app.ts";
import { Bookings } from "./bookings.ts";
import { CONFIG } from "./config.ts";
import { ExpiryRun } from "./expiry-run.ts";
import { LineMemory } from "./line-memory.ts";
import { Line } from "./line.ts";
import { Readiness } from "./readiness.ts";
import { Shows } from "./shows.ts";

const NAME = "api-gateway";
const CONNECTIONS_MAX = 10;
const STATEMENT_TIMEOUT_MS = 1_000;
/** A caller hears 503 after this, whatever the broker does. */
const PUBLISH_DEADLINE_MS = 2_000;
const PUBLISH_QUEUE_MAX = 20_000;
const RECORDS_PER_PAGE = 50;
const POSTGRES_RETRY_MS = 500;
const ADMIN_TOKEN_LENGTH_MIN = 16;

await runService(NAME, async (giveUp) => {
  const config = parseConfig(CONFIG, process.env);
  const access = readAccess(config, process.env["NODE_ENV"] === "production");
  const log = buildLog(NAME, config.LOG_LEVEL);
  const gateway = connect(config, log);
  const { memory, readiness, publisher, extents, sql } = gateway;
  const app = await buildApp({
    ...gateway,
    access,
    corsOrigins: config.CORS_ORIGINS,
    classicRoutes: config.CLASSIC_ROUTES === "on",
  });
  const reader = new RecordReader({
    brokers: config.KAFKA_BROKERS,
    clientId: NAME,
    log,
    topic: gateway.topics.outcomes,
    onRecord: (partition, body) => {
      memory.receive(partition, body);
    },
    onJoined: () => {
      readiness.noteJoined();
    },
    onCrash: (error) => {
      giveUp("the reader of outcomes died", error);
    },
  });

  publisher.connect();
  // Records that are published between this look and the reader's join are found by `readiness`.
  memory.start(await untilPostgresAnswers(sql, log));
  await reader.run();
  readiness.start();
  await listen(app, config);
  const close = async () => {
    readiness.close();
    await app.close();
    await Promise.all([publisher.close(), reader.close(), extents.close()]);
    await sql.end({ timeout: CLOSE_TIMEOUT_S });
  };
  return { running: { close }, log };
});

/** Everything behind the routes, wired; the connections open when they are first used. */
function connect(config: ConfigOf<typeof CONFIG>, log: Log) {
  const address = { brokers: config.KAFKA_BROKERS, clientId: NAME, log };
  const topics = buildTopics(config.TOPIC_PREFIX);
  const requestsTopic = topics.requests;
  const sql = connectSql({
    url: config.DATABASE_URL,
    name: NAME,
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const publisher = new Publisher({
    ...address,
    deadlineMs: PUBLISH_DEADLINE_MS,
    queueMax: PUBLISH_QUEUE_MAX,
  });
  const extents = new ExtentReader(address);
  const shows = new Shows(sql);
  const memory = new LineMemory({
    log,
    loadRecords: (partition, from) =>
      loadRecords(sql, { partition, from, limit: RECORDS_PER_PAGE }),
    onRecord: (record) => {
      shows.apply(record);
    },
  });
  const line = new Line({ memory, publisher, topic: requestsTopic, log });
  const base = { log, sql, extents, requestsTopic, publisher, memory, line, shows, topics };
  return {
    ...base,
    readiness: new Readiness(base),
    bookings: new Bookings({ ...base, secrets: config.ID_SECRETS }),
    expiryRun: new ExpiryRun({ ...base, lastAsked: new Map() }),
  };
}

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

async function listen(app: Awaited<ReturnType<typeof buildApp>>, config: ConfigOf<typeof CONFIG>) {
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

function readAccess(config: ConfigOf<typeof CONFIG>, production: boolean): AdminAccess {
  if (config.ADMIN_ACCESS === "open") {
    if (production)
      throw new ConfigError([
        "ADMIN_ACCESS=open is for development; in production set ADMIN_TOKEN",
      ]);
    return { kind: "open" };
  }
  if (config.ADMIN_TOKEN.length < ADMIN_TOKEN_LENGTH_MIN) {
    throw new ConfigError([
      `ADMIN_TOKEN must be set, with ${ADMIN_TOKEN_LENGTH_MIN} characters or more (or ADMIN_ACCESS=open, for development)`,
    ]);
  }
  return { kind: "token", token: config.ADMIN_TOKEN };
}
