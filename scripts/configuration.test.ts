/** What `npm start` says of a wrong configuration: all of it, before anything runs. */
import { describe, expect, it } from "vitest";

import { findConfigProblems } from "./configuration.ts";

describe("findConfigProblems", () => {
  it("has nothing to say of what works", () => {
    expect(findConfigProblems({})).toEqual([]);
    expect(findConfigProblems({ PORT: "8080", HOST: "127.0.0.1", LOG_LEVEL: "debug" })).toEqual([]);
    const external = { DATABASE_URL: "postgres://u:p@db:5432/s", KAFKA_BROKERS: "a:9092,b:9092" };
    expect(findConfigProblems(external)).toEqual([]);
  });

  it("tells the problems of every process, each once", () => {
    const problems = findConfigProblems({
      NODE_ENV: "Production",
      DATABASE_URL: "nope",
      KAFKA_BROKERS: "nope",
      TOPIC_PREFIX: "a b",
      PARTITIONS: "0",
      REPLICATION_FACTOR: "x",
      PORT: "99999",
      CORS_ORIGINS: "foo",
      SESSION_TIMEOUT_MS: "1",
      SWEEP_SECONDS: "0",
    });
    const names = problems.map((problem) => problem.split(" ")[0]);
    expect(new Set(names)).toEqual(
      new Set([
        "NODE_ENV",
        "DATABASE_URL",
        "KAFKA_BROKERS",
        "TOPIC_PREFIX",
        "PARTITIONS",
        "REPLICATION_FACTOR",
        "PORT",
        "CORS_ORIGINS",
        "SESSION_TIMEOUT_MS",
        "SWEEP_SECONDS",
      ]),
    );
    expect(new Set(problems).size).toBe(problems.length);
  });

  it("tells of a database without a broker", () => {
    expect(findConfigProblems({ DATABASE_URL: "postgres://u:p@db:5432/s" })).toEqual([
      "KAFKA_BROKERS is missing: give both DATABASE_URL and KAFKA_BROKERS, or neither.",
    ]);
  });
});
