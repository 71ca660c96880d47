/** Settings that several processes share, so that one variable has one meaning everywhere. */
import { parseChoice, parseList, parseText, parseWhole } from "./config.ts";
import type { ConfigTable } from "./config.ts";
import { LOG_LEVELS } from "./log.ts";

const BROKER = /^[^\s:/]+:(\d{1,5})$/;
const PORT_MAX = 65_535;
const TOPIC_PREFIX = /^[A-Za-z0-9._-]{1,100}$/;

/** Where the line is: every process needs to know. */
export const LINE_SETTINGS = {
  DATABASE_URL: {
    about: "Postgres, as postgres://user:password@host:port/database.",
    parse: parseDatabaseUrl,
    known: ["seatline-dev"],
  },
  KAFKA_BROKERS: { about: "Kafka brokers, as host:port,host:port.", parse: parseBrokers },
  TOPIC_PREFIX: {
    about: "Names the line's topics: <prefix>.requests, .outcomes, .events.",
    fallback: "seatline",
    parse: parseTopicPrefix,
  },
  LOG_LEVEL: { about: "How much is logged.", fallback: "info", parse: parseChoice(...LOG_LEVELS) },
} satisfies ConfigTable;

/** For processes that serve nothing but their probes. */
export const HEALTH_SETTINGS = {
  HOST: { about: "The address to listen on.", fallback: "127.0.0.1", parse: parseText },
  HEALTH_PORT: {
    about: "The port of /health/live and /health/ready; 0 picks a free one.",
    fallback: "0",
    parse: parseWhole(0, 65_535),
  },
} satisfies ConfigTable;

function parseDatabaseUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new Error("must be a URL like postgres://user:password@host:port/database");
  }
  // Else the driver throws, at the first look, and says nothing of what to do.
  if (!isEncoded(text)) {
    throw new Error("must have a % in its user or password written as %25");
  }
  return text;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function parseBrokers(text: string): readonly [string, ...string[]] {
  const brokers = parseList(text);
  if (!brokers.every((broker) => Number(BROKER.exec(broker)?.[1] ?? Infinity) <= PORT_MAX)) {
    throw new Error("must be host:port, or several of them separated by commas");
  }
  return brokers;
}

function parseTopicPrefix(text: string): string {
  if (!TOPIC_PREFIX.test(text)) {
    throw new Error("must be 1 to 100 letters, digits, dots, hyphens or underscores");
  }
  return text;
}
