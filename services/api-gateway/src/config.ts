/** The configuration of the api-gateway. */
import { parseChoice, parseList, parseText, parseWhole } from "@seatline/shared/runtime/config.ts";
import type { ConfigTable } from "@seatline/shared/runtime/config.ts";
import { LINE_SETTINGS } from "@seatline/shared/runtime/settings.ts";

const SECRET_LENGTH_MIN = 16;

function parseSecrets(text: string): readonly [string, ...string[]] {
  const secrets = parseList(text);
  if (secrets.some((secret) => secret.length < SECRET_LENGTH_MIN)) {
    throw new Error(`must hold secrets of at least ${SECRET_LENGTH_MIN} characters each`);
  }
  return secrets;
}

export const CONFIG = {
  ...LINE_SETTINGS,
  ID_SECRETS: {
    about:
      "Secrets behind booking ids, separated by commas: the first makes ids, all are accepted.",
    fallback: "seatline-development-secret",
    parse: parseSecrets,
    secret: true,
  },
  ADMIN_ACCESS: {
    about: "Who may use admin routes: token (needs ADMIN_TOKEN), or open, for development only.",
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
    parse: parseList,
  },
  CLASSIC_ROUTES: {
    about: "Whether the routes of the two older backends are served.",
    fallback: "on",
    parse: parseChoice("on", "off"),
  },
} satisfies ConfigTable;
