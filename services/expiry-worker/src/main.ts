/** The expiry-worker's process: configuration in, clients up, sweeping until told to stop. */
import { awaitLine } from "@seatline/shared/db/await-line.ts";
import { CLOSE_TIMEOUT_S, connectSql } from "@seatline/shared/db/client.ts";
import { buildStore } from "@seatline/shared/db/store.ts";
import { buildKafkaBroker } from "@seatline/shared/line/kafka-broker.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import { parseConfig } from "@seatline/shared/runtime/config.ts";
import { runHealthServer } from "@seatline/shared/runtime/health.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import { runService } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { CONFIG } from "./config.ts";
import { Sweeper } from "./sweeper.ts";

const NAME = "expiry-worker";
const CONNECTIONS_MAX = 2;
const STATEMENT_TIMEOUT_MS = 1_000;
const PUBLISH_DEADLINE_MS = 5_000;
/** More than one sweep can ask for. */
const PUBLISH_QUEUE_MAX = 20_000;

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
  const publisher = new Publisher({
    host: HOST,
    broker: buildKafkaBroker({ brokers: config.KAFKA_BROKERS, clientId: NAME, log }),
    log,
    deadlineMs: PUBLISH_DEADLINE_MS,
    queueMax: PUBLISH_QUEUE_MAX,
  });
  const sweeper = new Sweeper({
    host: HOST,
    store,
    publisher,
    requestsTopic: buildTopics(config.TOPIC_PREFIX).requests,
    log,
    lastAsked: new Map(),
    intervalMs: config.SWEEP_SECONDS * 1_000,
    recordsRetentionDays: config.RECORDS_RETENTION_DAYS,
    giveUp,
  });
  const health = await runHealthServer({
    host: config.HOST,
    port: config.HEALTH_PORT,
    checks: () => sweeper.checks,
  });
  await awaitLine({ host: HOST, store, log });
  sweeper.start();
  const close = async () => {
    await sweeper.close();
    await publisher.close();
    await Promise.all([sql.end({ timeout: CLOSE_TIMEOUT_S }), health.close()]);
  };
  return { running: { close }, log };
});
