/**
 * Forgets everything that `npm start` has kept for this checkout: data, secrets, logs, and the
 * volumes of its containers. Refuses while a start is running.
 */
import { rmSync } from "node:fs";
import { composeProjectOf, removeComposeProject } from "./compose-infra.ts";
import { startHomeOf } from "./paths.ts";
import { claimCheckout } from "./remains.ts";
import { lastWords, runCommand } from "./run-command.ts";
import { loadSettings } from "./settings.ts";

type ResetOptions = {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
};

const LIST_TIMEOUT_MS = 10_000;

export async function resetCheckout({ root, env, log }: ResetOptions): Promise<void> {
  const home = startHomeOf(root);
  const release = await claimCheckout({ root, home, env, log });
  try {
    await removeVolumes({ root, env, log });
    rmSync(home.folder, { recursive: true, force: true });
    log("Everything that npm start had kept is gone.");
  } finally {
    release();
  }
}

/** Also finds volumes whose checkout was wiped by hand before. */
async function removeVolumes({ root, env, log }: ResetOptions): Promise<void> {
  const label = `label=com.docker.compose.project=${composeProjectOf(root)}`;
  const args = ["volume", "ls", "--quiet", "--filter", label];
  const list = await runCommand("docker", args, { timeoutMs: LIST_TIMEOUT_MS, env });
  if (list.code !== 0) {
    if (loadSettings(startHomeOf(root).folder).infra !== "docker") return;
    throw new Error("The data is in Docker's volumes and Docker does not answer: start it first.");
  }
  if (list.stdout.trim() === "") return;
  const removal = await removeComposeProject(root, { env, withVolumes: true });
  if (removal.code !== 0) {
    throw new Error(`Docker did not remove the volumes: ${lastWords(removal)}`);
  }
  log("Docker's volumes of this checkout are removed.");
}
