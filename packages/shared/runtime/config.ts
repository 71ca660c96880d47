/**
 * Configuration from environment variables: one table per process, read once by its `main.ts`,
 * every problem reported at once.
 */
import { readFileSync } from "node:fs";

/** The configuration is wrong. Printed as it is; the process exits with EXIT_CONFIG. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join("\n"), options);
    this.problems = problems;
  }
}

/** Exit code of a process that cannot start as it is configured (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78;

const MODES = ["development", "production"];

export type Environment = Readonly<Record<string, string | undefined>>;

type Setting<T> = {
  /** One sentence for `.env.example` and the README. */
  readonly about: string;
  /** What stands in for a variable that is not set; a setting without one is required. */
  readonly fallback?: string;
  /** Turns the text into a value, or throws an Error whose message follows the variable's name. */
  readonly parse: (text: string) => T;
  /** Must be set in production, whatever the fallback. */
  readonly secret?: boolean;
  /** Texts that everybody knows from our own files: refused in production wherever they stand in it. */
  readonly known?: readonly string[];
};

export type ConfigTable = Readonly<Record<string, Setting<unknown>>>;
export type ConfigOf<T extends ConfigTable> = {
  readonly [Name in keyof T]: T[Name] extends Setting<infer V> ? V : never;
};

/**
 * Reads a table from the environment. `NAME_FILE` may name a file that holds the value (for
 * secrets). `check` finds what is wrong between settings; those with a problem of their own are
 * missing from what it sees. Throws one ConfigError that lists every problem.
 */
export function parseConfig<T extends ConfigTable>(
  table: T,
  env: Environment,
  check: (config: Partial<ConfigOf<T>>, production: boolean) => readonly string[] = () => [],
): ConfigOf<T> {
  const problems: string[] = [];
  const mode = env["NODE_ENV"] || "development";
  if (!MODES.includes(mode)) {
    problems.push(`NODE_ENV must be one of ${MODES.join(", ")}, not ${JSON.stringify(mode)}`);
  }
  const production = mode === "production";
  const entries = Object.entries(table).map(([name, setting]) => {
    try {
      return [name, parseSetting(name, setting, { env, production })];
    } catch (error) {
      problems.push(`${name} ${error instanceof Error ? error.message : String(error)}`);
      return [name, undefined];
    }
  });
  const config = Object.fromEntries(entries) as ConfigOf<T>;
  problems.push(...check(config, production));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function parseSetting(
  name: string,
  setting: Setting<unknown>,
  { env, production }: { env: Environment; production: boolean },
): unknown {
  const file = env[`${name}_FILE`] || undefined;
  if (file !== undefined && env[name]) throw new Error(`is given twice, also as ${name}_FILE`);
  const given = file === undefined ? env[name] : readSecretFile(name, file);
  if (given !== undefined && given !== "") {
    const known = setting.known ?? (setting.secret === true ? [setting.fallback ?? ""] : []);
    if (production && known.some((text) => text !== "" && given.includes(text))) {
      throw new Error("has a secret that is known to everybody; set one of your own");
    }
    return setting.parse(given);
  }
  if (production && setting.secret === true) throw new Error("must be set in production");
  if (setting.fallback === undefined) throw new Error(`must be set: ${setting.about}`);
  return setting.parse(setting.fallback);
}

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new Error(`cannot be read from ${file}, which ${name}_FILE names`, { cause });
  }
}

export function parseText(text: string): string {
  return text;
}

/** A whole number from `min` to `max`. */
export function parseWhole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new Error(`must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
    }
    return value;
  };
}

/** One of the given words. */
export function parseChoice<const T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) {
      throw new Error(`must be one of ${choices.join(", ")}, not ${JSON.stringify(text)}`);
    }
    return found;
  };
}

/** Words separated by commas, none empty. */
export function parseList(text: string): readonly [string, ...string[]] {
  const [first, ...rest] = text.split(",").map((item) => item.trim());
  if (first === undefined || first === "" || rest.includes("")) {
    throw new Error("must be a list separated by commas, without empty places");
  }
  return [first, ...rest];
}
