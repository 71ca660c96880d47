/** Keeps an eye on the services while they are fuzzed: their memory, whether they live, what they log. */
import { readFileSync } from "node:fs";

import type { FuzzTarget } from "./target.ts";

type Sample = { readonly bytes: number };

const SAMPLE_MS = 1_000;
const ERRORS = ["error", "fatal"];
/** More than any service needs, whatever it is sent, with the garbage that Node lets lie on a machine with room. */
const BYTES_MAX = 1.5 * 1024 ** 3;
/**
 * From the second fifth of a run to its last, the median may grow by so much. What is kept of each request is
 * more than that in a run of a million, if it has a kilobyte; caches are filled and garbage is let lie below it.
 */
const GROWTH_MAX = 1.5;
const GROWTH_FREE_BYTES = 100 * 1024 ** 2;
const SAMPLES_JUDGED_MIN = 50;
/** What poison is told with, and what is behind a deliberate 503. */
const EXPECTED = ["parked a dead letter", "Postgres cannot store this batch", "READ_REFUSED"];

export class Watch {
  readonly #target: Pick<FuzzTarget, "processes" | "readLogs">;
  readonly #pids: ReadonlyMap<string, number | null>;
  readonly #samples = new Map<string, Sample[]>();
  readonly #errors: string[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(target: Pick<FuzzTarget, "processes" | "readLogs">) {
    this.#target = target;
    this.#pids = new Map(target.processes().map(({ name, pid }) => [name, pid]));
    target.readLogs();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** Everything that is wrong with how they did; ends the watch. */
  close(): string[] {
    clearInterval(this.#timer);
    const ended = this.#target
      .processes()
      .filter(({ name, pid }) => pid === null || pid !== this.#pids.get(name))
      .map(({ name }) => `${name} ended, or was started again`);
    const grown = [...this.#samples].flatMap(([name, samples]) => {
      const fault = findMemoryFault(samples);
      return fault === null ? [] : [`${name} ${fault}`];
    });
    this.#readErrors();
    return [...ended, ...grown, ...this.#errors];
  }

  describe(): string[] {
    return [...this.#samples].map(([name, samples]) => {
      const bytes = samples.map(({ bytes }) => bytes);
      const { early, late } = mediansOf(samples);
      return `  ${name.padEnd(18)}RSS at first ${mega(bytes[0] ?? 0)}, second fifth ${mega(early)}, last fifth ${mega(late)}, at most ${mega(Math.max(...bytes))}`;
    });
  }

  #sample(): void {
    this.#readErrors();
    for (const { name, pid } of this.#target.processes()) {
      const bytes = pid === null ? null : readRss(pid);
      if (bytes === null) continue;
      const samples = this.#samples.get(name) ?? [];
      samples.push({ bytes });
      this.#samples.set(name, samples);
    }
  }

  #readErrors(): void {
    for (const line of this.#target.readLogs()) {
      const { level, service } = parseLine(line);
      const isFine = !ERRORS.includes(level) || EXPECTED.some((text) => line.includes(text));
      if (!isFine) this.#errors.push(`${service} logged: ${line.slice(0, 600)}`);
    }
  }
}

/** What is wrong with the memory that a process had, as the words that follow its name; null for nothing. */
export function findMemoryFault(samples: readonly Sample[]): string | null {
  const most = samples.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  if (most > BYTES_MAX) return `had ${mega(most)}`;
  if (samples.length < SAMPLES_JUDGED_MIN) return null;
  const { early, late } = mediansOf(samples);
  return late > early * GROWTH_MAX + GROWTH_FREE_BYTES
    ? `grew from ${mega(early)} to ${mega(late)}`
    : null;
}

function mediansOf(samples: readonly Sample[]): { early: number; late: number } {
  const fifth = Math.floor(samples.length / 5);
  return {
    early: medianOf(samples.slice(fifth, 2 * fifth)),
    late: medianOf(samples.slice(4 * fifth)),
  };
}

function medianOf(samples: readonly Sample[]): number {
  const sorted = samples.map(({ bytes }) => bytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Null where the process is gone, or the system has no /proc. */
function readRss(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

function parseLine(line: string): { level: string; service: string } {
  try {
    const { level = "", service = "" } = JSON.parse(line) as Record<string, string>;
    return { level, service };
  } catch {
    return { level: "", service: "" };
  }
}

function mega(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
