import { expect, test } from "vitest";
import { buildCommonEnvironment, buildUrl, mergeEnvironment, parsePort } from "./service-list.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

const infra = {
  choice: "embedded",
  databaseUrl: "postgres://ours",
  kafkaBrokers: ["a:1", "b:2"],
} as const;
const build = (user: Environment): Environment =>
  buildCommonEnvironment(user, { settings: { idSecret: "generated" }, infra });

test("a short session only where the broker is ours, and only if nobody chose one", () => {
  expect(build({ SESSION_TIMEOUT_MS: "9000" })["SESSION_TIMEOUT_MS"]).toBe("9000");
  const external = {
    settings: { idSecret: "x" },
    infra: { ...infra, choice: "external" },
  } as const;
  expect(buildCommonEnvironment({}, external)).not.toHaveProperty("SESSION_TIMEOUT_MS");
});

test("what the process was given wins over .env, and an empty value does not count", () => {
  const merged = mergeEnvironment({ PORT: "4000", HOST: "::1" }, { PORT: "5000", HOST: "" });
  expect(merged).toEqual({ PORT: "5000", HOST: "::1" });
});

test("nothing given: development, this machine, kept secrets, open admin routes", () => {
  expect(build({})).toEqual({
    NODE_ENV: "development",
    HOST: "127.0.0.1",
    ID_SECRETS: "generated",
    ADMIN_ACCESS: "open",
    SESSION_TIMEOUT_MS: "3000",
    DATABASE_URL: "postgres://ours",
    KAFKA_BROKERS: "a:1,b:2",
  });
});

test.each([
  [{ ADMIN_TOKEN: "t" }],
  [{ ADMIN_TOKEN_FILE: "/run/token" }],
  [{ NODE_ENV: "production" }],
])("admin routes are not opened over %j", (user) => {
  expect(build(user)).not.toHaveProperty("ADMIN_ACCESS");
});

test("the user's own secrets stay", () => {
  expect(build({ ID_SECRETS: "mine" })["ID_SECRETS"]).toBe("mine");
  expect(build({ ID_SECRETS_FILE: "/run/ids" })).not.toHaveProperty("ID_SECRETS");
});

test.each(["0", "65536", "abc", "3000 ", "-1"])("PORT=%s is refused", (PORT) => {
  expect(() => parsePort({ PORT })).toThrow("PORT must be a whole number");
});

test("PORT is 3000 unless given", () => {
  expect([parsePort({}), parsePort({ PORT: "" }), parsePort({ PORT: "8080" })]).toEqual([
    3000, 3000, 8080,
  ]);
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:80"],
  ["0.0.0.0", "http://127.0.0.1:80"],
  ["::", "http://127.0.0.1:80"],
  ["::1", "http://[::1]:80"],
])("listening on %s is reached at %s", (host, url) => {
  expect(buildUrl(host, 80)).toBe(url);
});
