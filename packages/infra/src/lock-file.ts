/**
 * A lock that is a file with the identity of its holder, so that a crashed holder's lock is seen as
 * free. Never waits by itself and never judges by age.
 */
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { identifyProcess, isSameProcessAlive, parseIdentity } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export type LockAttempt =
  | { readonly held: true; readonly release: () => void }
  | { readonly held: false; readonly holder: ProcessIdentity };

/** Someone may take over a dead lock at the same moment as we do; then we look once more. */
const attemptsMax = 20;

/** Takes the lock at `path`, or says who holds it. */
export function acquireLock(path: string): LockAttempt {
  const me = identifyProcess(process.pid);
  if (me === undefined) throw new Error("This process cannot find itself in the process table.");
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify(me), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (linkExclusively(own, path)) return { held: true, release: () => releaseLock(path, me) };
      const holder = readHolder(path);
      if (holder !== undefined && isSameProcessAlive(holder)) return { held: false, holder };
      removeDeadLock(path);
    }
    throw new Error(`The lock ${path} could not be taken; delete the file if nothing is running.`);
  } finally {
    rmSync(own, { force: true });
  }
}

/** Who holds the lock at this moment, if anybody alive does. */
export function findLockHolder(path: string): ProcessIdentity | undefined {
  const holder = readHolder(path);
  return holder !== undefined && isSameProcessAlive(holder) ? holder : undefined;
}

/** A link is made whole or not at all: nobody ever reads a half-written lock. */
function linkExclusively(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Moved aside first and read again there: between our look and our hand another process may have
 * taken the dead lock over, and that one must get its lock back.
 */
function removeDeadLock(path: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const holder = readHolder(aside);
  if (holder !== undefined && isSameProcessAlive(holder)) linkExclusively(aside, path);
  rmSync(aside, { force: true });
}

function releaseLock(path: string, me: ProcessIdentity): void {
  const holder = readHolder(path);
  if (holder?.pid === me.pid && holder.startedAt === me.startedAt) rmSync(path, { force: true });
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    return parseIdentity(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
