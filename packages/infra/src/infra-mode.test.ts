import { expect, test } from "vitest";
import { parseInfraMode } from "./infra-mode.ts";
import { parseJavaMajor } from "./java.ts";

const BOTH = { DATABASE_URL: "postgres://x", KAFKA_BROKERS: "a:1, b:2" };
const external = {
  kind: "external",
  databaseUrl: "postgres://x",
  kafkaBrokers: ["a:1", "b:2"],
};

test.each([
  [{}, { kind: "auto" }],
  [{ INFRA: "" }, { kind: "auto" }],
  [{ INFRA: "docker" }, { kind: "docker" }],
  [{ INFRA: "embedded", ...BOTH }, { kind: "embedded" }],
  [BOTH, external],
  [{ INFRA: "external", ...BOTH }, external],
])("%j means %j", (env, mode) => {
  expect(parseInfraMode(env)).toEqual(mode);
});

test.each([
  [{ INFRA: "podman" }, "INFRA is podman"],
  [{ DATABASE_URL: "postgres://x" }, "KAFKA_BROKERS is missing"],
  [{ INFRA: "external" }, "DATABASE_URL and KAFKA_BROKERS are missing"],
])("%j is refused: %s", (env, sentence) => {
  expect(() => parseInfraMode(env)).toThrow(sentence);
});

test.each([
  [`openjdk version "17.0.15" 2025-04-15`, 17],
  [`java version "1.8.0_402"`, 8],
  [`openjdk version "26" 2026-03-17`, 26],
  ["The operation couldn't be completed. Unable to locate a Java Runtime.", undefined],
])("%s is Java %s", (output, major) => {
  expect(parseJavaMajor(output)).toBe(major);
});
