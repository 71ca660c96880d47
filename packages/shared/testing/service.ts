/**
 * One of our services as a child process, for tests of the whole: started as in production, watched,
 * killed, frozen, started again. A service that ends without having been told to fails its test.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { waitUntil } from "./wait-until.ts";

import { call } from "./http.ts";
import type { Http } from "./http.ts";

export type ServiceName = "api-gateway" | "booking-worker" | "expiry-worker";

type ServiceOptions = {
  readonly name: ServiceName;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly http: Http;
  /** The checkout whose service it is; this one if nothing is said. */
  readonly root?: string;
  /** Hears every line of its log. */
  readonly onLine?: (line: string) => void;
};

/** A process that cannot be ready by then never will be. */
const READY_MAX_MS = 30_000;
const STOP_MAX_MS = 12_000;
const LOG_LINES_SHOWN = 25;

export class Service {
  readonly name: ServiceName;
  readonly url: string;
  readonly #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #lines: string[] = [];
  #isLeft = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.name = options.name;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  /** Whatever it has printed since the last start. */
  get log(): string {
    return this.#lines.join("\n");
  }

  /** Null before it was started, and when it has ended. */
  get pid(): number | null {
    return this.isRunning ? (this.#child?.pid ?? null) : null;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && hasNotEnded(this.#child);
  }

  /** Starts it, again if it was stopped or killed; on the same port, without waiting for readiness. */
  launch(): void {
    const { name, port, env, root = "." } = this.#options;
    const portName = name === "api-gateway" ? "PORT" : "HEALTH_PORT";
    this.#lines = [];
    this.#isLeft = false;
    // The channel ends the child when this process dies; nothing is ever sent over it.
    const child = spawn(process.execPath, [join(root, `services/${name}/src/main.ts`)], {
      env: { PATH: process.env["PATH"], ...env, [portName]: String(port) },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on("line", (line) => {
        this.#lines.push(line);
        this.#options.onLine?.(line);
      });
    }
    this.#child = child;
  }

  async start(): Promise<void> {
    this.launch();
    await this.untilReady();
  }

  async untilReady(deadlineMs = READY_MAX_MS): Promise<void> {
    await waitUntil(
      `${this.name} is ready`,
      async () => {
        this.#expectRunning();
        return (await this.#ready()) === 200;
      },
      deadlineMs,
    );
  }

  async untilNotReady(): Promise<void> {
    await waitUntil(`${this.name} is not ready`, async () => (await this.#ready()) === 503);
  }

  async untilLogged(text: string): Promise<void> {
    await waitUntil(`${this.name} logs: ${text}`, () => this.log.includes(text));
  }

  /** SIGKILL: what a crash or a power cut looks like to the others. */
  async kill(): Promise<void> {
    this.#isLeft = true;
    this.#child?.kill("SIGKILL");
    await this.#ended();
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    this.#isLeft = true;
    this.#child?.kill("SIGTERM");
    return this.#ended();
  }

  /** Waits for it to end by itself, and gives the exit code. */
  async untilEnded(): Promise<number | null> {
    this.#isLeft = true;
    return this.#ended();
  }

  /** The process stands still, its connections stay open. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  wake(): void {
    this.#child?.kill("SIGCONT");
  }

  /** At the end of a file: says what is wrong with how this service went, or nothing. */
  async close(): Promise<string | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (!hasNotEnded(child)) {
      return this.#isLeft
        ? null
        : `${this.name} ended by itself (${child.exitCode})${this.#tail()}`;
    }
    this.wake();
    const cutOff = setTimeout(() => child.kill("SIGKILL"), STOP_MAX_MS);
    const code = await this.stop();
    clearTimeout(cutOff);
    return code === 0 ? null : `${this.name} did not stop cleanly (${code})${this.#tail()}`;
  }

  async #ready(): Promise<number> {
    try {
      return (await call(this.#options.http, `${this.url}/health/ready`)).status;
    } catch {
      return 0;
    }
  }

  async #ended(): Promise<number | null> {
    const child = this.#child;
    if (child !== undefined && hasNotEnded(child)) {
      await once(child, "exit", { signal: AbortSignal.timeout(READY_MAX_MS) });
    }
    return child?.exitCode ?? null;
  }

  #expectRunning(): void {
    if (this.isRunning) return;
    this.#isLeft = true;
    throw new Error(`${this.name} ended instead of starting${this.#tail()}`);
  }

  #tail(): string {
    return `, its last lines:\n${this.#lines.slice(-LOG_LINES_SHOWN).join("\n")}`;
  }
}

function hasNotEnded(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
