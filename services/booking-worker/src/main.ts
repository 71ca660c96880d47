/** The booking-worker's process: configuration in, clients up, the worker running until told to stop. */
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { awaitLine } from "@seatline/shared/db/await-line.ts";
import { CLOSE_TIMEOUT_S, connectSql } from "@seatline/shared/db/client.ts";
import { buildStore } from "@seatline/shared/db/store.ts";
import { buildKafkaBroker } from "@seatline/shared/line/kafka-broker.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import { parseConfig } from "@seatline/shared/runtime/config.ts";
import { runHealthServer } from "@seatline/shared/runtime/health.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import { runService } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { CONFIG } from "./config.ts";
import { Worker } from "./worker.ts";

const NAME = "booking-worker";
/** One connection for every partition that commits, and some for loading. */
const CONNECTIONS_MAX = 16;
const STATEMENT_TIMEOUT_MS = 5_000;
const PUBLISH_DEADLINE_MS = 5_000;

await runService(NAME, async (giveUp) => {
  const config = parseConfig(CONFIG, process.env);
  const log = buildLog(NAME, config.LOG_LEVEL);
  const sql = connectSql({
    url: config.DATABASE_URL,
    name: NAME,
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const store = buildStore(sql);
  const worker = new Worker({
    bounds: BOUNDS,
    host: HOST,
    store,
    broker: buildKafkaBroker({ brokers: config.KAFKA_BROKERS, clientId: NAME, log }),
    topics: buildTopics(config.TOPIC_PREFIX),
    log,
    giveUp,
    groupId: `${config.TOPIC_PREFIX}.${NAME}`,
    sessionTimeoutMs: config.SESSION_TIMEOUT_MS,
    publishDeadlineMs: PUBLISH_DEADLINE_MS,
  });
  const health = await runHealthServer({
    host: config.HOST,
    port: config.HEALTH_PORT,
    checks: () => worker.checks,
  });
  await awaitLine({ host: HOST, store, log });
  await worker.run();
  const close = async () => {
    await worker.close();
    await Promise.all([sql.end({ timeout: CLOSE_TIMEOUT_S }), health.close()]);
  };
  return { running: { close }, log };
});
