import { expect, test } from "vitest";

import { ConfigError } from "@seatline/shared/runtime/config.ts";

import { buildAccess, parseGatewayConfig } from "./config.ts";

const PLACES = { DATABASE_URL: "postgres://u:p@h/d", KAFKA_BROKERS: "h:1,h:2" };
const TOKEN = "0123456789abcdef";

function listProblems(env: Record<string, string>): readonly string[] {
  try {
    parseGatewayConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test("a token opens the admin routes; without one the gateway does not start", () => {
  const config = parseGatewayConfig({ ...PLACES, ADMIN_TOKEN: TOKEN });
  expect(buildAccess(config)).toEqual({ kind: "token", token: TOKEN });
  expect(listProblems(PLACES).join()).toContain("ADMIN_TOKEN");
});

test("a token closes what ADMIN_ACCESS would open, in production as well", () => {
  const env = { ...PLACES, ADMIN_ACCESS: "open", ADMIN_TOKEN: TOKEN };
  expect(buildAccess(parseGatewayConfig(env))).toEqual({ kind: "token", token: TOKEN });
  const secrets = { ID_SECRETS: "0123456789abcdef" };
  const production = { ...env, ...secrets, NODE_ENV: "production" };
  expect(buildAccess(parseGatewayConfig(production))).toEqual({ kind: "token", token: TOKEN });
});

test("origins are origins", () => {
  const env = { ...PLACES, ADMIN_TOKEN: TOKEN };
  for (const CORS_ORIGINS of ["*", "https://a.example", "http://localhost:5173,https://b.example"])
    expect(listProblems({ ...env, CORS_ORIGINS })).toEqual([]);
  for (const CORS_ORIGINS of ["foo", "https://a.example/", "a.example", "https://a.example,x"])
    expect(listProblems({ ...env, CORS_ORIGINS }).join()).toContain("CORS_ORIGINS must be origins");
});

test.each(["short", "sixteen and blanks in it", "ümläute-ümläute-ümläute"])(
  "the token %j could be guessed, or no header could carry it",
  (token) => {
    expect(listProblems({ ...PLACES, ADMIN_TOKEN: token }).join()).toContain("ADMIN_TOKEN");
  },
);

test("every problem is told at once", () => {
  const problems = listProblems({
    DATABASE_URL: "mysql://x",
    PORT: "99999",
    CLASSIC_ROUTES: "maybe",
    ID_SECRETS: "short",
    LOG_LEVEL: "loud",
  });
  for (const name of [
    "DATABASE_URL",
    "KAFKA_BROKERS",
    "PORT",
    "CLASSIC_ROUTES",
    "ID_SECRETS",
    "LOG_LEVEL",
  ]) {
    expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1);
  }
});
