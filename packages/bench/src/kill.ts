/** Kills a part of the running system, without warning, and makes sure that it is dead. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

import {
  isSameProcessAlive,
  parseIdentity,
  signalProcess,
} from "@seatline/infra/process-identity.ts";
import type { RunState } from "@seatline/infra/state-file.ts";

import type { KillPlan } from "./options.ts";

/** Who is killed, said before anything else happens, so that a wrong wish costs no run. */
export type Victim = {
  readonly name: string;
  /** Resolves when it is dead; throws one sentence if it could not be killed. */
  readonly kill: () => Promise<void>;
};

const NAMES = { worker: "booking-worker", broker: "kafka" } as const;
const GONE_MAX_MS = 5_000;
const GONE_POLL_MS = 2;
const COMMAND_MAX_MS = 60_000;

/** Throws one sentence if there is nobody to kill. */
export function findVictim(plan: KillPlan, running: Pick<RunState, "children"> | null): Victim {
  if (plan.kind === "command") {
    const { command } = plan;
    return {
      name: `what \`${command}\` kills`,
      kill: () => runCommand("/bin/sh", ["-c", command]),
    };
  }
  const name = NAMES[plan.part];
  if (running === null) {
    throw new Error(
      `--kill ${plan.part} finds its victim by what npm start noted of its processes, and none from this checkout serves that address; say it with --kill-command.`,
    );
  }
  const child = running.children.find((child) => child.name === name);
  const identity = parseIdentity(child);
  if (identity !== undefined) {
    return { name: `${name} (pid ${identity.pid})`, kill: () => killProcess(name, identity) };
  }
  const { container = null } = child ?? {};
  if (container === null) {
    throw new Error(`--kill ${plan.part}: ${name} is not run by npm start here, or is down.`);
  }
  const args = ["kill", "--signal", "KILL", container];
  return { name: `${name} (container ${container})`, kill: () => runCommand("docker", args) };
}

async function killProcess(
  name: string,
  identity: { readonly pid: number; readonly startedAt: string },
): Promise<void> {
  if (!signalProcess(identity, "SIGKILL")) throw new Error(`${name} was not running any more`);
  const deadline = performance.now() + GONE_MAX_MS;
  while (isSameProcessAlive(identity)) {
    if (performance.now() > deadline) throw new Error(`${name} did not die`);
    await pause(GONE_POLL_MS);
  }
}

/** Its last words go to the terminal. What it leaves running in the background is not waited for. */
async function runCommand(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: COMMAND_MAX_MS,
    killSignal: "SIGKILL",
  });
  const [code, signal] = await once(child, "exit");
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code ?? signal}`);
}
