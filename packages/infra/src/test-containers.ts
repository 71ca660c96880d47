/**
 * Postgres and Kafka for tests, in containers that a reaper removes even when the test run is killed.
 */
import { randomBytes } from "node:crypto";
import { GenericContainer, Wait, getContainerRuntimeClient, getReaper } from "testcontainers";
import type { StartedTestContainer } from "testcontainers";
import { watchContainer } from "./container-part.ts";
import { KAFKA_IMAGE, POSTGRES_IMAGE } from "./docker-probe.ts";
import { BROKER_SETTINGS } from "./kafka-properties.ts";
import { waitForKafka } from "./kafka-ready.ts";
import { findFreePort } from "./ports.ts";
import { waitForPostgres } from "./postgres-ready.ts";
import {
  DATABASE_NAME,
  DATABASE_USER,
  READY_TIMEOUT_MS,
  buildDatabaseUrl,
} from "./running-infra.ts";
import type { InfraPart, RunningInfra } from "./running-infra.ts";

type TestContainersOptions = {
  readonly connectionsMax: number;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
};

const START_TIMEOUT_MS = 90_000;
/** The engine publishes the ports on every interface, so the password is nobody's to guess. */
const PASSWORD_BYTES = 16;

export async function startTestContainers(options: TestContainersOptions): Promise<RunningInfra> {
  const ports = { postgres: await findFreePort(), kafka: 0 };
  ports.kafka = await findFreePort(undefined, [ports.postgres]);
  const password = randomBytes(PASSWORD_BYTES).toString("hex");
  const databaseUrl = buildDatabaseUrl(ports.postgres, password);
  const kafkaBrokers = [`127.0.0.1:${ports.kafka}`];
  const limits = { timeoutMs: READY_TIMEOUT_MS, signal: options.signal };
  const isUp = {
    postgres: () => waitForPostgres(databaseUrl, limits),
    kafka: () => waitForKafka(kafkaBrokers, limits),
  };
  const started: StartedTestContainer[] = [];
  const watch = new AbortController();
  const close = async (): Promise<void> => {
    watch.abort();
    await Promise.all(started.map((container) => container.stop({ timeout: 0 })));
  };
  const start = async (
    name: InfraPart["name"],
    description: GenericContainer,
  ): Promise<InfraPart> => {
    const container = await description.withStartupTimeout(START_TIMEOUT_MS).start();
    started.push(container);
    if (!(await isUp[name]())) throw new Error(`the container of ${name} does not answer`);
    const place = { container: container.getName().replace(/^\//, ""), port: ports[name] };
    const { env, log } = options;
    return watchContainer({ name, ...place, isUp: isUp[name], env, log, signal: watch.signal });
  };
  // Two containers at once would each start a reaper.
  await getReaper(await getContainerRuntimeClient());
  const starts = [
    start("postgres", describePostgres({ ...options, port: ports.postgres, password })),
    start("kafka", describeKafka(ports.kafka)),
  ];
  try {
    return { databaseUrl, kafkaBrokers, parts: await Promise.all(starts), close };
  } catch (error) {
    await Promise.allSettled(starts);
    await close();
    throw error;
  }
}

/** Fixed host ports: what a container gets at random is another one after it was killed and revived. */
function describePostgres(options: {
  readonly port: number;
  readonly password: string;
  readonly connectionsMax: number;
}): GenericContainer {
  const { port, password, connectionsMax } = options;
  return new GenericContainer(POSTGRES_IMAGE)
    .withEnvironment({
      POSTGRES_USER: DATABASE_USER,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: DATABASE_NAME,
    })
    .withCommand(["postgres", "-c", `max_connections=${connectionsMax}`])
    .withExposedPorts({ container: 5432, host: port })
    .withWaitStrategy(Wait.forListeningPorts());
}

/** Clients return to the address that the broker advertises, so it must be the one on this side. */
function describeKafka(port: number): GenericContainer {
  const settings = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": "1@localhost:9093",
    "controller.listener.names": "CONTROLLER",
    listeners: "PLAINTEXT://:9092,CONTROLLER://:9093",
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    ...BROKER_SETTINGS,
  };
  const environment = Object.entries(settings).map(([key, value]) => [
    `KAFKA_${key.toUpperCase().replaceAll(".", "_")}`,
    value,
  ]);
  return new GenericContainer(KAFKA_IMAGE)
    .withEnvironment({ ...Object.fromEntries(environment), KAFKA_HEAP_OPTS: "-Xms256m -Xmx512m" })
    .withExposedPorts({ container: 9092, host: port })
    .withWaitStrategy(Wait.forListeningPorts());
}
