/**
 * Decides where Postgres and Kafka come from and starts them: addresses given from outside, else
 * containers if one really starts, else processes of this machine. The only way in for the
 * supervisor and for tests. Never starts a service of ours.
 */
import { parseInfraMode } from "./infra-mode.ts";
import { composeProjectOf, startCompose } from "./compose-infra.ts";
import { KAFKA_IMAGE, POSTGRES_IMAGE, probeDocker, REAPER_IMAGE } from "./docker-probe.ts";
import { findEmbeddedObstacle, startEmbedded } from "./embedded.ts";
import type { RunningInfra } from "./embedded.ts";
import type { InfraPart } from "./infra-part.ts";
import { REPOSITORY_ROOT, startHomeOf } from "./paths.ts";
import { loadSettings, saveSettings } from "./settings.ts";
import type { ChildState } from "./state-file.ts";
import { startTestContainers } from "./test-containers.ts";
import { startTestHome } from "./test-home.ts";

export type InfraChoice = "external" | "docker" | "embedded";

export type InfrastructureOptions = {
  /** `start` keeps its data in the checkout (or its volumes); `test` leaves nothing behind. */
  readonly purpose: "start" | "test";
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  /** Called whenever a server got another pid or container. */
  readonly onChange?: (child: ChildState) => void;
  readonly signal?: AbortSignal;
  /** The checkout; another one only in tests. */
  readonly root?: string;
};

export type Infrastructure = {
  readonly choice: InfraChoice;
  readonly databaseUrl: string;
  readonly kafkaBrokers: readonly string[];
  /** What can be watched, killed and revived; nothing when it is external. */
  readonly parts: readonly InfraPart[];
  readonly composeProject: string | null;
  close(): Promise<void>;
};

const START_CONNECTIONS_MAX = 100;
/** Test files run side by side, each with pools of its own. */
const TEST_CONNECTIONS_MAX = 200;
/** Who can go on without containers does not wait long for a registry. */
const PULL_TIMEOUT_MS = 60_000;
const PULL_ONLY_WAY_TIMEOUT_MS = 10 * 60_000;
const RESET_HINT = "npm run reset forgets it";

/** Throws one clear sentence when nothing is possible. */
export async function startInfrastructure(options: InfrastructureOptions): Promise<Infrastructure> {
  const mode = parseInfraMode(options.env);
  switch (mode.kind) {
    case "external": {
      const reason = "DATABASE_URL and KAFKA_BROKERS are given";
      return announce(options, { choice: "external", reason, running: asExternal(mode) });
    }
    case "docker":
      return startWithDocker(options, "INFRA=docker");
    case "embedded":
      return startWithEmbedded(options, "INFRA=embedded");
    case "auto":
      return startWithAuto(options);
  }
}

function asExternal(given: {
  readonly databaseUrl: string;
  readonly kafkaBrokers: readonly string[];
}): RunningInfra {
  return { ...given, parts: [], close: () => Promise.resolve() };
}

async function startWithAuto(options: InfrastructureOptions): Promise<Infrastructure> {
  const { env, log } = options;
  const kept = options.purpose === "start" ? loadSettings(homeOf(options)).infra : null;
  const obstacle = await findEmbeddedObstacle(env);
  if (kept === "embedded" && obstacle === undefined) {
    return startWithEmbedded(options, `this checkout's data is there already; ${RESET_HINT}`);
  }
  const docker = await probe(
    options,
    obstacle === undefined ? PULL_TIMEOUT_MS : PULL_ONLY_WAY_TIMEOUT_MS,
  );
  options.signal?.throwIfAborted();
  let dockerObstacle = docker.usable ? "" : docker.reason;
  if (docker.usable) {
    try {
      return await startDocker(options, "a container starts");
    } catch (error) {
      options.signal?.throwIfAborted();
      dockerObstacle = (error as Error).message;
    }
  }
  if (obstacle !== undefined) throw new Error(nothingPossible(dockerObstacle, obstacle));
  if (kept === "docker")
    log("The data of earlier starts stays in Docker's volumes, out of reach now.");
  return startWithEmbedded(options, dockerObstacle);
}

async function startWithDocker(
  options: InfrastructureOptions,
  reason: string,
): Promise<Infrastructure> {
  const docker = await probe(options, PULL_ONLY_WAY_TIMEOUT_MS);
  options.signal?.throwIfAborted();
  if (docker.usable) return startDocker(options, reason);
  throw new Error(
    `INFRA=docker, but ${docker.reason}: install and start Docker, or leave INFRA out.`,
  );
}

async function startWithEmbedded(
  options: InfrastructureOptions,
  reason: string,
): Promise<Infrastructure> {
  const obstacle = await findEmbeddedObstacle(options.env);
  if (obstacle !== undefined) {
    throw new Error(
      `INFRA=embedded, but ${obstacle}: install Java 17 or newer with Maven, or leave INFRA out.`,
    );
  }
  const running = await (options.purpose === "start"
    ? startEmbedded({
        ...common(options),
        folder: homeOf(options),
        connectionsMax: START_CONNECTIONS_MAX,
      })
    : startTestHome({ ...common(options), connectionsMax: TEST_CONNECTIONS_MAX }));
  return announce(options, { choice: "embedded", reason, running });
}

async function startDocker(
  options: InfrastructureOptions,
  reason: string,
): Promise<Infrastructure> {
  const running = await (options.purpose === "start"
    ? startCompose({ ...common(options), folder: homeOf(options), root: rootOf(options) })
    : startTestContainers({ ...common(options), connectionsMax: TEST_CONNECTIONS_MAX }));
  return announce(options, { choice: "docker", reason, running });
}

function probe(
  options: InfrastructureOptions,
  pullTimeoutMs: number,
): ReturnType<typeof probeDocker> {
  const isTest = options.purpose === "test";
  const images = [POSTGRES_IMAGE, KAFKA_IMAGE, ...(isTest ? [REAPER_IMAGE] : [])];
  return probeDocker({ ...common(options), images, pullTimeoutMs, needsCompose: !isTest });
}

function announce(
  options: InfrastructureOptions,
  start: { readonly choice: InfraChoice; readonly reason: string; readonly running: RunningInfra },
): Infrastructure {
  const { choice, reason, running } = start;
  const isStart = options.purpose === "start";
  if (isStart && choice !== "external") saveSettings(homeOf(options), { infra: choice });
  options.log(`Postgres and Kafka: ${choice} (${reason}).`);
  const composeProject = isStart && choice === "docker" ? composeProjectOf(rootOf(options)) : null;
  return { choice, composeProject, ...running };
}

function nothingPossible(docker: string, embedded: string): string {
  return (
    `Seatline needs Postgres and Kafka and cannot run them here: with containers, ${docker}; without, ${embedded}. ` +
    "Install Docker, or Java 17 or newer with Maven, or give DATABASE_URL and KAFKA_BROKERS."
  );
}

function common(options: InfrastructureOptions): {
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly onChange: (child: ChildState) => void;
  readonly signal: AbortSignal | undefined;
} {
  const { env, log, signal, onChange = () => undefined } = options;
  return { env, log, onChange, signal };
}

function rootOf({ root = REPOSITORY_ROOT }: InfrastructureOptions): string {
  return root;
}

function homeOf(options: InfrastructureOptions): string {
  return startHomeOf(rootOf(options)).folder;
}
