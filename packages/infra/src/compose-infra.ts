/**
 * Postgres and Kafka for `npm start` as the compose file's own two services, in a project of this
 * checkout's own. Their data stays in the project's volumes. Never touches the file's other services.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { watchContainer } from "./container-part.ts";
import { waitForKafka } from "./kafka-ready.ts";
import { findFreePort } from "./ports.ts";
import { waitForPostgres } from "./postgres-ready.ts";
import { lastWords, runCommand } from "./run-command.ts";
import type { CommandResult } from "./run-command.ts";
import { loadSettings, saveSettings } from "./settings.ts";
import { childStateOf } from "./state-file.ts";
import type { ChildState } from "./state-file.ts";
import { READY_TIMEOUT_MS, buildDatabaseUrl } from "./running-infra.ts";
import type { InfraPart, RunningInfra } from "./running-infra.ts";

type ComposeOptions = {
  readonly root: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly onChange: (child: ChildState) => void;
  readonly signal: AbortSignal | undefined;
};

const UP_TIMEOUT_MS = 180_000;
const DOWN_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_S = 15;

/** Two checkouts on one machine must not share a database. */
export function composeProjectOf(root: string): string {
  return `seatline-${createHash("sha256").update(root).digest("hex").slice(0, 8)}`;
}

export async function startCompose(options: ComposeOptions): Promise<RunningInfra> {
  const { root, folder, signal } = options;
  const project = composeProjectOf(root);
  const { password, ports: last } = loadSettings(folder);
  // What an earlier, killed start left running holds its ports: they are not free, but ours.
  await removeComposeProject(root, { env: options.env });
  const ports = { postgres: await findFreePort(last["postgres"]), kafka: 0 };
  ports.kafka = await findFreePort(last["kafka"], [ports.postgres]);
  saveSettings(folder, { ports });
  const env = {
    ...options.env,
    POSTGRES_PASSWORD: password,
    POSTGRES_PORT: String(ports.postgres),
    KAFKA_PORT: String(ports.kafka),
  };
  const compose = composeCommand(root, { env, signal });
  const databaseUrl = buildDatabaseUrl(ports.postgres, password);
  const kafkaBrokers = [`127.0.0.1:${ports.kafka}`];
  const close = async (): Promise<void> => {
    watch.abort();
    await removeComposeProject(root, { env });
  };
  const watch = new AbortController();
  try {
    const up = await compose(["up", "--detach", "--wait", "postgres", "kafka"], UP_TIMEOUT_MS);
    signal?.throwIfAborted();
    if (up.code !== 0) throw new Error(`the containers did not start (${lastWords(up)})`);
    const limits = { timeoutMs: READY_TIMEOUT_MS, signal };
    const isUp = {
      postgres: () => waitForPostgres(databaseUrl, limits),
      kafka: () => waitForKafka(kafkaBrokers, limits),
    };
    const parts = await Promise.all(
      (["postgres", "kafka"] as const).map(async (name): Promise<InfraPart> => {
        if (!(await isUp[name]())) throw new Error(`the container of ${name} does not answer`);
        const container = `${project}-${name}-1`;
        options.onChange(childStateOf(name, undefined, { port: ports[name], container }));
        return watchContainer({
          name,
          container,
          isUp: isUp[name],
          env,
          log: options.log,
          signal: watch.signal,
        });
      }),
    );
    return { databaseUrl, kafkaBrokers, parts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes the project's containers and network; with `withVolumes` also its data. */
export async function removeComposeProject(
  root: string,
  { env, withVolumes = false }: { readonly env: NodeJS.ProcessEnv; readonly withVolumes?: boolean },
): Promise<CommandResult> {
  const args = ["down", "--timeout", String(STOP_TIMEOUT_S), ...(withVolumes ? ["--volumes"] : [])];
  return composeCommand(root, { env, signal: undefined })(args, DOWN_TIMEOUT_MS);
}

type Compose = (args: readonly string[], timeoutMs: number) => Promise<CommandResult>;

function composeCommand(
  root: string,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal | undefined },
): Compose {
  const file = join(root, "docker-compose.yml");
  const fixed = ["compose", "--project-name", composeProjectOf(root), "--file", file];
  return (args, timeoutMs) =>
    runCommand("docker", [...fixed, ...args], { timeoutMs, env, cwd: root, signal });
}
