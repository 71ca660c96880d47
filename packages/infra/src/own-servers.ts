/** Servers that somebody may hurt: never those that were given from outside. */
import { startInfrastructure } from "./infrastructure.ts";
import type { Infrastructure } from "./infrastructure.ts";

type OwnServersOptions = Pick<Parameters<typeof startInfrastructure>[0], "log" | "signal" | "env">;

/** Starts Postgres and Kafka that nobody else uses, whatever the environment has for others. */
export function startOwnServers(options: OwnServersOptions): Promise<Infrastructure> {
  const { DATABASE_URL: _, KAFKA_BROKERS: __, INFRA: mode = "auto", ...env } = options.env;
  const INFRA = mode === "external" ? "auto" : mode;
  return startInfrastructure({ ...options, purpose: "test", env: { ...env, INFRA } });
}
