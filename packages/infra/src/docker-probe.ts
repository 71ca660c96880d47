/**
 * Whether Docker can really be used: an engine that answers may still have no images and no way to
 * get them. So the answer is known only after a container has run. Never leaves anything behind.
 */
import { lastWords, runCommand } from "./run-command.ts";
import type { CommandResult } from "./run-command.ts";

type ProbeOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly images: readonly string[];
  /** How long pulling may take; somebody who has another way does not wait long. */
  readonly pullTimeoutMs: number;
  readonly needsCompose: boolean;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
};

export const POSTGRES_IMAGE = "postgres:18-bookworm";
export const KAFKA_IMAGE = "apache/kafka:4.3.1";
/** The one that this version of testcontainers asks for; it removes what a killed test run left. */
export const REAPER_IMAGE = "testcontainers/ryuk:0.14.0";

const ANSWER_TIMEOUT_MS = 3_000;
const INSPECT_TIMEOUT_MS = 5_000;
const RUN_TIMEOUT_MS = 20_000;

/** A sentence's end that says why Docker cannot be used, or null when a container has run. */
export async function findDockerObstacle(options: ProbeOptions): Promise<string | null> {
  const { env, images, needsCompose, pullTimeoutMs, log, signal } = options;
  const docker = (args: string[], timeoutMs: number): Promise<CommandResult> =>
    runCommand("docker", args, { timeoutMs, env, signal });

  const engine = await docker(["version", "--format", "{{.Server.Version}}"], ANSWER_TIMEOUT_MS);
  if (engine.missing) return "Docker is not installed";
  if (engine.code !== 0) return "no Docker engine answers";
  if (needsCompose && (await docker(["compose", "version"], ANSWER_TIMEOUT_MS)).code !== 0) {
    return "Docker has no compose plugin";
  }
  for (const image of images) {
    if ((await docker(["image", "inspect", image], INSPECT_TIMEOUT_MS)).code === 0) continue;
    log(`Fetching the image ${image} …`);
    const pull = await docker(["pull", "--quiet", image], pullTimeoutMs);
    signal?.throwIfAborted();
    if (pull.code === 0) continue;
    return `the image ${image} cannot be had (${lastWords(pull)})`;
  }
  const [image = POSTGRES_IMAGE] = images;
  const isolated = ["--rm", "--network", "none", "--entrypoint", "true"];
  const run = await docker(["run", ...isolated, image], RUN_TIMEOUT_MS);
  if (run.code === 0) return null;
  return `no container starts (${lastWords(run)})`;
}
