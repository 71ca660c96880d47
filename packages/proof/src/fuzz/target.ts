/** Which system is fuzzed, and where its processes and logs are. */
import { join } from "node:path";

import { REPOSITORY_ROOT, startHomeOf } from "@seatline/infra/paths.ts";
import { loadSettings } from "@seatline/infra/settings.ts";
import { readState } from "@seatline/infra/state-file.ts";
import type { IdSecrets } from "@seatline/shared/contract/booking-id.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

import { LogTail } from "./log-tail.ts";

export type FuzzTarget = {
  readonly url: string;
  readonly adminToken: string | null;
  readonly kafkaBrokers: readonly string[];
  readonly topics: Topics;
  /** Behind the ids of bookings: to ask the gateway about a poison message it must be one of ours. */
  readonly idSecrets: IdSecrets;
  /** The services as they are now; null stands for one that is not running. */
  readonly processes: () => readonly { readonly name: string; readonly pid: number | null }[];
  /** Lines of JSON that the services have logged since this was asked last. */
  readonly readLogs: () => readonly string[];
};

const SERVICES = ["api-gateway", "booking-worker", "expiry-worker"];

/** The system that `npm start` has started from this checkout. */
export function findFuzzTarget(given: string | undefined, env: Environment): FuzzTarget {
  const home = startHomeOf(REPOSITORY_ROOT);
  const state = readState(home.state);
  if (state?.url === undefined || state.url === null) {
    throw new Error("Seatline is not running here: npm start starts it.");
  }
  if (given !== undefined && new URL(given).port !== new URL(state.url).port) {
    throw new Error(`Only the system at ${state.url} can be fuzzed: its processes are watched.`);
  }
  const broker = state.children.find(({ name }) => name === "kafka")?.port ?? null;
  const brokers = env["KAFKA_BROKERS"] || (broker === null ? undefined : `127.0.0.1:${broker}`);
  if (brokers === undefined) throw new Error("KAFKA_BROKERS must say where the broker is.");
  const [secret = "", ...older] = (env["ID_SECRETS"] || loadSettings(home.folder).idSecret).split(
    ",",
  );
  const tails = SERVICES.map((name) => new LogTail(join(home.logs, `${name}.log`)));
  return {
    url: state.url,
    adminToken: env["ADMIN_TOKEN"] || null,
    kafkaBrokers: brokers.split(","),
    topics: buildTopics(env["TOPIC_PREFIX"] || "seatline"),
    idSecrets: [secret, ...older],
    processes: () => {
      const children = readState(home.state)?.children ?? [];
      return SERVICES.map((name) => ({
        name,
        pid: children.find((it) => it.name === name)?.pid ?? null,
      }));
    },
    readLogs: () => tails.flatMap((tail) => tail.readLines()),
  };
}
