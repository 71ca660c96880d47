/** The gateway on the real Kafka and Postgres, as its configuration says. */
import { CLOSE_TIMEOUT_S, connectSql } from "@seatline/shared/db/client.ts";
import { listBookings } from "@seatline/shared/db/list-bookings.ts";
import type { BookingsAsk } from "@seatline/shared/db/list-bookings.ts";
import { buildStore } from "@seatline/shared/db/store.ts";
import { buildKafkaBroker } from "@seatline/shared/line/kafka-broker.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import type { GiveUp } from "@seatline/shared/runtime/lifecycle.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { buildAccess } from "./config.ts";
import type { GatewayConfig } from "./config.ts";
import { buildGateway } from "./gateway.ts";

const NAME = "api-gateway";
const CONNECTIONS_MAX = 10;
const STATEMENT_TIMEOUT_MS = 1_000;

/** What the app is built of. Opens nothing: connections open when they are first used. */
export function connectGateway(
  config: GatewayConfig,
  { log, giveUp }: { readonly log: Log; readonly giveUp: GiveUp },
) {
  const database = { url: config.DATABASE_URL, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  const sql = connectSql({ ...database, name: NAME, connectionsMax: CONNECTIONS_MAX });
  const watchSql = connectSql({ ...database, name: `${NAME}-watch`, connectionsMax: 1 });
  const gateway = buildGateway({
    host: HOST,
    log,
    broker: buildKafkaBroker({ brokers: config.KAFKA_BROKERS, clientId: NAME, log }),
    topics: buildTopics(config.TOPIC_PREFIX),
    store: buildStore(sql),
    watchStore: buildStore(watchSql),
    secrets: config.ID_SECRETS,
    giveUp,
  });
  const close = async () => {
    await gateway.close();
    await Promise.all([sql, watchSql].map((it) => it.end({ timeout: CLOSE_TIMEOUT_S })));
  };
  return {
    ...gateway,
    close,
    listBookings: (ask: BookingsAsk) => gateway.reads.run(() => listBookings(sql, ask)),
    access: buildAccess(config),
    corsOrigins: config.CORS_ORIGINS,
    classicRoutes: config.CLASSIC_ROUTES === "on",
  };
}
