/**
 * Where things lie: the checkout, what `npm start` keeps in it, and the cache that all checkouts of
 * a user share. Only names; nothing is made here.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export const REPOSITORY_ROOT = resolve(import.meta.dirname, "../../..");
export const INFRA_PACKAGE_ROOT = resolve(import.meta.dirname, "..");

/** Of a folder with servers in it: Postgres may run as another user, who must get through to its own. */
export const PASSABLE_MODE = 0o711;

/** What `npm start` keeps between starts, and what `npm run reset` wipes. */
export type StartHome = {
  readonly folder: string;
  readonly lock: string;
  readonly state: string;
  readonly logs: string;
};

export function startHomeOf(root: string): StartHome {
  const folder = join(root, ".seatline");
  return {
    folder,
    lock: join(folder, "lock"),
    state: join(folder, "state.json"),
    logs: join(folder, "logs"),
  };
}

export function cacheFolderOf(env: NodeJS.ProcessEnv): string {
  const base = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
  return join(base, "seatline");
}
