/**
 * One small booking after the other in every partition, on shows that never sell out: what becomes of them says
 * when the line stood, and when it went on.
 */
import { randomUUID } from "node:crypto";

import { longestGap } from "@seatline/shared/testing/figures.ts";

import type { Recorder } from "./recorder.ts";

type Answered = { readonly askedAt: number; readonly heardAt: number };

const PROBE_MS = 200;
const WAIT_S = 5;

export class Probes {
  readonly #recorder: () => Recorder;
  readonly #showIds: readonly string[];
  /** By show, what was decided. */
  readonly #answered: readonly Answered[][];
  readonly #open = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  /** A show of each partition; who is asked is somebody else each time. */
  constructor(showIds: readonly string[], recorder: () => Recorder) {
    this.#showIds = showIds;
    this.#recorder = recorder;
    this.#answered = showIds.map(() => []);
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const index of this.#showIds.keys()) {
        const probe = this.#probe(index).finally(() => this.#open.delete(probe));
        this.#open.add(probe);
      }
    }, PROBE_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  /** When the last partition decided something that was asked after a moment; null while one has not. */
  hasGoneOn(sinceMs: number): number | null {
    const firsts = this.#answered.map(
      (all) => all.find(({ askedAt }) => askedAt >= sinceMs)?.heardAt ?? null,
    );
    return firsts.reduce<number | null>(
      (last, at) => (last === null || at === null ? null : Math.max(last, at)),
      sinceMs,
    );
  }

  /** The longest time for which clients of some partition heard of no decision, in milliseconds. */
  get longestStallMs(): number {
    const gaps = this.#answered.map((all) => longestGap(all.map(({ heardAt }) => heardAt)) ?? 0);
    return Math.max(0, ...gaps);
  }

  /** Never rejects: an answer that does not come is written down by the recorder. */
  async #probe(index: number): Promise<void> {
    const showId = this.#showIds[index] ?? "";
    const askedAt = performance.now();
    const ask = { key: randomUUID(), waitS: WAIT_S };
    const heard = await this.#recorder().book({ showId, count: 1 }, ask);
    if (heard?.kind !== "booking") return;
    this.#answered[index]?.push({ askedAt, heardAt: performance.now() });
  }
}
