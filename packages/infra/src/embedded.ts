/**
 * Postgres and Kafka as processes of this machine, both at once, in one folder. Remembers ports and
 * the password in that folder's settings, so that the next start finds the same addresses.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { prepareEmbeddedKafka } from "./embedded-kafka.ts";
import { findPostgresObstacle, prepareEmbeddedPostgres } from "./embedded-postgres.ts";
import { findJava } from "./java.ts";
import { canHaveKafka, prepareKafkaParts } from "./kafka-cache.ts";
import { waitForKafka } from "./kafka-ready.ts";
import { PASSABLE_MODE, cacheFolderOf } from "./paths.ts";
import { findFreePort } from "./ports.ts";
import { listFamily } from "./process-identity.ts";
import { lastWords, runCommand } from "./run-command.ts";
import { ensureDatabase, maintenanceUrlOf, waitForPostgres } from "./postgres-ready.ts";
import { READY_TIMEOUT_MS, buildDatabaseUrl } from "./running-infra.ts";
import type { InfraPart, RunningInfra } from "./running-infra.ts";
import { loadSettings, saveSettings } from "./settings.ts";
import { childStateOf } from "./state-file.ts";
import type { ChildState } from "./state-file.ts";
import { SupervisedProcess } from "./supervised-process.ts";
import type { ProcessSpec } from "./supervised-process.ts";

const COMMAND_TIMEOUT_MS = 10_000;
/** A server that has noticed nothing by then is killed. */
const FULL_DISK_MAX_MS = 15_000;

export type EmbeddedOptions = {
  /** Where data, settings and logs lie. */
  readonly folder: string;
  readonly connectionsMax: number;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  /** A server got another pid. */
  readonly onChange: (child: ChildState) => void;
  readonly signal: AbortSignal | undefined;
};

/** A sentence's end that says what is missing, or null when it can be tried. */
export async function findEmbeddedObstacle(env: NodeJS.ProcessEnv): Promise<string | null> {
  const java = await findJava(env);
  if ("obstacle" in java) return java.obstacle;
  if (!(await canHaveKafka(cacheFolderOf(env), env))) return "Maven was not found to fetch Kafka";
  return findPostgresObstacle();
}

/** Starts both and resolves when both answer. What was started is stopped again if it fails. */
export async function startEmbedded(options: EmbeddedOptions): Promise<RunningInfra> {
  const { folder, log, signal, onChange } = options;
  await mkdir(join(folder, "logs"), { recursive: true, mode: PASSABLE_MODE });
  const { ports, password } = await chooseAddresses(folder);
  const databaseUrl = buildDatabaseUrl(ports.postgres, password);
  const kafkaBrokers = [`127.0.0.1:${ports.kafka}`];
  const processes: SupervisedProcess[] = [];
  const run = async (spec: ProcessSpec, port: number): Promise<SupervisedProcess> => {
    signal?.throwIfAborted();
    const process = new SupervisedProcess(spec, {
      log,
      onChange: (identity) => onChange(childStateOf(spec.name, identity, { port })),
    });
    processes.push(process);
    await process.start();
    return process;
  };
  const close = async (): Promise<void> => {
    await Promise.all(processes.map((process) => process.stop()));
  };
  const tasks = [
    startPostgres({ ...options, port: ports.postgres, password, databaseUrl, run }),
    startKafka({ ...options, ports, kafkaBrokers, run }),
  ];
  try {
    return { databaseUrl, kafkaBrokers, parts: await Promise.all(tasks), close };
  } catch (error) {
    // The other one may be on its way still: nothing may be started after the last stop.
    await Promise.all([close(), ...tasks.map((task) => task.catch(() => undefined))]);
    await close();
    throw error;
  }
}

type Run = (spec: ProcessSpec, port: number) => Promise<SupervisedProcess>;

