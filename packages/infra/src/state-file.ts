/**
 * What is running now, as a file for those outside: the next start that cleans up after a crash, and
 * the scripts that kill a worker or a broker on purpose. Written whole or not at all.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { REPOSITORY_ROOT } from "./paths.ts";
import { identifyProcess, parseIdentity } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export type ChildState = {
  readonly name: string;
  /** Null while it is down, and always for a container. */
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly port: number | null;
  readonly container: string | null;
};

export function childStateOf(
  name: string,
  identity: ProcessIdentity | undefined,
  place: { readonly port?: number | null; readonly container?: string | null } = {},
): ChildState {
  const { port = null, container = null } = place;
  const { pid = null, startedAt = null } = identity ?? {};
  return { name, pid, startedAt, port, container };
}

export type RunState = {
  readonly supervisorPid: number;
  readonly supervisorStartedAt: string;
  readonly warden: ProcessIdentity | null;
  /** The checkout. */
  readonly root: string;
  /** It has been told to stop: whoever wants its place need only wait. */
  readonly isStopping: boolean;
  readonly url: string | null;
  readonly composeProject: string | null;
  readonly children: readonly ChildState[];
};

/** The state of this very process, kept current on disk. */
export class RunStateFile {
  readonly path: string;
  #state: RunState;
  #isRemoved = false;

  constructor(path: string, known: Partial<RunState> = {}) {
    this.path = path;
    this.#state = {
      supervisorPid: process.pid,
      supervisorStartedAt: identifyProcess(process.pid)?.startedAt ?? "",
      warden: null,
      root: REPOSITORY_ROOT,
      isStopping: false,
      url: null,
      composeProject: null,
      children: [],
      ...known,
    };
    this.#write();
  }

  update(change: Partial<RunState>): void {
    this.#state = { ...this.#state, ...change };
    this.#write();
  }

  /** Puts `child` in the place of the one with its name. */
  setChild(child: ChildState): void {
    const others = this.#state.children.filter(({ name }) => name !== child.name);
    this.update({ children: [...others, child] });
  }

  /** A process that ends late must not bring the file back. */
  remove(): void {
    this.#isRemoved = true;
    removeState(this.path);
  }

  #write(): void {
    if (this.#isRemoved) return;
    const draft = `${this.path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(this.#state, null, 2)}\n`);
    renameSync(draft, this.path);
  }
}

/** Undefined when there is none, or none that can be read: then nothing is known to run. */
export function readState(path: string): RunState | undefined {
  try {
    const state: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRunState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

export function removeState(path: string): void {
  rmSync(path, { force: true });
}

/** The children that are processes, with what is needed to know them again. */
export function childProcessesOf(
  state: RunState,
): { readonly name: string; readonly identity: ProcessIdentity }[] {
  return state.children.flatMap((child) => {
    const identity = parseIdentity(child);
    return identity === undefined ? [] : [{ name: child.name, identity }];
  });
}

function isRunState(value: unknown): value is RunState {
  if (typeof value !== "object" || value === null) return false;
  return (
    "supervisorPid" in value &&
    typeof value.supervisorPid === "number" &&
    "children" in value &&
    Array.isArray(value.children) &&
    value.children.every((child) => typeof child === "object" && child !== null && "name" in child)
  );
}
