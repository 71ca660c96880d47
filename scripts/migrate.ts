/**
 * The one-shot migrate step: tables, the commit function, topics. Run before the services, as often
 * as you like.
 */
import { PARTITIONS_MAX } from "@seatline/shared/contract/booking-id.ts";
import { migrateDatabase } from "@seatline/shared/db/migrate.ts";
import { buildTopics, createTopics } from "@seatline/shared/line/topics.ts";
import {
  ConfigError,
  EXIT_CONFIG,
  parseConfig,
  parseWhole,
} from "@seatline/shared/runtime/config.ts";
import type { ConfigTable } from "@seatline/shared/runtime/config.ts";
import { LINE_SETTINGS } from "@seatline/shared/runtime/settings.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

const NAME = "migrate";

export const CONFIG = {
  ...LINE_SETTINGS,
  PARTITIONS: {
    about: "How many partitions the line has. Fixed for ever by the first migration.",
    fallback: "12",
    parse: parseWhole(1, PARTITIONS_MAX),
  },
  REPLICATION_FACTOR: {
    about: "On how many brokers each topic is kept; 3 for a cluster that may lose one.",
    fallback: "1",
    parse: parseWhole(1, 9),
  },
} satisfies ConfigTable;

try {
  const config = parseConfig(CONFIG, process.env);
  await migrateDatabase(config.DATABASE_URL, config.PARTITIONS);
  await createTopics({
    brokers: config.KAFKA_BROKERS,
    clientId: NAME,
    log: buildLog(NAME, "warn"),
    topics: buildTopics(config.TOPIC_PREFIX),
    partitionCount: config.PARTITIONS,
    replicationFactor: config.REPLICATION_FACTOR,
  });
  process.stdout.write("migrate: database and topics are ready\n");
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  for (const problem of error.problems) process.stderr.write(`${NAME}: ${problem}\n`);
  process.exitCode = EXIT_CONFIG;
}