async function startPostgres(
  job: EmbeddedOptions & {
    readonly port: number;
    readonly password: string;
    readonly databaseUrl: string;
    readonly run: Run;
  },
): Promise<InfraPart> {
  const { folder, signal, databaseUrl } = job;
  const logPath = join(folder, "logs", "postgres.log");
  const server = await job.run(await prepareEmbeddedPostgres({ ...job, logPath }), job.port);
  const isReady = (): Promise<boolean> =>
    waitForPostgres(maintenanceUrlOf(databaseUrl), { timeoutMs: READY_TIMEOUT_MS, signal });
  await expectReady(server, isReady);
  await ensureDatabase(databaseUrl);
  return partOf("postgres", { server, isReady: () => isReady() });
}

async function startKafka(
  job: EmbeddedOptions & {
    readonly ports: { readonly kafka: number; readonly kafkaController: number };
    readonly kafkaBrokers: readonly string[];
    readonly run: Run;
  },
): Promise<InfraPart> {
  const { folder, env, log, signal, ports } = job;
  const java = await findJava(env);
  if ("obstacle" in java) throw new Error(`Kafka cannot be started: ${java.obstacle}.`);
  const cache = { folder: cacheFolderOf(env), java, env, log, signal };
  const spec = await prepareEmbeddedKafka({
    folder,
    logPath: join(folder, "logs", "kafka.log"),
    port: ports.kafka,
    controllerPort: ports.kafkaController,
    parts: await prepareKafkaParts(cache),
  });
  const server = await job.run(spec, ports.kafka);
  const isReady = (): Promise<boolean> =>
    waitForKafka(job.kafkaBrokers, { timeoutMs: READY_TIMEOUT_MS, signal });
  await expectReady(server, isReady);
  return partOf("kafka", { server, isReady });
}

function partOf(
  name: InfraPart["name"],
  { server, isReady }: { server: SupervisedProcess; isReady: () => Promise<boolean> },
): InfraPart {
  return {
    name,
    kill: () => server.kill(),
    revive: async () => {
      await server.start();
      await expectReady(server, isReady);
    },
    freeze: () => signalFamily(server, "SIGSTOP"),
    wake: () => signalFamily(server, "SIGCONT"),
    fillDisk: process.platform === "linux" ? () => fillDisk(server) : null,
  };
}

/** Each backend of Postgres leads a group of its own, so a signal to the server's group would not reach it. */
function signalFamily({ identity }: SupervisedProcess, signal: NodeJS.Signals): Promise<void> {
  for (const pid of identity === undefined ? [] : listFamily(identity.pid)) {
    try {
      process.kill(pid, signal);
    } catch {
      // One that has just ended.
    }
  }
  return Promise.resolve();
}

/** No byte may be added to any file, which is what a full disk comes to; it holds for this one process. */
async function fillDisk(server: SupervisedProcess): Promise<void> {
  const gone = server.untilGone();
  const pid = String(server.identity?.pid);
  const limits = { timeoutMs: COMMAND_TIMEOUT_MS };
  const result = await runCommand("prlimit", ["--pid", pid, "--fsize=0"], limits);
  if (result.code !== 0) throw new Error(`prlimit refused: ${lastWords(result)}`);
  const late = setTimeout(() => void server.kill(), FULL_DISK_MAX_MS);
  await gone;
  clearTimeout(late);
}

async function expectReady(
  server: SupervisedProcess,
  isReady: () => Promise<boolean>,
): Promise<void> {
  if (await isReady()) return;
  const last = server.lastLines.at(-1) ?? "nothing in its log";
  throw new Error(
    `${server.name} did not answer within ${READY_TIMEOUT_MS / 1_000} s (${last}); see ${server.spec.logPath}`,
  );
}

async function chooseAddresses(folder: string): Promise<{
  readonly password: string;
  readonly ports: {
    readonly postgres: number;
    readonly kafka: number;
    readonly kafkaController: number;
  };
}> {
  const { password, ports: last } = loadSettings(folder);
  const postgres = await findFreePort(last["postgres"]);
  const kafka = await findFreePort(last["kafka"], [postgres]);
  const kafkaController = await findFreePort(last["kafkaController"], [postgres, kafka]);
  const ports = { postgres, kafka, kafkaController };
  saveSettings(folder, { ports });
  return { password, ports };
}
