/** How much memory processes take, looked at again and again. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

const LOOK_MS = 1_000;
const KIB_PER_MIB = 1_024;

type Watched = { readonly name: string; readonly pid: () => number | null };
type MemorySample = { readonly atMs: number; readonly mib: number };

export class MemoryWatch {
  readonly #watched: readonly Watched[];
  readonly #samples = new Map<string, MemorySample[]>();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();

  constructor(watched: readonly Watched[], lookMs = LOOK_MS) {
    this.#watched = watched;
    this.#timer = setInterval(() => {
      this.#looking = this.#look();
    }, lookMs);
  }

  /** What each has taken so far, the resident part of it. */
  get samples(): ReadonlyMap<string, readonly MemorySample[]> {
    return this.#samples;
  }

  /** The most that one of them has taken. */
  peakMib(name: string): number {
    return Math.max(0, ...(this.#samples.get(name) ?? []).map(({ mib }) => mib));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const running = this.#watched.flatMap(({ name, pid }) => {
      const number = pid();
      return number === null ? [] : [{ name, number }];
    });
    if (running.length === 0) return;
    const pids = running.map(({ number }) => number).join(",");
    // One that has just ended makes ps fail, though it tells of the others.
    const { stdout } = await run("ps", ["-o", "pid=,rss=", "-p", pids]).catch(
      (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? "" }),
    );
    const atMs = performance.now();
    for (const line of stdout.trim().split("\n")) {
      const [pid, kib = 0] = line.trim().split(/\s+/).map(Number);
      const name = running.find(({ number }) => number === pid)?.name;
      if (name === undefined) continue;
      const samples = this.#samples.get(name) ?? [];
      samples.push({ atMs, mib: kib / KIB_PER_MIB });
      this.#samples.set(name, samples);
    }
  }
}
