/**
 * The processes of our own that `npm start` runs, and what each is told. Pure.
 */
import type { Environment } from "@seatline/shared/runtime/config.ts";
import type { InfraChoice } from "./infrastructure.ts";
import type { Settings } from "./settings.ts";

export type ServiceSpec = {
  readonly name: string;
  /** Relative to the checkout. */
  readonly script: string;
  /** The variable that tells it where to listen, and where its health is asked. */
  readonly portName: "PORT" | "HEALTH_PORT";
};

export const SERVICES: readonly ServiceSpec[] = [
  { name: "api-gateway", script: "services/api-gateway/src/main.ts", portName: "PORT" },
  {
    name: "booking-worker",
    script: "services/booking-worker/src/main.ts",
    portName: "HEALTH_PORT",
  },
  { name: "expiry-worker", script: "services/expiry-worker/src/main.ts", portName: "HEALTH_PORT" },
];

const DEFAULT_PORT = 3000;
export const DEFAULT_HOST = "127.0.0.1";
const PORT_MAX = 65_535;
const OWN_SESSION_TIMEOUT_MS = "3000";
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** What the user gave wins; an empty value counts as not given. */
export function mergeEnvironment(file: Environment, process: Environment): Environment {
  const given = Object.entries(process).filter(([, value]) => value !== undefined && value !== "");
  return { ...file, ...Object.fromEntries(given) };
}

/**
 * What all processes of one start have in common. Secrets and open admin routes are filled in only
 * where the user has not decided, and open admin routes only on this machine, never in production.
 */
export function buildCommonEnvironment(
  user: Environment,
  {
    settings,
    infra,
  }: {
    readonly settings: Pick<Settings, "idSecret">;
    readonly infra: {
      readonly choice: InfraChoice;
      readonly databaseUrl: string;
      readonly kafkaBrokers: readonly string[];
    };
  },
): Environment {
  const nodeEnv = user["NODE_ENV"] || "development";
  const hasSecrets = isGiven(user, "ID_SECRETS");
  const hasAdmin = isGiven(user, "ADMIN_ACCESS") || isGiven(user, "ADMIN_TOKEN");
  const host = user["HOST"] || DEFAULT_HOST;
  const isOpen = !hasAdmin && nodeEnv !== "production" && LOOPBACK.test(host);
  return {
    ...user,
    NODE_ENV: nodeEnv,
    HOST: host,
    ...(!hasSecrets && { ID_SECRETS: settings.idSecret }),
    ...(isOpen && { ADMIN_ACCESS: "open" }),
    // Our own broker allows a short session, so that a dead worker's partitions move on soon.
    ...(infra.choice !== "external" &&
      !isGiven(user, "SESSION_TIMEOUT_MS") && { SESSION_TIMEOUT_MS: OWN_SESSION_TIMEOUT_MS }),
    DATABASE_URL: infra.databaseUrl,
    KAFKA_BROKERS: infra.kafkaBrokers.join(","),
  };
}

/** Throws one sentence when PORT is no port. */
export function parsePort(user: Environment): number {
  const text = user["PORT"] || String(DEFAULT_PORT);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= PORT_MAX) return port;
  throw new Error(
    `PORT must be a whole number from 1 to ${PORT_MAX}, not ${JSON.stringify(text)}.`,
  );
}

/** Where somebody on this machine reaches the gateway. */
export function buildUrl(host: string, port: number): string {
  const isAny = host === "0.0.0.0" || host === "::";
  const name = isAny ? DEFAULT_HOST : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** Secrets may also be given as the path of a file, in NAME_FILE. */
function isGiven(user: Environment, name: string): boolean {
  return Boolean(user[name]) || Boolean(user[`${name}_FILE`]);
}
