/**
 * Whether a broker answers, asked the way our services will ask: through the advertised address.
 */
import { Kafka, logLevel } from "kafkajs";
import { waitUntil } from "./wait-until.ts";
import type { WaitOptions } from "./wait-until.ts";

const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;

/** True when the cluster has a live controller and all brokers can be reached. */
async function isKafkaReady(brokers: readonly string[]): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: "seatline-infra",
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** False at the deadline. */
export function waitForKafka(brokers: readonly string[], options: WaitOptions): Promise<boolean> {
  return waitUntil(() => isKafkaReady(brokers), { intervalMs: 100, ...options });
}
