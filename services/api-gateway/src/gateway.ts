/** Wires the gateway's parts together, by hand. */
import { connectSql } from "@seatline/shared/db/client.ts";
import { loadRecords } from "@seatline/shared/db/load-records.ts";
import { findSeats, findShow, findShows, listShows } from "@seatline/shared/db/load-shows.ts";
import { ExtentReader } from "@seatline/shared/line/extents.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { Bookings } from "./bookings.ts";
import { buildAccess } from "./config.ts";
import type { GatewayConfig } from "./config.ts";
import { ExpiryRun } from "./expiry-run.ts";
import { LineAhead } from "./line-ahead.ts";
import { LineMemory } from "./line-memory.ts";
import { Line } from "./line.ts";
import { LineWatch } from "./line-watch.ts";
import { Reads } from "./reads.ts";
import { Shows } from "./shows.ts";

const NAME = "api-gateway";
const CONNECTIONS_MAX = 10;
const STATEMENT_TIMEOUT_MS = 1_000;
/** A caller hears 503 within 2 s, whatever the broker does: the publisher may be a quarter late. */
const PUBLISH_DEADLINE_MS = 1_400;
const PUBLISH_QUEUE_MAX = 20_000;
/** Each may have many megabytes. */
const RECORDS_PER_PAGE = 10;

/** What the routes need, made from the configuration. Opens nothing: connections open when first used. */
export function buildGateway(config: GatewayConfig, log: Log) {
  const address = { brokers: config.KAFKA_BROKERS, clientId: NAME, log };
  const topics = buildTopics(config.TOPIC_PREFIX);
  const requestsTopic = topics.requests;
  const database = { url: config.DATABASE_URL, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  const sql = connectSql({ ...database, name: NAME, connectionsMax: CONNECTIONS_MAX });
  // On a connection of its own, the watch sees Postgres however many reads are in its way.
  const watchSql = connectSql({ ...database, name: `${NAME}-watch`, connectionsMax: 1 });
  const reads = new Reads(sql);
  const publisher = new Publisher({
    ...address,
    deadlineMs: PUBLISH_DEADLINE_MS,
    queueMax: PUBLISH_QUEUE_MAX,
  });
  const extents = new ExtentReader({ ...address, topic: requestsTopic });
  const shows = new Shows({
    findShow: (key) => reads.run((sql) => findShow(sql, key)),
    findShows: (ids) => reads.run((sql) => findShows(sql, ids)),
    listShows: (page) => reads.run((sql) => listShows(sql, page)),
    findSeats: (showId) => reads.run((sql) => findSeats(sql, showId)),
  });
  const ahead = new LineAhead();
  const memory = new LineMemory({
    log,
    loadRecords: (partition, from) =>
      loadRecords(sql, { partition, from, limit: RECORDS_PER_PAGE }),
    onRecord: (record) => {
      shows.apply(record);
      ahead.trim(record.partition, record.next);
    },
  });
  const line = new Line({ memory, publisher, topic: requestsTopic, log });
  const secrets = config.ID_SECRETS;
  const base = {
    log,
    secrets,
    sql,
    reads,
    extents,
    requestsTopic,
    publisher,
    memory,
    ahead,
    line,
    shows,
    topics,
  };
  return {
    ...base,
    watchSql,
    access: buildAccess(config),
    corsOrigins: config.CORS_ORIGINS,
    classicRoutes: config.CLASSIC_ROUTES === "on",
    lineWatch: new LineWatch({ ...base, sql: watchSql }),
    bookings: new Bookings(base),
    expiryRun: new ExpiryRun({ ...base, lastAsked: new Map() }),
  };
}
