/** Planted faults: only the first problem told, a known secret taken in production, a file not read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import {
  ConfigError,
  parseChoice,
  parseConfig,
  parseList,
  parseText,
  parseWhole,
} from "./config.ts";
import type { Environment } from "./config.ts";
import { LINE_SETTINGS } from "./settings.ts";

const TABLE = {
  PORT: { about: "The port.", fallback: "3000", parse: parseWhole(0, 65_535) },
  MODE: { about: "The mode.", fallback: "slow", parse: parseChoice("slow", "fast") },
  BROKERS: { about: "The brokers.", parse: parseList },
  SECRET: { about: "The secret.", fallback: "known", parse: parseText, secret: true },
};

function problemsOf(env: Environment): readonly string[] {
  try {
    parseConfig(TABLE, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

describe("a configuration", () => {
  it("is read from the environment, with the table's fallbacks", () => {
    expect(parseConfig(TABLE, { BROKERS: "a:1, b:2", MODE: "fast", PORT: "" })).toEqual({
      PORT: 3_000,
      MODE: "fast",
      BROKERS: ["a:1", "b:2"],
      SECRET: "known",
    });
  });

  it("tells every problem at once, each with its variable", () => {
    const problems = problemsOf({ PORT: "70000", MODE: "quick" });
    expect(problems.map((problem) => problem.split(" ")[0])).toEqual(["PORT", "MODE", "BROKERS"]);
  });

  it.each([["-1"], ["1.5"], ["0x10"], ["1e3"], [" 1"], ["65536"], ["9".repeat(20)]])(
    "takes no %s for a whole number",
    (text) => {
      expect(problemsOf({ BROKERS: "a:1", PORT: text })).toHaveLength(1);
    },
  );

  it.each([[","], ["a,,b"], ["a,"]])("takes no %s for a list", (text) => {
    expect(problemsOf({ BROKERS: text })).toHaveLength(1);
  });

  it("has no default for a secret in production, and takes none that everybody knows", () => {
    const production = { NODE_ENV: "production", BROKERS: "a:1" };
    expect(problemsOf(production)).toEqual(["SECRET must be set in production"]);
    expect(problemsOf({ ...production, SECRET: "known" })).toHaveLength(1);
    expect(problemsOf({ ...production, SECRET: "my own" })).toEqual([]);
  });

  it("takes no database password from our own files in production", () => {
    const env = {
      DATABASE_URL: "postgres://seatline:seatline-dev@postgres/seatline",
      KAFKA_BROKERS: "a:1",
    };
    expect(parseConfig(LINE_SETTINGS, env).DATABASE_URL).toBe(env.DATABASE_URL);
    expect(() => parseConfig(LINE_SETTINGS, { ...env, NODE_ENV: "production" })).toThrow(
      /^DATABASE_URL has a secret that is known to everybody/,
    );
  });

  it("reads a value from the file that NAME_FILE names", () => {
    const folder = mkdtempSync(join(tmpdir(), "seatline-config-"));
    try {
      const file = join(folder, "secret");
      writeFileSync(file, "from a file\n");
      const env = { BROKERS: "a:1", SECRET: "from the environment", SECRET_FILE: file };
      expect(parseConfig(TABLE, env).SECRET).toBe("from a file");
      expect(problemsOf({ BROKERS: "a:1", SECRET_FILE: join(folder, "none") })).toEqual([
        `SECRET cannot be read from ${join(folder, "none")}, which SECRET_FILE names`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is checked as a whole, too, and those problems come with the others", () => {
    const check = ({ MODE }: { MODE?: string }) => [`MODE ${MODE} is not for today`];
    expect(() => parseConfig(TABLE, { MODE: "fast" }, check)).toThrow(
      "BROKERS must be set: The brokers.\nMODE fast is not for today",
    );
  });
});
