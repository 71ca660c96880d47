/** The configuration of the expiry-worker. */
import { parseChoice, parseList, parseText, parseWhole } from "@seatline/shared/runtime/config.ts";
import type { ConfigTable } from "@seatline/shared/runtime/config.ts";
import { LOG_LEVELS } from "@seatline/shared/runtime/log.ts";

export const CONFIG = {
  DATABASE_URL: {
    about: "Postgres, as postgres://user:password@host:port/database.",
    parse: parseText,
  },
  KAFKA_BROKERS: { about: "Kafka brokers, as host:port,host:port.", parse: parseList },
  TOPIC_PREFIX: {
    about: "Names the line's topics: <prefix>.requests, .outcomes, .events.",
    fallback: "seatline",
    parse: parseText,
  },
  SWEEP_SECONDS: {
    about: "How often lapsed holds are looked for.",
    fallback: "30",
    parse: parseWhole(1, 3_600),
  },
  HOST: { about: "The address to listen on.", fallback: "127.0.0.1", parse: parseText },
  HEALTH_PORT: {
    about: "The port of /health/live and /health/ready; 0 picks a free one.",
    fallback: "0",
    parse: parseWhole(0, 65_535),
  },
  LOG_LEVEL: { about: "How much is logged.", fallback: "info", parse: parseChoice(...LOG_LEVELS) },
} satisfies ConfigTable;
