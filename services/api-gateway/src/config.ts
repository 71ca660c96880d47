/** The configuration of the api-gateway. */
import {
  parseChoice,
  parseConfig,
  parseList,
  parseText,
  parseWhole,
} from "@seatline/shared/runtime/config.ts";
import type { ConfigOf, ConfigTable, Environment } from "@seatline/shared/runtime/config.ts";
import { LINE_SETTINGS } from "@seatline/shared/runtime/settings.ts";

import type { AdminAccess } from "./access.ts";

const SECRET_LENGTH_MIN = 16;

function parseSecrets(text: string): readonly [string, ...string[]] {
  const secrets = parseList(text);
  if (secrets.some((secret) => secret.length < SECRET_LENGTH_MIN)) {
    throw new Error(`must hold secrets of at least ${SECRET_LENGTH_MIN} characters each`);
  }
  return secrets;
}

function parseOrigins(text: string): readonly [string, ...string[]] {
  const origins = parseList(text);
  const isOrigin = (origin: string) => URL.canParse(origin) && new URL(origin).origin === origin;
  if (!origins.every((origin) => origin === "*" || isOrigin(origin))) {
    throw new Error("must be origins like https://shop.example, separated by commas, or *");
  }
  return origins;
}

/** What is not guessed, and fits into an `Authorization: Bearer` header. */
const ADMIN_TOKEN_FORM = /^[\x21-\x7e]{16,}$/;

export const CONFIG = {
  ...LINE_SETTINGS,
  ID_SECRETS: {
    about:
      "Secrets behind booking ids, separated by commas: a new one goes in front and makes ids, all are accepted, and the last makes those of idempotency keys.",
    fallback: "seatline-development-secret",
    parse: parseSecrets,
    secret: true,
  },
  ADMIN_ACCESS: {
    about:
      "Who may use admin routes: token (needs ADMIN_TOKEN), or open, for development only and only as long as no ADMIN_TOKEN is set.",
    fallback: "token",
    parse: parseChoice("token", "open"),
  },
  ADMIN_TOKEN: {
    about: "The token of admin routes, 16 characters or more.",
    fallback: "",
    parse: parseText,
  },
  HOST: { about: "The address to listen on.", fallback: "127.0.0.1", parse: parseText },
  PORT: {
    about: "The port of the HTTP service.",
    fallback: "3000",
    parse: parseWhole(0, 65_535),
  },
  CORS_ORIGINS: {
    about: "Origins whose pages may call the API, separated by commas; * for all.",
    fallback: "*",
    parse: parseOrigins,
  },
  CLASSIC_ROUTES: {
    about: "Whether the routes of the two older backends are served.",
    fallback: "on",
    parse: parseChoice("on", "off"),
  },
} satisfies ConfigTable;

export type GatewayConfig = ConfigOf<typeof CONFIG>;

/** Reads the configuration; throws one ConfigError with every problem. */
export function parseGatewayConfig(env: Environment): GatewayConfig {
  return parseConfig(CONFIG, env, checkAccess);
}

function checkAccess(config: Partial<GatewayConfig>, production: boolean): string[] {
  const { ADMIN_ACCESS, ADMIN_TOKEN = "" } = config;
  if (ADMIN_TOKEN !== "") {
    return ADMIN_TOKEN_FORM.test(ADMIN_TOKEN)
      ? []
      : ["ADMIN_TOKEN must have 16 characters or more, and no blanks"];
  }
  if (ADMIN_ACCESS === "open" && !production) return [];
  return production
    ? ["ADMIN_TOKEN must be set in production, with 16 characters or more and no blanks"]
    : ["ADMIN_TOKEN must be set, or ADMIN_ACCESS=open, for development"];
}

export function buildAccess({ ADMIN_TOKEN }: GatewayConfig): AdminAccess {
  return ADMIN_TOKEN === "" ? { kind: "open" } : { kind: "token", token: ADMIN_TOKEN };
}
