/**
 * Configuration: everything that is wrong is told at once, and secrets are nobody's to know. Planted
 * faults: only the first problem told, a known secret taken in production, a file not read.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  ConfigError,
  parseChoice,
  parseConfig,
  parseList,
  parseText,
  parseWhole,
} from "./config.ts";
import type { ConfigTable, Environment } from "./config.ts";
import { LINE_SETTINGS } from "./settings.ts";

const TABLE = {
  NAME: { about: "What it is called.", parse: parseText },
  PORT: { about: "Where it listens.", fallback: "3000", parse: parseWhole(0, 65_535) },
  MODE: { about: "How it runs.", fallback: "calm", parse: parseChoice("calm", "wild") },
  HOSTS: { about: "Whom it knows.", fallback: "a,b", parse: parseList },
  SECRET: { about: "What it hides.", fallback: "known", parse: parseText, secret: true },
} satisfies ConfigTable;

function problemsOf(env: Environment): readonly string[] {
  try {
    parseConfig(TABLE, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("parseConfig", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "seatline-config-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("takes what is given, and the fallback for the rest", () => {
    expect(parseConfig(TABLE, { NAME: "n", MODE: "wild", OTHER: "x" })).toEqual({
      NAME: "n",
      PORT: 3_000,
      MODE: "wild",
      HOSTS: ["a", "b"],
      SECRET: "known",
    });
  });

  it("refuses a mode that it does not know: a misspelt production must not open anything", () => {
    for (const mode of ["Production", "prod", "staging", "test"])
      expect(problemsOf({ NAME: "n", NODE_ENV: mode })).toEqual([
        `NODE_ENV must be one of development, production, not "${mode}"`,
      ]);
  });

  it("refuses a value that is given twice", () => {
    expect(problemsOf({ NAME: "n", NAME_FILE: "/etc/hostname" })).toEqual([
      "NAME is given twice, also as NAME_FILE",
    ]);
  });

  it("takes an empty variable for one that is not set", () => {
    expect(parseConfig(TABLE, { NAME: "n", PORT: "" }).PORT).toBe(3_000);
    expect(problemsOf({ NAME: "" })).toEqual(["NAME must be set: What it is called."]);
  });

  it("tells every problem at once, in the order of the table", () => {
    const env = { PORT: "70000", MODE: "tame", HOSTS: "a,,b" };
    expect(problemsOf(env)).toEqual([
      "NAME must be set: What it is called.",
      'PORT must be a whole number from 0 to 65535, not "70000"',
      'MODE must be one of calm, wild, not "tame"',
      "HOSTS must be a list separated by commas, without empty places",
    ]);
    expect(() => parseConfig(TABLE, env)).toThrow(/NAME.*\nPORT.*\nMODE.*\nHOSTS/);
  });

  it("reads a value from the file that NAME_FILE names, without the line's end", () => {
    const file = join(folder, "secret");
    writeFileSync(file, "from the file\n");
    const config = parseConfig(TABLE, { NAME: "n", SECRET_FILE: file });
    expect(config.SECRET).toBe("from the file");
  });

  it("tells of a file that cannot be read, and not of what another one holds", () => {
    const file = join(folder, "none");
    expect(problemsOf({ NAME: "n", SECRET_FILE: file })).toEqual([
      `SECRET cannot be read from ${file}, which SECRET_FILE names`,
    ]);
    const empty = join(folder, "empty");
    writeFileSync(empty, "\n");
    expect(problemsOf({ NAME_FILE: empty })).toEqual(["NAME must be set: What it is called."]);
  });

  it("takes an empty NAME_FILE for one that is not set", () => {
    expect(parseConfig(TABLE, { NAME: "n", NAME_FILE: "" }).NAME).toBe("n");
  });

  it("is checked as a whole, too, and those problems come with the others", () => {
    const check = ({ MODE }: { MODE?: string }) => [`MODE ${MODE} is not for today`];
    expect(() => parseConfig(TABLE, { MODE: "wild" }, check)).toThrow(
      "NAME must be set: What it is called.\nMODE wild is not for today",
    );
  });

  describe("in production", () => {
    const env = { NODE_ENV: "production", NAME: "n" };

    it("takes no database password from our own files", () => {
      const line = {
        DATABASE_URL: "postgres://seatline:seatline-dev@postgres/seatline",
        KAFKA_BROKERS: "a:1",
      };
      expect(parseConfig(LINE_SETTINGS, line).DATABASE_URL).toBe(line.DATABASE_URL);
      expect(() => parseConfig(LINE_SETTINGS, { ...line, NODE_ENV: "production" })).toThrow(
        /^DATABASE_URL has a secret that is known to everybody/,
      );
    });

    it("wants every secret to be set, to something of one's own", () => {
      expect(problemsOf(env)).toEqual(["SECRET must be set in production"]);
      expect(problemsOf({ ...env, SECRET: "known" })).toEqual([
        "SECRET has a secret that is known to everybody; set one of your own",
      ]);
      expect(problemsOf({ ...env, SECRET: "mine" })).toEqual([]);
    });

    it("wants the same of a secret in a file", () => {
      const file = join(folder, "known");
      writeFileSync(file, "known\n");
      expect(problemsOf({ ...env, SECRET_FILE: file })).toEqual([
        "SECRET has a secret that is known to everybody; set one of your own",
      ]);
    });
  });
});

describe("parseWhole", () => {
  const parse = parseWhole(1, 100);
  it.each(["1", "100", "007"])("takes %j", (text) => {
    expect(parse(text)).toBe(Number(text));
  });
  it.each([
    "0",
    "101",
    "-1",
    "1.0",
    "1e2",
    " 1",
    "1 ",
    "0x10",
    "NaN",
    "Infinity",
    "١",
    "9".repeat(16),
  ])("does not take %j", (text) => {
    expect(() => parse(text)).toThrow("must be a whole number from 1 to 100");
  });
});

describe("parseList", () => {
  it("takes words without the blanks around them", () => {
    expect(parseList(" a , b")).toEqual(["a", "b"]);
    expect(parseList("a")).toEqual(["a"]);
  });
  it.each([",", "a,", ",a", "a,,b", " "])("does not take %j", (text) => {
    expect(() => parseList(text)).toThrow("without empty places");
  });
});

describe("where the line is", () => {
  const line = { DATABASE_URL: "postgres://u:p@db:5432/s", KAFKA_BROKERS: "a:9092,b:65535" };

  it("is what a driver can connect to", () => {
    expect(parseConfig(LINE_SETTINGS, line).KAFKA_BROKERS).toEqual(["a:9092", "b:65535"]);
    const encoded = "postgres://u:100%25@db/s";
    expect(parseConfig(LINE_SETTINGS, { ...line, DATABASE_URL: encoded }).DATABASE_URL).toBe(
      encoded,
    );
  });

  it.each([
    [
      "DATABASE_URL",
      "postgres://u:100%@db/s",
      "must have a % in its user or password written as %25",
    ],
    [
      "DATABASE_URL",
      "postgres://u%zz@db/s",
      "must have a % in its user or password written as %25",
    ],
    ["DATABASE_URL", "postgres://db:65536/s", "must be a URL like"],
    ["KAFKA_BROKERS", "a:65536", "must be host:port"],
    ["KAFKA_BROKERS", "a:9092,b", "must be host:port"],
  ])("is refused: %s=%s", (name, text, problem) => {
    expect(() => parseConfig(LINE_SETTINGS, { ...line, [name]: text })).toThrow(
      `${name} ${problem}`,
    );
  });
});
