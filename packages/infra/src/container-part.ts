/**
 * A running container as a part of the infrastructure: watched, started again when it dies, killed
 * and revived on demand. Never makes nor removes a container.
 */
import { setTimeout as delay } from "node:timers/promises";
import { nextRestartIndex, restartDelayMs } from "./backoff.ts";
import { lastWords, runCommand } from "./run-command.ts";
import type { CommandResult } from "./run-command.ts";
import { READY_TIMEOUT_MS } from "./running-infra.ts";
import type { InfraPart } from "./running-infra.ts";

type ContainerOptions = {
  readonly name: InfraPart["name"];
  readonly container: string;
  readonly isUp: () => Promise<boolean>;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
};

const COMMAND_TIMEOUT_MS = 30_000;
/** `docker wait` lasts as long as the container; this is the longest a timer can. */
const WATCH_TIMEOUT_MS = 2 ** 31 - 1;

export function watchContainer(options: ContainerOptions): InfraPart {
  const { name, container, isUp } = options;
  let isHeld = false;
  void keepUp(options, () => isHeld);
  return {
    name,
    kill: async () => {
      isHeld = true;
      await expectDone(docker(options, ["kill", "--signal", "KILL", container]));
    },
    revive: async () => {
      await expectDone(docker(options, ["start", container]));
      isHeld = false;
      if (await isUp()) return;
      throw new Error(`${container} did not answer within ${READY_TIMEOUT_MS / 1_000} s`);
    },
    freeze: () => expectDone(docker(options, ["pause", container])),
    wake: () => expectDone(docker(options, ["unpause", container])),
    // A limit as of a process is not in reach there, and a small disk would be gone with its container.
    fillDisk: null,
  };
}

/** An engine's own restart policy does not cover a `docker kill`; this does. */
async function keepUp(options: ContainerOptions, isHeld: () => boolean): Promise<void> {
  const { name, container, log, signal } = options;
  let restartIndex = 0;
  while (!signal.aborted) {
    const startedAt = performance.now();
    const end = await docker(options, ["wait", container], WATCH_TIMEOUT_MS);
    const wasHeld = isHeld();
    const waitMs = restartDelayMs(restartIndex);
    restartIndex = nextRestartIndex(restartIndex, performance.now() - startedAt);
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || wasHeld || isHeld()) continue;
    log(`[${name}] its container ended (${lastWords(end)}); starting it again`);
    await docker(options, ["start", container]);
  }
}

function docker(
  { env, signal }: ContainerOptions,
  args: readonly string[],
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<CommandResult> {
  return runCommand("docker", args, { timeoutMs, env, signal });
}

async function expectDone(command: Promise<CommandResult>): Promise<void> {
  const result = await command;
  if (result.code !== 0) throw new Error(`Docker refused: ${lastWords(result)}`);
}
