/**
 * The one-shot migrate step: tables, the commit function, topics. Run before the services, as often
 * as you like.
 */
import { findObstacle } from "@seatline/shared/db/await-line.ts";
import { migrateDatabase } from "@seatline/shared/db/migrate.ts";
import { prepareTopics } from "@seatline/shared/line/prepare-topics.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import { ConfigError, EXIT_CONFIG, parseConfig } from "@seatline/shared/runtime/config.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { CONFIG } from "./migrate-config.ts";

const NAME = "migrate";

try {
  const config = parseConfig(CONFIG, process.env);
  const line = {
    brokers: config.KAFKA_BROKERS,
    clientId: NAME,
    log: buildLog(NAME, config.LOG_LEVEL),
    topics: buildTopics(config.TOPIC_PREFIX),
    partitionCount: config.PARTITIONS,
    replicationFactor: config.REPLICATION_FACTOR,
  };
  await migrateDatabase(config.DATABASE_URL, config.PARTITIONS, (known) =>
    prepareTopics(line, known),
  );
  process.stdout.write("migrate: database and topics are ready\n");
} catch (error) {
  const obstacle = findObstacle(error);
  if (!(error instanceof ConfigError) && obstacle === null) throw error;
  const problems = error instanceof ConfigError ? error.problems : [obstacle];
  for (const problem of problems) process.stderr.write(`${NAME}: ${problem}\n`);
  process.exitCode = EXIT_CONFIG;
}
