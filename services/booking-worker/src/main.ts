/** The booking-worker's process: configuration in, clients up, the worker running until told to stop. */
import { awaitLine } from "@seatline/shared/db/await-line.ts";
import { CLOSE_TIMEOUT_S, connectSql } from "@seatline/shared/db/client.ts";
import { ExtentReader } from "@seatline/shared/line/extents.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import { parseConfig } from "@seatline/shared/runtime/config.ts";
import { runHealthServer } from "@seatline/shared/runtime/health.ts";
import { runService } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { CONFIG } from "./config.ts";
import { Worker } from "./worker.ts";

const NAME = "booking-worker";
/** One connection for every partition that commits, and some for loading. */
const CONNECTIONS_MAX = 16;
const STATEMENT_TIMEOUT_MS = 5_000;
const PUBLISH_DEADLINE_MS = 5_000;
/** Several full batches with all their events. */
const PUBLISH_QUEUE_MAX = 200_000;

await runService(NAME, async (giveUp) => {
  const config = parseConfig(CONFIG, process.env);
  const log = buildLog(NAME, config.LOG_LEVEL);
  const address = { brokers: config.KAFKA_BROKERS, clientId: NAME, log };
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
  const topics = buildTopics(config.TOPIC_PREFIX);
  const extents = new ExtentReader({ ...address, topic: topics.requests });
  const worker = new Worker({
    ...address,
    groupId: `${config.TOPIC_PREFIX}.${NAME}`,
    sessionTimeoutMs: config.SESSION_TIMEOUT_MS,
    sql,
    publisher,
    extents,
    topics,
    giveUp,
  });
  const health = await runHealthServer({
    host: config.HOST,
    port: config.HEALTH_PORT,
    checks: () => worker.checks,
  });
  await awaitLine(sql, log);
  await worker.run();
  const close = async () => {
    await worker.close();
    await publisher.close();
    await Promise.all([extents.close(), sql.end({ timeout: CLOSE_TIMEOUT_S }), health.close()]);
  };
  return { running: { close }, log };
});
