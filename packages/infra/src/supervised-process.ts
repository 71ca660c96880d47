/**
 * Keeps one child process running: starts it, writes its log, starts it again with a growing wait
 * when it dies, stops it with a deadline. Never decides what runs nor in which order.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { nextRestartIndex, restartDelayMs } from "./backoff.ts";
import { LogFile } from "./log-file.ts";
import { createLineSplitter } from "./log-lines.ts";
import type { ShowLine } from "./log-lines.ts";
import { identifyProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export type ProcessSpec = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly logPath: string;
  readonly showLine: ShowLine;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
  /** An exit with this code will not get better by trying again. */
  readonly finalExitCode?: number;
  /** Its channel to us closes when we die: a process that listens stops by itself then. */
  readonly hasChannel?: boolean;
  /** Runs before every start, also before a restart: clears what a crash left behind. */
  readonly prepare?: () => Promise<void>;
};

type ProcessEvents = {
  readonly log: (line: string) => void;
  /** The process or its pid changed: whoever writes the state file does it now. */
  readonly onChange: (identity: ProcessIdentity | undefined) => void;
  /** It ended with `finalExitCode` and stays down; `sentence` is the last it said. */
  readonly onFinalExit?: (sentence: string) => void;
};

type Mode = "stopped" | "running" | "waiting" | "ended";

/** How long a dead process' last words may take to come through the pipe. */
const DRAIN_MAX_MS = 1_000;
const LAST_LINES_MAX = 20;

export class SupervisedProcess {
  readonly spec: ProcessSpec;
  readonly #events: ProcessEvents;
  readonly #logFile: LogFile;
  readonly #lastLines: string[] = [];
  #mode: Mode = "stopped";
  #child: ChildProcess | undefined;
  #identity: ProcessIdentity | undefined;
  /** Resolves when the last process' output is in the log. */
  #lastWords: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #restartIndex = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(spec: ProcessSpec, events: ProcessEvents) {
    this.spec = spec;
    this.#events = events;
    this.#logFile = new LogFile(spec.logPath);
  }

  get name(): string {
    return this.spec.name;
  }

  get identity(): ProcessIdentity | undefined {
    return this.#identity;
  }

  /** It will not run again by itself. */
  get isEnded(): boolean {
    return this.#mode === "ended";
  }

  /** The last lines of its log, for an error message. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  async start(): Promise<void> {
    if (this.#mode === "running") return;
    clearTimeout(this.#restartTimer);
    this.#mode = "running";
    try {
      await this.spec.prepare?.();
    } catch (error) {
      this.#events.log(`[${this.name}] ${(error as Error).message}`);
      return this.#startLater("could not be prepared");
    }
    // Somebody may have stopped it while it was being prepared.
    if ((this.#mode as Mode) === "running" && this.#child === undefined) this.#spawn();
  }

  /** Ends it: its stop signal, then SIGKILL to its whole group at the deadline. */
  async stop(): Promise<void> {
    this.#mode = "stopped";
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child?.pid === undefined) return;
    const gone = once(child, "exit");
    child.kill(this.spec.stopSignal);
    const deadline = setTimeout(() => {
      const seconds = this.spec.stopTimeoutMs / 1_000;
      this.#events.log(`[${this.name}] did not stop within ${seconds} s: killing it`);
      this.#signalGroup("SIGKILL");
    }, this.spec.stopTimeoutMs);
    await gone;
    clearTimeout(deadline);
    await this.#lastWords;
  }

  /** SIGKILL, and it stays down until `start`. Resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = this.untilGone();
    this.#signalGroup("SIGKILL");
    await gone;
  }

  /** Resolves when whatever was done to it has ended it; from now on it stays down until `start`. */
  async untilGone(): Promise<void> {
    this.#mode = "stopped";
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child?.pid === undefined) return;
    await once(child, "exit");
  }

  #spawn(): void {
    const { command, args, env, cwd, uid, gid, hasChannel = false } = this.spec;
    const child = spawn(command, args, {
      env,
      cwd,
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      // A group of its own: Ctrl-C reaches the supervisor alone, and the order of stopping is ours.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", ...(hasChannel ? (["ipc"] as const) : [])],
    });
    this.#child = child;
    this.#startedAt = performance.now();
    this.#identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    this.#capture(child, "stdout");
    this.#capture(child, "stderr");
    const closed = once(child, "close").catch(() => undefined);
    child.once("error", (error) => {
      if (child.pid !== undefined) return;
      this.#child = undefined;
      this.#startLater(`could not be started (${error.message})`);
    });
    child.once("exit", (code, signal) => {
      this.#signalGroup("SIGKILL");
      this.#child = undefined;
      this.#identity = undefined;
      const drained = Promise.race([closed, delay(DRAIN_MAX_MS, undefined, { ref: false })]);
      this.#lastWords = drained.then(() => this.#afterExit(code, signal));
    });
    this.#events.onChange(this.#identity);
  }

  #afterExit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#child === undefined) this.#events.onChange(undefined);
    if (this.#mode !== "running" || this.#child !== undefined) return;
    if (code !== null && code === this.spec.finalExitCode) {
      this.#mode = "ended";
      this.#events.onFinalExit?.(this.#lastLines.at(-1) ?? `exit code ${code}`);
      return;
    }
    this.#startLater(code === null ? `was ended by ${signal}` : `exited with code ${code}`);
  }

  #startLater(what: string): void {
    if (this.#mode !== "running") return;
    this.#mode = "waiting";
    const ranMs = performance.now() - this.#startedAt;
    const waitMs = restartDelayMs(this.#restartIndex);
    this.#restartIndex = nextRestartIndex(this.#restartIndex, ranMs);
    this.#events.log(`[${this.name}] ${what}; starting it again in ${waitMs / 1_000} s`);
    this.#restartTimer = setTimeout(() => void this.start(), waitMs);
  }

  #capture(child: ChildProcess, stream: "stdout" | "stderr"): void {
    const onChunk = createLineSplitter((line) => {
      const shown = this.spec.showLine(line, stream);
      this.#lastLines.push(shown ?? line);
      if (this.#lastLines.length > LAST_LINES_MAX) this.#lastLines.shift();
      if (shown !== undefined && this.#mode === "running") {
        this.#events.log(`[${this.name}] ${shown}`);
      }
    });
    child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#logFile.write(chunk);
      onChunk(chunk);
    });
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  }
}
