/**
 * How an embedded broker is set up: one KRaft node on the loopback, small, and strict where the
 * project relies on it. Never starts anything.
 */
import { statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { INFRA_PACKAGE_ROOT } from "./paths.ts";

type BrokerPlace = {
  readonly port: number;
  readonly controllerPort: number;
  readonly dataFolder: string;
};

/**
 * What all our brokers have in common, containers included.
 * - Topics are made by the migrate step alone: a typing error must not make one.
 * - Groups form at once and may notice a dead worker in less than the 6 s that are Kafka's own least.
 * - A broker that was killed may come back only when its old session has ended: Kafka's own 9 s would
 *   be 9 s of standing still. Broker and controller are one process, so a pause delays both alike.
 * - One node can hold one copy of Kafka's own topics. Eight partitions are enough for a few groups.
 */
export const BROKER_SETTINGS = {
  "auto.create.topics.enable": "false",
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "1000",
  "broker.session.timeout.ms": "3000",
  "broker.heartbeat.interval.ms": "500",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "8",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
} as const;

/** Resident about 380 MB in all. */
const KAFKA_HEAP_OPTIONS = ["-Xms256m", "-Xmx512m"] as const;

const LOG_SETTINGS_PATH = join(INFRA_PACKAGE_ROOT, "kafka", "log4j2.properties");

export async function writeServerProperties(path: string, place: BrokerPlace): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, formatServerProperties(place));
}

export function formatServerProperties({ port, controllerPort, dataFolder }: BrokerPlace): string {
  const settings: Record<string, string> = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": dataFolder,
    ...BROKER_SETTINGS,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  return `${lines.join("\n")}\n`;
}

/** The arguments of `java`; Kafka's own start script gives about the same. */
export function kafkaArguments(
  { classPath, classArchive }: { readonly classPath: string; readonly classArchive: string },
  properties: string,
): string[] {
  return [
    ...KAFKA_HEAP_OPTIONS,
    ...(isUsableArchive(classArchive) ? [`-XX:SharedArchiveFile=${classArchive}`] : []),
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dlog4j2.disable.jmx=true",
    `-Dlog4j2.configurationFile=${LOG_SETTINGS_PATH}`,
    "-cp",
    classPath,
    "kafka.Kafka",
    properties,
  ];
}

/** An empty one says that making it did not work out. */
function isUsableArchive(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
