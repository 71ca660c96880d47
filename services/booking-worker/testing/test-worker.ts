/** A worker of real parts inside the test's process, so that a test can break one of them. */
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { CLOSE_TIMEOUT_S, connectSql } from "@seatline/shared/db/client.ts";
import { buildStore } from "@seatline/shared/db/store.ts";
import { buildKafkaBroker } from "@seatline/shared/line/kafka-broker.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import { testBroker } from "@seatline/shared/testing/broker.ts";
import type { TestLine } from "@seatline/shared/testing/line.ts";
import { buildReadableLog } from "@seatline/shared/testing/log-lines.ts";
import type { LogLine } from "@seatline/shared/testing/log-lines.ts";

import { Worker } from "../src/worker.ts";

const CONNECTIONS_MAX = 4;
const STATEMENT_TIMEOUT_MS = 2_000;
/** The least that a broker takes as it comes. */
const SESSION_TIMEOUT_MS = 6_000;

export type TestWorker = {
  readonly worker: Worker;
  readonly lines: readonly LogLine[];
  /** Why it wanted its process to end. */
  readonly gaveUp: readonly string[];
  /** What it told with that. */
  readonly errors: readonly unknown[];
  readonly close: () => Promise<void>;
};

type TestWorkerOptions = {
  /** Workers of one group share the partitions; each group gets all of them. */
  readonly group?: string;
  readonly databaseUrl?: string;
  /** Where it publishes to, if that is not the broker that it reads from. */
  readonly publishTo?: readonly string[];
  readonly publishDeadlineMs?: number;
  readonly sessionTimeoutMs?: number;
};

export async function startWorker(
  line: TestLine,
  options: TestWorkerOptions = {},
): Promise<TestWorker> {
  const { log, lines } = buildReadableLog();
  const { group = "worker", databaseUrl = line.database.url, publishDeadlineMs = 5_000 } = options;
  const address = { ...testBroker("test-worker"), log };
  const sql = connectSql({
    url: databaseUrl,
    name: "test-worker",
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const gaveUp: string[] = [];
  const errors: unknown[] = [];
  const reading = buildKafkaBroker(address);
  const sending = buildKafkaBroker({ ...address, brokers: options.publishTo ?? address.brokers });
  const worker = new Worker({
    bounds: BOUNDS,
    host: HOST,
    store: buildStore(sql),
    broker: { ...reading, connectSender: sending.connectSender },
    topics: line.topics,
    log,
    giveUp: (why, error) => {
      gaveUp.push(why);
      errors.push(error);
    },
    groupId: `${line.prefix}.${group}`,
    sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    publishDeadlineMs,
  });
  await worker.run();
  const close = async () => {
    await worker.close();
    await sql.end({ timeout: CLOSE_TIMEOUT_S });
  };
  return { worker, lines, gaveUp, errors, close };
}
