/**
 * The one-shot migrate step: tables, the commit function, topics. Run before the services, as often
 * as you like.
 */
import { findObstacle } from "@seatline/shared/db/await-line.ts";
import { migrateDatabase } from "@seatline/shared/db/migrate.ts";
import { findRedo } from "@seatline/shared/line/find-redo.ts";
import type { Redo } from "@seatline/shared/line/find-redo.ts";
import { prepareTopics } from "@seatline/shared/line/prepare-topics.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import { ConfigError, EXIT_CONFIG, parseConfig } from "@seatline/shared/runtime/config.ts";
import { classifyFault, nameServer } from "@seatline/shared/runtime/faults.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { CONFIG } from "./migrate-config.ts";

const NAME = "migrate";
/** What is away may come back: another try may help, as it never does with EXIT_CONFIG. */
const EXIT_FAILURE = 1;

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
  await migrateDatabase(config.DATABASE_URL, config.PARTITIONS, {
    prepareTopics: (known) => prepareTopics(line, known),
    findRedo: async (loadPositions) => {
      const redo = await findRedo({ ...line, topic: line.topics.outcomes, loadPositions });
      tellRedo(redo);
      return redo.rows;
    },
  });
  process.stdout.write("migrate: database and topics are ready\n");
} catch (error) {
  const obstacle = findObstacle(error);
  const isAway = classifyFault(error) === "transient";
  if (!(error instanceof ConfigError) && obstacle === null && !isAway) throw error;
  const problems =
    error instanceof ConfigError ? error.problems : [obstacle ?? describeAway(error)];
  for (const problem of problems) process.stderr.write(`${NAME}: ${problem}\n`);
  process.exitCode = isAway ? EXIT_FAILURE : EXIT_CONFIG;
}

function tellRedo({ rows, incomplete }: Redo): void {
  if (rows.length > 0) {
    const count = rows.reduce((sum, { first, next }) => sum + next - first, 0);
    const words = `the database lacks ${count} decisions that were told already, as after a backup was restored: they will be made again by the same clocks`;
    process.stdout.write(`${NAME}: ${words}\n`);
  }
  if (incomplete.length > 0) {
    const words = `of the partitions ${incomplete.join(", ")} the topic of outcomes does not hold all that the database lacks: what is missing is decided again by today's clock, so holds that had lapsed may keep their places`;
    process.stderr.write(`${NAME}: ${words}\n`);
  }
}

function describeAway(error: unknown): string {
  const server = nameServer(error);
  const setting = server === "Postgres" ? "DATABASE_URL" : "KAFKA_BROKERS";
  const why = error instanceof Error ? error.message : String(error);
  return `${server} does not answer (${why}): start it, or set ${setting} to where it is, and run the migrate step again`;
}
