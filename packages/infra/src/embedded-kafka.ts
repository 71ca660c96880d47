/**
 * A real Apache Kafka broker, run with the local Java, as a supervised process.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { KafkaParts } from "./kafka-cache.ts";
import { kafkaArguments, writeServerProperties } from "./kafka-properties.ts";
import { showKafkaLine } from "./log-lines.ts";
import type { ProcessSpec } from "./supervised-process.ts";

type EmbeddedKafkaOptions = {
  /** Holds `kafka/`, made at the first start. */
  readonly folder: string;
  readonly logPath: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly parts: KafkaParts;
};

/** A controlled shutdown takes about a second; what it does not finish, the next start recovers. */
const STOP_TIMEOUT_MS = 10_000;

export async function prepareEmbeddedKafka(options: EmbeddedKafkaOptions): Promise<ProcessSpec> {
  const { folder, logPath, port, controllerPort, parts } = options;
  const home = join(folder, "kafka");
  const dataFolder = join(home, "data");
  await mkdir(home, { recursive: true });
  if (!existsSync(dataFolder)) {
    const draft = `${dataFolder}.draft`;
    await rm(draft, { recursive: true, force: true });
    await cp(parts.templateFolder, draft, { recursive: true });
    await rename(draft, dataFolder);
  }
  const properties = join(home, "server.properties");
  await writeServerProperties(properties, { port, controllerPort, dataFolder });
  return {
    name: "kafka",
    command: parts.java.command,
    args: kafkaArguments(parts, properties),
    env: process.env,
    cwd: home,
    logPath,
    showLine: showKafkaLine,
    stopSignal: "SIGTERM",
    stopTimeoutMs: STOP_TIMEOUT_MS,
  };
}
