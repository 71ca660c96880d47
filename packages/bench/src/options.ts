/** What the commands are told. Throws one sentence for what makes no sense. */
import { parseArgs } from "node:util";

import { parseWholeOption } from "@seatline/shared/testing/whole-option.ts";

export type KillPlan =
  | { readonly kind: "process"; readonly part: "worker" | "broker"; readonly atAck: number }
  | { readonly kind: "command"; readonly command: string; readonly atAck: number };

export type StressOptions = {
  readonly url: string | undefined;
  readonly bookings: number;
  readonly seats: number;
  readonly connections: number;
  readonly kill: KillPlan | null;
};

export type LatencyOptions = {
  readonly url: string | undefined;
  readonly samples: number;
};

export type PerformanceOptions = {
  readonly rounds: number;
  /** Whether the document is written, not only printed. */
  readonly isWritten: boolean;
};

const BOOKINGS_MAX = 200_000;
const SEATS_MAX = 1_000_000;
const CONNECTIONS_MAX = 2_000;
const SAMPLES_MIN = 20;
const SAMPLES_MAX = 100_000;
const ROUNDS_MIN = 5;
const ROUNDS_MAX = 10_000;

export function parseStressOptions(args: readonly string[]): StressOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string" },
      bookings: { type: "string", default: "5000" },
      seats: { type: "string", default: "100" },
      connections: { type: "string", default: "200" },
      kill: { type: "string" },
      "kill-at": { type: "string", default: "1000" },
      "kill-command": { type: "string" },
    },
  });
  const { url, kill, "kill-command": command } = values;
  const bookings = parseWholeOption("--bookings", values.bookings, { min: 1, max: BOOKINGS_MAX });
  const connections = parseWholeOption("--connections", values.connections, {
    min: 1,
    max: CONNECTIONS_MAX,
  });
  const seats = parseWholeOption("--seats", values.seats, { min: 1, max: SEATS_MAX });
  const atAck = parseWholeOption("--kill-at", values["kill-at"], { min: 1, max: BOOKINGS_MAX });
  const plan = parseKill({ kill, command, atAck });
  // Recovery is measured by requests that were sent after the kill: there must be some.
  if (plan !== null && atAck + connections >= bookings) {
    throw new Error(
      `--kill-at ${atAck} leaves nothing to measure the recovery by: more than ${atAck + connections} bookings are needed.`,
    );
  }
  return { url: parseUrl(url), bookings, seats, connections, kill: plan };
}

export function parseLatencyOptions(args: readonly string[]): LatencyOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string" },
      samples: { type: "string", default: "500" },
    },
  });
  const samples = parseWholeOption("--samples", values.samples, {
    min: SAMPLES_MIN,
    max: SAMPLES_MAX,
  });
  return { url: parseUrl(values.url), samples };
}

export function parsePerformanceOptions(args: readonly string[]): PerformanceOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "51" },
      write: { type: "boolean", default: false },
    },
  });
  const rounds = parseWholeOption("--rounds", values.rounds, { min: ROUNDS_MIN, max: ROUNDS_MAX });
  return { rounds, isWritten: values.write };
}

function parseKill(given: {
  readonly kill: string | undefined;
  readonly command: string | undefined;
  readonly atAck: number;
}): KillPlan | null {
  const { kill, command, atAck } = given;
  if (kill !== undefined && command !== undefined) {
    throw new Error("--kill and --kill-command exclude each other.");
  }
  if (command !== undefined) return { kind: "command", command, atAck };
  if (kill === undefined) return null;
  if (kill !== "worker" && kill !== "broker") {
    throw new Error(`--kill must be worker or broker, not ${JSON.stringify(kill)}.`);
  }
  return { kind: "process", part: kill, atAck };
}

function parseUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new Error(`--url must be an address like http://127.0.0.1:3000, not ${text}.`);
}
