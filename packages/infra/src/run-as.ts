/**
 * Postgres refuses to run as root. Where we are root (in many containers), this finds another user
 * for it, without making one. Everybody else runs it as themselves.
 */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { runCommand } from "./run-command.ts";

export type RunAs = {
  readonly uid?: number;
  readonly gid?: number;
  /** What goes before the command line. */
  readonly prefix: readonly string[];
};

type Account = { readonly uid: number; readonly gid: number };

/** The users that a system is likely to have, the fitting one first. */
const CANDIDATES = ["postgres", "nobody"] as const;
const LOOKUP_TIMEOUT_MS = 5_000;
const ANYONE_MAY_ENTER = 0o001;

/** The command line with what goes before it. */
export function buildCommand(
  { prefix }: RunAs,
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  const [program, ...before] = prefix;
  if (program === undefined) return { command, args };
  return { command: program, args: [...before, command, ...args] };
}

/** `folders`: all that the program must be able to reach. */
export async function findRunAs(folders: readonly string[]): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const account = await findAccount();
  if (account === undefined) {
    throw new Error(
      "Postgres does not run as root and this system has no user postgres or nobody: start Seatline as a normal user.",
    );
  }
  if (folders.every(canAnyoneReach)) return { ...account, prefix: [] };
  return runAsWithReach(account);
}

/**
 * A checkout below a folder that only root may enter, such as /root: the other user gets the one
 * capability that lets it pass, and nothing else of root's.
 */
async function runAsWithReach({ uid, gid }: Account): Promise<RunAs> {
  const capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  const args = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", ...capability];
  const result = await runCommand("setpriv", [...args, "true"], { timeoutMs: LOOKUP_TIMEOUT_MS });
  if (result.code === 0) return { uid, gid, prefix: ["setpriv", ...args] };
  throw new Error(
    "Postgres does not run as root, and no other user can reach this folder: start Seatline as a normal user, or move the checkout out of root's home.",
  );
}

async function findAccount(): Promise<Account | undefined> {
  for (const name of CANDIDATES) {
    const [uid, gid] = await Promise.all([lookUp("-u", name), lookUp("-g", name)]);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  return undefined;
}

async function lookUp(flag: "-u" | "-g", name: string): Promise<number | undefined> {
  const result = await runCommand("id", [flag, name], { timeoutMs: LOOKUP_TIMEOUT_MS });
  const id = Number.parseInt(result.stdout, 10);
  return result.code === 0 && id > 0 ? id : undefined;
}

function canAnyoneReach(folder: string): boolean {
  let path = resolve(folder);
  for (;;) {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & ANYONE_MAY_ENTER) === 0) return false;
    if (dirname(path) === path) return true;
    path = dirname(path);
  }
}
