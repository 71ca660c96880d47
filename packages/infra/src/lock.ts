/**
 * A lock that says who holds it, and that a crashed holder does not keep: a folder in which every
 * contender puts one file named after itself. Never judges by age.
 */
import { randomInt } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isSameProcessAlive } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export type LockAttempt =
  | { readonly held: true; readonly release: () => void }
  | { readonly held: false; readonly holder: ProcessIdentity };

type Claim = { readonly holder: ProcessIdentity; readonly isHeld: boolean };

/** Contenders that met step back for a random time; after so many meetings the others win. */
const ATTEMPTS_MAX = 40;
const STEP_BACK_MIN_MS = 2;
const STEP_BACK_MAX_MS = 50;
const HELD_MARK = "held";

/**
 * Takes the lock, or says who has it. Whoever finds no other living claim after having put down its
 * own holds the lock: of two, the one that came second must see the first one's claim. One file that
 * all share, taken over when its holder is dead, cannot do this: between looking and taking over,
 * somebody else's fresh lock is taken away.
 */
export async function acquireLock(folder: string): Promise<LockAttempt> {
  const me = identifyProcess(process.pid);
  if (me === undefined) throw new Error("This process cannot find itself in the process table.");
  mkdirSync(folder, { recursive: true });
  const own = join(folder, nameOf(me));
  for (let attempt = 1; ; attempt++) {
    if (!putClaim(own)) return { held: false, holder: me };
    const others = readClaims(folder).filter(({ holder }) => holder.pid !== me.pid);
    const [rival] = others.toSorted((a, b) => Number(b.isHeld) - Number(a.isHeld));
    if (rival === undefined) {
      writeFileSync(own, HELD_MARK);
      return { held: true, release: () => rmSync(own, { force: true }) };
    }
    rmSync(own, { force: true });
    if (rival.isHeld || attempt === ATTEMPTS_MAX) return { held: false, holder: rival.holder };
    await delay(randomInt(STEP_BACK_MIN_MS, STEP_BACK_MAX_MS));
  }
}

/** False when this very process has claimed it already. */
function putClaim(path: string): boolean {
  try {
    writeFileSync(path, "", { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The claims of the living; those of the dead are removed, which is safe as no name comes twice. */
function readClaims(folder: string): Claim[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const holder = parseName(name);
    if (holder !== undefined && isSameProcessAlive(holder)) {
      return [{ holder, isHeld: readMark(path) === HELD_MARK }];
    }
    rmSync(path, { force: true });
    return [];
  });
}

function readMark(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // It was withdrawn meanwhile.
  }
}

function nameOf({ pid, startedAt }: ProcessIdentity): string {
  return `${pid}-${encodeURIComponent(startedAt)}`;
}

function parseName(name: string): ProcessIdentity | undefined {
  const match = /^(\d+)-(.+)$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { pid: Number(match[1]), startedAt: decodeURIComponent(match[2]) };
}
