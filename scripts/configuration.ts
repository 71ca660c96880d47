/** Everything that is wrong with what the user gave, before anything is started. */
import { parseGatewayConfig } from "@seatline/api-gateway/config.ts";
import { parseInfraMode } from "@seatline/infra/infra-mode.ts";
import { buildCommonEnvironment, parsePort } from "@seatline/infra/service-list.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";
import { ConfigError, parseConfig } from "@seatline/shared/runtime/config.ts";

import { CONFIG as WORKER } from "../services/booking-worker/src/config.ts";
import { CONFIG as EXPIRY } from "../services/expiry-worker/src/config.ts";
import { CONFIG as MIGRATE } from "./migrate-config.ts";

/** In place of what the start makes by itself. */
const MADE = {
  settings: { idSecret: "0".repeat(64) },
  infra: {
    choice: "embedded",
    databaseUrl: "postgres://127.0.0.1:5432/seatline",
    kafkaBrokers: ["127.0.0.1:9092"],
  },
} as const;

/** One sentence for each problem, of all processes together. */
export function findConfigProblems(user: Environment): string[] {
  const { DATABASE_URL, KAFKA_BROKERS, ...given } = user;
  const infra = {
    ...MADE.infra,
    ...(DATABASE_URL ? { databaseUrl: DATABASE_URL } : {}),
    ...(KAFKA_BROKERS ? { kafkaBrokers: [KAFKA_BROKERS] } : {}),
  };
  const env = buildCommonEnvironment(given, { ...MADE, infra });
  const problems = [
    () => parseInfraMode(user),
    () => parsePort(user),
    () => parseConfig(MIGRATE, env),
    () => parseGatewayConfig(env),
    () => parseConfig(WORKER, env),
    () => parseConfig(EXPIRY, env),
  ].flatMap(problemsOf);
  return [...new Set(problems)];
}

function problemsOf(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    return [error instanceof Error ? error.message : String(error)];
  }
}
