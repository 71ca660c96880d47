/**
 * Decides where Postgres and Kafka come from and starts them: addresses given from outside, else
 * containers if one really starts, else processes of this machine. The only way in for the
 * supervisor and for tests. Never starts a service of ours.
 */
import { parseInfraMode } from "./infra-mode.ts";
import { composeProjectOf, startCompose } from "./compose-infra.ts";
import { KAFKA_IMAGE, POSTGRES_IMAGE, REAPER_IMAGE, findDockerObstacle } from "./docker-probe.ts";
import { findEmbeddedObstacle, startEmbedded } from "./embedded.ts";
import { REPOSITORY_ROOT, startHomeOf } from "./paths.ts";
import type { RunningInfra } from "./running-infra.ts";
import { loadSettings, saveSettings } from "./settings.ts";
import type { ChildState } from "./state-file.ts";
import { startTestContainers } from "./test-containers.ts";
import { startTestHome } from "./test-home.ts";

export type InfraChoice = "external" | "docker" | "embedded";

type InfrastructureOptions = {
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

export type Infrastructure = RunningInfra & {
  readonly choice: InfraChoice;
  readonly composeProject: string | null;
};

/** Who can go on without containers does not wait long for a registry. */
const PULL_TIMEOUT_MS = 60_000;
const PULL_ONLY_WAY_TIMEOUT_MS = 10 * 60_000;
const RESET_HINT = "npm run reset forgets it";

/** How each purpose has its servers run. Test files run side by side, each with pools of its own. */
const WAYS = {
  start: { connectionsMax: 100, images: [POSTGRES_IMAGE, KAFKA_IMAGE], needsCompose: true },
  test: {
    connectionsMax: 200,
    images: [POSTGRES_IMAGE, KAFKA_IMAGE, REAPER_IMAGE],
    needsCompose: false,
  },
} as const;

/** Throws one clear sentence when nothing is possible. */
export async function startInfrastructure(options: InfrastructureOptions): Promise<Infrastructure> {
  const mode = parseInfraMode(options.env);
  switch (mode.kind) {
    case "external": {
      const { databaseUrl, kafkaBrokers } = mode;
      const running = { databaseUrl, kafkaBrokers, parts: [], close: () => Promise.resolve() };
      const reason = "DATABASE_URL and KAFKA_BROKERS are given";
      return announce(options, { choice: "external", reason, running });
    }
    case "docker": {
      const obstacle = await findObstacleOfDocker(options, PULL_ONLY_WAY_TIMEOUT_MS);
      if (obstacle === null) return startDocker(options, "INFRA=docker");
      throw new Error(
        `INFRA=docker, but ${obstacle}: install and start Docker, or leave INFRA out.`,
      );
    }
    case "embedded": {
      const obstacle = await findEmbeddedObstacle(options.env);
      if (obstacle === null) return startOnThisMachine(options, "INFRA=embedded");
      throw new Error(
        `INFRA=embedded, but ${obstacle}: install Java 17 or newer with Maven, or leave INFRA out.`,
      );
    }
    case "auto":
      return startWithAuto(options);
  }
}

async function startWithAuto(options: InfrastructureOptions): Promise<Infrastructure> {
  const { env, log, signal } = options;
  const kept = options.purpose === "start" ? loadSettings(homeOf(options)).infra : null;
  const obstacle = await findEmbeddedObstacle(env);
  if (kept === "embedded" && obstacle === null) {
    return startOnThisMachine(options, `this checkout's data is there already; ${RESET_HINT}`);
  }
  let dockerObstacle = await findObstacleOfDocker(
    options,
    obstacle === null ? PULL_TIMEOUT_MS : PULL_ONLY_WAY_TIMEOUT_MS,
  );
  if (dockerObstacle === null) {
    try {
      return await startDocker(options, "a container starts");
    } catch (error) {
      signal?.throwIfAborted();
      dockerObstacle = (error as Error).message;
    }
  }
  if (obstacle !== null) throw new Error(describeNothingPossible(dockerObstacle, obstacle));
  if (kept === "docker")
    log("The data of earlier starts stays in Docker's volumes, out of reach now.");
  return startOnThisMachine(options, dockerObstacle);
}

async function startOnThisMachine(
  options: InfrastructureOptions,
  reason: string,
): Promise<Infrastructure> {
  const { connectionsMax } = WAYS[options.purpose];
  const common = { ...commonOf(options), connectionsMax };
  const running = await (options.purpose === "start"
    ? startEmbedded({ ...common, folder: homeOf(options) })
    : startTestHome(common));
  return announce(options, { choice: "embedded", reason, running });
}

async function startDocker(
  options: InfrastructureOptions,
  reason: string,
): Promise<Infrastructure> {
  const { connectionsMax } = WAYS[options.purpose];
  const common = commonOf(options);
  const running = await (options.purpose === "start"
    ? startCompose({ ...common, folder: homeOf(options), root: rootOf(options) })
    : startTestContainers({ ...common, connectionsMax }));
  return announce(options, { choice: "docker", reason, running });
}

async function findObstacleOfDocker(
  options: InfrastructureOptions,
  pullTimeoutMs: number,
): Promise<string | null> {
  const { images, needsCompose } = WAYS[options.purpose];
  const common = commonOf(options);
  const obstacle = await findDockerObstacle({ ...common, images, pullTimeoutMs, needsCompose });
  options.signal?.throwIfAborted();
  return obstacle;
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

function describeNothingPossible(docker: string, embedded: string): string {
  return (
    `Seatline needs Postgres and Kafka and cannot run them here: with containers, ${docker}; without, ${embedded}. ` +
    "Install Docker, or Java 17 or newer with Maven, or give DATABASE_URL and KAFKA_BROKERS."
  );
}

function commonOf(options: InfrastructureOptions): {
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
