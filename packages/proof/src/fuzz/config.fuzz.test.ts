/**
 * Every table of settings against rubbish: whatever stands in the environment, a process starts or tells every
 * problem at once, and never what a secret is. Planted faults: a parser that throws no Error; only the first
 * problem told; a secret quoted in its problem; a database that no driver can parse taken for one.
 */
import {
  assert,
  array,
  constantFrom,
  oneof,
  property,
  record,
  string,
  subarray,
  tuple,
} from "fast-check";
import postgres from "postgres";
import { describe, expect, it } from "vitest";

import { CONFIG as GATEWAY, parseGatewayConfig } from "@seatline/api-gateway/config.ts";
import { CONFIG as WORKER } from "@seatline/booking-worker/config.ts";
import { CONFIG as EXPIRY } from "@seatline/expiry-worker/config.ts";
import { ConfigError, parseConfig } from "@seatline/shared/runtime/config.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";
import { seedOfRun } from "@seatline/shared/testing/random.ts";

import { CONFIG as MIGRATE } from "../../../../scripts/migrate-config.ts";

const RUNS = 1_000;
/** A busy machine is not what is looked for. */
const PATIENT = { timeout: 60_000 };
const seed = seedOfRun();
const MARK = "m4rk-of-a-secret";
const SECRETS = ["DATABASE_URL", "ID_SECRETS", "ADMIN_TOKEN"];

const BASE: Environment = {
  DATABASE_URL: "postgres://user:a-password@127.0.0.1:5432/seatline",
  KAFKA_BROKERS: "127.0.0.1:9092",
  ID_SECRETS: "a secret of sixteen or more",
  ADMIN_TOKEN: "a-token-of-sixteen-or-more",
};

type Process = {
  readonly name: string;
  readonly table: object;
  readonly parse: (env: Environment) => unknown;
};

const PROCESSES: readonly Process[] = [
  { name: "gateway", table: GATEWAY, parse: parseGatewayConfig },
  { name: "booking-worker", table: WORKER, parse: (env) => parseConfig(WORKER, env) },
  { name: "expiry-worker", table: EXPIRY, parse: (env) => parseConfig(EXPIRY, env) },
  { name: "migrate", table: MIGRATE, parse: (env) => parseConfig(MIGRATE, env) },
];

const ODD = constantFrom(
  "",
  " ",
  ",",
  "a,",
  "*",
  "0",
  "-1",
  "1e3",
  "NaN",
  "9".repeat(400),
  "99999",
  "postgres://",
  `postgres://u:${MARK}%@h/d`,
  `postgres://u:${MARK}@h:99999/d`,
  `mysql://u:${MARK}@h/d`,
  "h:99999",
  "h:1,",
  "a b:1",
  "[::1]:9092",
  "http://x/",
  "__proto__",
  "\u0000",
  "\ud800",
  MARK,
);
const RUBBISH = oneof(ODD, string({ unit: "binary" }), string({ unit: "grapheme", maxLength: 40 }));
const MODE = constantFrom(undefined, "", "development", "production", "Production", "\u0000");

/** The problems, or null where it starts. Anything else than a ConfigError ends the test. */
function problemsOf({ parse }: Process, env: Environment): readonly string[] | null {
  try {
    parse(env);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe.each(PROCESSES)("the settings of the $name", (process) => {
  const names = Object.keys(process.table);
  const rubbish = record({
    mode: MODE,
    names: subarray(names),
    texts: array(RUBBISH, { minLength: names.length, maxLength: names.length }),
  });

  it(`tell every problem at once, whatever is given (SEED=${seed})`, PATIENT, () => {
    const told = property(rubbish, ({ mode, names: given, texts }) => {
      const base = { ...BASE, NODE_ENV: mode };
      const own = given.map((name, index): [string, string] => [name, texts[index] ?? ""]);
      const all = problemsOf(process, { ...base, ...Object.fromEntries(own) });
      for (const [name, text] of own) {
        const alone = problemsOf(process, { ...base, [name]: text }) ?? [];
        // What is wrong between two settings is told only of both.
        const ofIt = alone.filter(
          (problem) => problem.startsWith(`${name} must `) && !problem.includes("ADMIN_"),
        );
        for (const problem of ofIt) expect(all).toContain(problem);
      }
      for (const problem of all ?? []) {
        expect([...names, "NODE_ENV"]).toContain(problem.split(" ")[0]);
      }
    });
    assert(told, { seed, numRuns: RUNS });
  });

  it(`never tell a secret (SEED=${seed})`, PATIENT, () => {
    const secrets = SECRETS.filter((name) => names.includes(name));
    const text = tuple(RUBBISH, RUBBISH).map(([before, behind]) => `${before}${MARK}${behind}`);
    const hidden = property(constantFrom(...secrets), text, MODE, (name, secret, mode) => {
      const problems = problemsOf(process, { ...BASE, NODE_ENV: mode, [name]: secret }) ?? [];
      expect(problems.join("\n")).not.toContain(MARK);
    });
    assert(hidden, { seed, numRuns: RUNS });
  });

  it(`are enough to connect with, where they are taken (SEED=${seed})`, PATIENT, () => {
    const any = oneof(string(), string({ unit: "binary" }), constantFrom("%", "%2", "%zz", "a%25"));
    // With a comma the driver reads several hosts, and takes apart by itself what stands before.
    const user = any.filter((text) => !text.includes(","));
    const connectable = property(user, user, (name, password) => {
      const env = { ...BASE, DATABASE_URL: `postgres://${name}:${password}@127.0.0.1:1/d` };
      if (problemsOf(process, env) !== null) return;
      const { DATABASE_URL } = process.parse(env) as { DATABASE_URL: string };
      expect(() => postgres(DATABASE_URL)).not.toThrow();
    });
    assert(connectable, { seed, numRuns: RUNS });
  });
});
