/** A sweep by hand: asks for the release of every lapsed hold, and waits until all are decided. */
import { sweep } from "@seatline/shared/line/sweep.ts";
import type { SweepDeps } from "@seatline/shared/line/sweep.ts";

import type { LineMemory } from "./line-memory.ts";

/** How long the decisions are waited for; what is later still happens, uncounted. */
const DECISIONS_TIMEOUT_MS = 10_000;

export class ExpiryRun {
  readonly #deps: SweepDeps & { readonly memory: LineMemory };

  constructor(deps: SweepDeps & { readonly memory: LineMemory }) {
    this.#deps = deps;
  }

  /** How much was asked for, and how many holds and waits had indeed ended. Throws if Postgres is away. */
  async run(): Promise<{ requested: number; expired: number }> {
    const { waiters } = this.#deps.memory;
    const outcomes: Promise<boolean>[] = [];
    const { requested } = await sweep(this.#deps, ({ requestId }) => {
      const waiter = waiters.wait(requestId, DECISIONS_TIMEOUT_MS);
      if (waiter === null) return;
      outcomes.push(
        // Who asks for the end of a booking hears of its failure, if it has indeed ended.
        waiter.outcome.then((entry) => entry?.outcome.kind === "refused"),
      );
    });
    const expired = (await Promise.all(outcomes)).filter(Boolean).length;
    return { requested, expired };
  }
}
